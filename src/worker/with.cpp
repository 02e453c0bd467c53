#include "concur/worker/with.hpp"

#include "concur/worker/options.hpp"

namespace concur::detail {
void check_call_options(const CallOptions& options) {
    check_settings({.when_full = options.when_full,
                    .num_retries = options.num_retries,
                    .call_timeout = options.call_timeout,
                    .attempt_timeout = options.attempt_timeout});
}

std::uint64_t hash_of_text(std::string_view key) noexcept {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return hash;
}

std::uint64_t hash_of_number(std::uint64_t key) noexcept {
    key += 0x9e3779b97f4a7c15;
    key = (key ^ (key >> 30)) * 0xbf58476d1ce4e5b9;
    key = (key ^ (key >> 27)) * 0x94d049bb133111eb;
    return key ^ (key >> 31);
}

CallHandle CallHandle::with_options(const CallOptions& options) const {
    check_call_options(options);
    CallOptions merged = options_;
    if (options.when_full) merged.when_full = options.when_full;
    if (options.num_retries) merged.num_retries = options.num_retries;
    if (options.call_timeout) merged.call_timeout = options.call_timeout;
    if (options.attempt_timeout) merged.attempt_timeout = options.attempt_timeout;
    static_cast<void>(worker_.get());
    return {worker_, merged, key_};
}

}  // namespace concur::detail

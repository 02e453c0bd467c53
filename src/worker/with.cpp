#include "concur/worker/with.hpp"

#include <fmt/format.h>

#include "concur/core/errors.hpp"

namespace concur::detail {
namespace {

void check_retries(int retries) {
    if (retries < 0)
        throw ConfigError("num_retries", fmt::format("{} is not allowed; 0 or more, or concur::unlimited", retries));
    if (retries > 0)
        throw ConfigError("num_retries", fmt::format("{} is not available in this version of concur; 0", retries));
}

void check_timeout(const char* option, Duration time) {
    const double seconds = static_cast<double>(time.count()) / 1e9;
    if (time.is_nan()) throw ConfigError(option, "not a number is not allowed; more than 0");
    if (time <= Duration()) throw ConfigError(option, fmt::format("{} s is not allowed; more than 0", seconds));
    if (time != never)
        throw ConfigError(option,
                          fmt::format("{} s is not available in this version of concur; concur::never", seconds));
}

}  // namespace

void check_call_options(const CallOptions& options) {
    if (options.when_full && *options.when_full > WhenFull::drop_oldest)
        throw ConfigError("when_full", fmt::format("{} is not allowed; wait, reject or drop_oldest",
                                                   static_cast<int>(*options.when_full)));
    if (options.num_retries) check_retries(*options.num_retries);
    if (options.call_timeout) check_timeout("call_timeout", *options.call_timeout);
    if (options.attempt_timeout) check_timeout("attempt_timeout", *options.attempt_timeout);
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

/// Options of single calls: what `with({...})` and `with_key(k)` set for the calls made through the handle they return.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

#include "concur/backend/backend.hpp"
#include "concur/backend/call_options.hpp"
#include "concur/core/duration.hpp"
#include "concur/core/refused.hpp"

namespace concur {

namespace detail {

/// Throws ConfigError for a value that is not allowed.
void check_call_options(const CallOptions& options);

// FNV-1a for text, the finaliser of SplitMix64 for numbers: every bit of the key reaches every bit of the hash, and
// equal keys have equal hashes in every process and on every machine.
[[nodiscard]] std::uint64_t hash_of_text(std::string_view key) noexcept;
[[nodiscard]] std::uint64_t hash_of_number(std::uint64_t key) noexcept;

template <class K>
[[nodiscard]] std::uint64_t hash_of_key(const K& key) {
    if constexpr (std::is_enum_v<K>) {
        return hash_of_number(static_cast<std::uint64_t>(static_cast<std::underlying_type_t<K>>(key)));
    } else if constexpr (std::is_integral_v<K>) {
        return hash_of_number(static_cast<std::uint64_t>(key));
    } else if constexpr (std::is_convertible_v<const K&, std::string_view>) {
        return hash_of_text(key);
    } else {
        static_assert(accepted<Given<K>>, "concur: a key is an integer, an enum or text; pass one of these");
        return 0;
    }
}

/// A handle that only makes calls, with options of their own. Owns the worker as a copy of its proxy does; made and
/// copied without an allocation.
class CallHandle {
public:
    CallHandle(WorkerHandle worker, const CallOptions& options, std::optional<std::uint64_t> key) noexcept
        : worker_{std::move(worker)}, options_{options}, key_{key} {}

protected:
    [[nodiscard]] const WorkerHandle& worker() const noexcept { return worker_; }
    /// Where calls go, and with which options.
    [[nodiscard]] Addressee addressee() const { return {worker_.get(), &options_}; }
    [[nodiscard]] CallHandle with_options(const CallOptions& options) const;
    [[nodiscard]] CallHandle with_hash(std::uint64_t key) const { return {worker_, options_, key}; }

private:
    WorkerHandle worker_;
    CallOptions options_;
    std::optional<std::uint64_t> key_;
};

}  // namespace detail
}  // namespace concur

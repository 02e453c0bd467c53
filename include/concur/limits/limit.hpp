/// What may be limited: permits, rates and calls, as values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "concur/core/duration.hpp"
#include "concur/core/enum_names.hpp"

namespace concur {

/// How a rate counts.
///
///     sliding_window   at most the capacity in every window, wherever it begins; remembers each grant
///     token_bucket     saves up to `burst`, fills evenly
///     gcra             the same kernel as token_bucket, under the name of telecommunication
///     leaky_bucket     the same kernel; with `pace` nothing is saved, and grants keep their distance
///     fixed_window     a count that begins anew with each window; up to twice the capacity across a border
///
/// All are exact: integers only, no drift, waits rounded up to the nanosecond. sliding_window remembers up to 4096
/// times; above that it counts grants of the same 2048th of a window as made at the last one's time.
enum class RateAlgorithm : unsigned char { sliding_window, token_bucket, gcra, leaky_bucket, fixed_window };

namespace detail {

template <>
inline constexpr EnumName<RateAlgorithm> enum_names<RateAlgorithm>[] = {
    {"sliding_window", RateAlgorithm::sliding_window},
    {"token_bucket", RateAlgorithm::token_bucket},
    {"gcra", RateAlgorithm::gcra},
    {"leaky_bucket", RateAlgorithm::leaky_bucket},
    {"fixed_window", RateAlgorithm::fixed_window},
};

}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(RateAlgorithm algorithm) noexcept {
    return detail::name_of_value(algorithm);
}

// Windows by name.
inline constexpr Duration secondly = std::chrono::seconds(1);
inline constexpr Duration minutely = std::chrono::minutes(1);
inline constexpr Duration hourly = std::chrono::hours(1);
inline constexpr Duration daily = std::chrono::hours(24);
inline constexpr Duration weekly = std::chrono::hours(168);

/// The finer points of a rate.
struct RateOptions {
    /// What token_bucket, gcra and leaky_bucket save up; 0 stands for the capacity.
    double burst = 0;
    /// leaky_bucket only: grants are at least window/capacity apart, times their amount.
    bool pace = false;
};

/// One limit of a LimitSet: a value that describes it, made as one of the three below.
///
/// Capacities are rounded to the nearest 0.001, up to 4e15. ConfigError for 0 or less, for NaN and for more, for a
/// window that is not positive, and for options that the algorithm does not know.
class Limit {
public:
    enum class Kind : unsigned char { resource, rate, calls };

    [[nodiscard]] const std::string& key() const noexcept { return key_; }
    [[nodiscard]] Kind kind() const noexcept { return kind_; }
    [[nodiscard]] double capacity() const noexcept;
    /// What a request may ask for at most: the burst of a bucket, the capacity of all others.
    [[nodiscard]] double most() const noexcept;
    /// Zero for a resource.
    [[nodiscard]] Duration window() const noexcept { return window_; }
    [[nodiscard]] RateAlgorithm algorithm() const noexcept { return algorithm_; }
    [[nodiscard]] bool pace() const noexcept { return pace_; }
    /// Whether a CallLimit counts every attempt of a call.
    [[nodiscard]] bool counts_attempts() const noexcept { return per_attempt_; }

protected:
    Limit(std::string key, double capacity);
    Limit(Kind kind, std::string key, double capacity, Duration window, RateAlgorithm algorithm, RateOptions options);

    bool per_attempt_ = false;

private:
    std::string key_;
    std::int64_t capacity_ = 0;  // thousandths, as the next
    std::int64_t burst_ = 0;
    Duration window_;
    Kind kind_ = Kind::resource;
    RateAlgorithm algorithm_ = RateAlgorithm::sliding_window;
    bool pace_ = false;
};

/// `capacity` permits, given back when they are released: connections, slots, megabytes.
class ResourceLimit : public Limit {
public:
    ResourceLimit(std::string key, double capacity) : Limit(std::move(key), capacity) {}
};

/// `capacity` per `window`, used up: requests, rows, tokens.
class RateLimit : public Limit {
public:
    RateLimit(std::string key, double capacity, Duration window,
              RateAlgorithm algorithm = RateAlgorithm::sliding_window, RateOptions options = {})
        : Limit(Kind::rate, std::move(key), capacity, window, algorithm, options) {}
};

/// `capacity` calls per `window`: a rate with the key "calls" that a worker charges by itself, 1 for each call that
/// starts.
class CallLimit : public Limit {
public:
    CallLimit(double capacity, Duration window, RateAlgorithm algorithm = RateAlgorithm::sliding_window,
              RateOptions options = {})
        : Limit(Kind::calls, "calls", capacity, window, algorithm, options) {}

    /// Counts every attempt of a call, not only the first one.
    [[nodiscard]] CallLimit per_attempt() const {
        CallLimit limit = *this;
        limit.per_attempt_ = true;
        return limit;
    }
};

namespace detail {

/// What the CallLimit of a set counts.
enum class CountedCalls : unsigned char { none, calls, attempts };

}  // namespace detail

/// What a limit has done so far. Amounts are in the limit's own units, counts in requests.
struct LimitStats {
    double capacity = 0;
    /// Held permits; of a rate, what is not available now.
    double in_use = 0;
    double available = 0;
    /// Requests that wait now.
    int waiting = 0;
    std::uint64_t granted = 0;
    /// By try_acquire, and by a pool that then spilled or waited.
    std::uint64_t refused = 0;
    /// Whose time was over, of their own or of the call that they belong to; and those that a cancel or a stop ended.
    std::uint64_t timeouts = 0;
    std::uint64_t cancelled = 0;
    /// Amounts that `update` gave back, and that it found to be used beyond what was reserved.
    double refunded = 0;
    double debt = 0;
    /// Acquisitions of a rate that went without an `update`.
    std::uint64_t unreported = 0;
    /// Of all requests that were granted, together.
    Duration wait_time;
};

}  // namespace concur

template <>
struct fmt::formatter<concur::RateAlgorithm> : concur::detail::EnumFormatter<concur::RateAlgorithm> {};

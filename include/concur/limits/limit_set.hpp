/// `LimitSet`: limits that several threads, calls and workers share.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "concur/core/clock.hpp"
#include "concur/core/errors.hpp"
#include "concur/core/mode.hpp"
#include "concur/core/stop_token.hpp"
#include "concur/limits/acquisition.hpp"
#include "concur/limits/limit.hpp"
#include "concur/limits/limit_requests.hpp"

namespace concur {

template <class T>
class Future;

/// What a request for a key that the set does not have is.
enum class UnknownKeys : unsigned char {
    error,  ///< UnknownLimitError
    skip,   ///< granted as if it were not named, with one warning
};

struct LimitSetOptions {
    /// Windows and waits are on it; wall time plays no part.
    TimeSource clock{};
    /// Mode::process: shared by processes, which this version does not have yet (ConfigError).
    Mode shared = Mode::thread;
    /// Yours; `Acquisition::tag` and `data` return them.
    std::string tag{};
    std::int64_t data = 0;
    UnknownKeys unknown_keys = UnknownKeys::error;
};

/// Up to 64 limits, acquired together or not at all. A handle: copies share one state. All members may be called by any
/// thread.
///
/// Fair: first come, first served for each key. Nobody overtakes, `try_acquire` included, so that a large request is
/// not starved by small ones; requests without a common key do not wait for each other. A wait blocks the thread, or
/// none with `async_acquire`; nothing polls.
///
///     concur::LimitSet api({concur::ResourceLimit("connections", 4), concur::RateLimit("tokens", 100'000, 1min)});
///     auto held = api.acquire({{"connections", 1}, {"tokens", 2000}});
///
/// Errors: ConfigError at construction for no or too many limits, a key that comes twice, and limits shared by
/// processes. ForkedHandleError in the child of a fork.
class LimitSet {
public:
    LimitSet(std::initializer_list<Limit> limits, LimitSetOptions options = {});
    explicit LimitSet(const std::vector<Limit>& limits, LimitSetOptions options = {});
    LimitSet(const LimitSet& other) noexcept;
    LimitSet(LimitSet&& other) noexcept : core_{std::exchange(other.core_, nullptr)} {}
    LimitSet& operator=(LimitSet other) noexcept {
        std::swap(core_, other.core_);
        return *this;
    }
    ~LimitSet();

    /// Waits until all that is requested can be granted.
    ///
    /// With a time or a deadline (on the set's clock) LimitTimeoutError comes after it; 0 and less never wait. With a
    /// token, CancelledError as soon as a stop is requested. Nothing requested is granted at once.
    ///
    /// Errors: UnknownLimitError; LimitUnsatisfiableError for more than the capacity; ConfigError for a negative
    /// amount, NaN, and a NaN time; LimitDeadlockError if all that could give back what is missing waits in this set.
    [[nodiscard]] Acquisition acquire(const LimitRequests& requested);
    [[nodiscard]] Acquisition acquire(const LimitRequests& requested, Duration timeout);
    [[nodiscard]] Acquisition acquire(const LimitRequests& requested, std::chrono::steady_clock::time_point deadline);
    [[nodiscard]] Acquisition acquire(const LimitRequests& requested, const StopToken& stop);

    /// Never waits. "Not now" is an acquisition that is not `acquired()` and changes nothing. Errors as in `acquire`.
    [[nodiscard]] Acquisition try_acquire(const LimitRequests& requested);

    /// The same as a future: no thread waits. Cancelling it leaves the queue. Errors of the request are thrown at once.
    [[nodiscard]] Future<Acquisition> async_acquire(const LimitRequests& requested);

    /// How long until this could be granted, if nobody else came and nobody gave anything back: zero, the time until
    /// the rates have room, or `never` while others hold the permits. Errors as in `acquire`.
    [[nodiscard]] Duration estimate(const LimitRequests& requested) const;

    /// Changes a limit while it is in use. What was granted stays granted; who can go now goes. Requests in the queue
    /// that are larger than the new capacity wait until it is raised again, or for their time-out.
    ///
    /// A bucket whose burst was its capacity keeps it so; another burst stays. UnknownLimitError, ConfigError.
    void reconfigure(std::string_view key, double capacity, std::optional<Duration> window = std::nullopt);

    /// UnknownLimitError.
    [[nodiscard]] LimitStats stats(std::string_view key) const;
    /// All, in the order in which the limits were given.
    [[nodiscard]] std::vector<std::pair<std::string, LimitStats>> stats() const;

    [[nodiscard]] std::string_view tag() const noexcept;
    [[nodiscard]] std::int64_t data() const noexcept;

    friend bool operator==(const LimitSet& a, const LimitSet& b) noexcept { return a.core_ == b.core_; }

    // For the library.
    explicit LimitSet(detail::LimitCore& core) noexcept;
    [[nodiscard]] detail::LimitCore& core() const;

private:
    detail::LimitCore* core_;  // null: moved from
};

}  // namespace concur

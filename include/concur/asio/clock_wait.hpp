/// Waits of coroutines with a time.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/wait_traits.hpp>
#include <chrono>
#include <concepts>
#include <utility>

#include "concur/asio/async_result.hpp"
#include "concur/core/clock.hpp"
#include "concur/future/promise.hpp"

namespace concur {
namespace detail {

/// A future that is done when a clock has come to an instant, or this object goes.
class ClockAlarm {
public:
    ClockAlarm(Clock& clock, TimePoint when);
    ClockAlarm(const ClockAlarm&) = delete;
    ClockAlarm& operator=(const ClockAlarm&) = delete;
    ~ClockAlarm();

    [[nodiscard]] Future<void> future() const;

private:
    class Ring;

    IntrusivePtr<Clock> clock_;
    IntrusivePtr<Ring> ring_;
};

/// On the steady clock by a timer of the coroutine's executor, on another one by a timer of that clock;
/// operation_aborted when it is cancelled.
template <class Executor>
net::awaitable<void, Executor> async_wait_until(Clock& clock, TimePoint when) {
    if (&clock == &steady_clock()) {
        const Executor executor = co_await net::this_coro::executor;
        using SteadyClock = std::chrono::steady_clock;
        net::basic_waitable_timer<SteadyClock, net::wait_traits<SteadyClock>, Executor> timer(executor, when);
        auto end = timer.async_wait(net::deferred);
        co_await std::move(end);
    } else {
        const ClockAlarm alarm(clock, when);
        auto end = await_result<void, Executor>(alarm.future(), false);
        co_await std::move(end);
    }
}

}  // namespace detail

/// Where a coroutine waits: the steady clock, or a `testing::ManualClock`. Refers to that clock, for options that are
/// written inside a `co_await` expression.
class ClockReference {
public:
    ClockReference() noexcept : clock_{&detail::steady_clock()} {}
    template <class Source>
        requires std::convertible_to<const Source&, TimeSource> ClockReference(const Source& source)
            : clock_{&static_cast<TimeSource>(source).get()} {}

        [[nodiscard]] TimeSource source() const { return TimeSource(detail::IntrusivePtr(clock_)); }

    private:
        detail::Clock* clock_;
};

}  // namespace concur

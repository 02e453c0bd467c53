/// `ManualClock`: time that moves only when a test says so.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>

#include "concur/core/clock.hpp"
#include "concur/core/errors.hpp"

namespace concur {
namespace detail {
class ManualTime;
}

namespace testing {

/// `run_until` cannot come to an end: nothing moves, and no timer is left that could change that.
class NoProgressError : public Error {
public:
    using Error::Error;
};

struct ManualClockOptions {
    /// What random waits follow from: the same seed, the same waits.
    std::uint64_t seed = 0;
};

/// A clock for workers (`.clock(clock)`, in the modes whose objects live in this process) that stands still until it is
/// moved. All waits of such workers with a time are on it: of their methods (`StopToken::wait_for`), of callers
/// (`result(timeout)`, `wait`, `gather`, `drain`), of `init` and `stop`.
///
/// It is moved by the members below, and by every wait of a thread that is no worker: `result()` goes from timer to
/// timer until the result is there. Before each step it *settles*: waits, in real time, until no worker on this clock
/// can move without it. A method that computes, sleeps by itself or waits for something outside of the library is
/// moving, and so is a call whose input is an unfinished call of a worker on real time. Timers due at the same instant
/// go off in the order they were set, each after what the one before it caused.
///
/// All members may be called by any thread; steps of several threads follow each other. Workers keep the time alive
/// after the clock is gone. The time of several clocks is independent. Random waits on
/// it follow from its seed, so that a test sees the same ones in each run.
///
///     concur::testing::ManualClock clock;
///     auto worker = concur::Worker<Job>::options().clock(clock).init();
///     auto result = worker.call<&Job::wait_an_hour>();
///     clock.advance(59min);                             // !result.done()
///     clock.advance(1min);                              //  result.done()
class ManualClock {
public:
    ManualClock();
    explicit ManualClock(ManualClockOptions options);
    ManualClock(const ManualClock&) = delete;
    ManualClock& operator=(const ManualClock&) = delete;
    ~ManualClock();

    /// For `.clock(...)`.
    operator TimeSource() const;

    /// Goes on by `time`, from one timer to the next, and settles after each. ConfigError for a negative time. In the
    /// child of a fork this and the others throw ForkedHandleError.
    void advance(Duration time);
    /// Goes on to the next instant for which a timer is set, and settles; false if there is none.
    bool advance_to_next();
    /// Goes on to the next instants until `predicate()` is true, and not further: it is asked when all is settled, on
    /// this thread. NoProgressError when no timer is left.
    template <std::predicate Predicate>
    void run_until(Predicate predicate) {
        if (predicate()) return;
        for (settle(); !predicate();)
            if (!advance_to_next()) throw_no_progress();
    }
    /// Waits until no worker on this clock can move without time. Time stands still meanwhile.
    void settle();

    /// How far the clock has been moved since it was made.
    [[nodiscard]] Duration elapsed() const;
    /// Comparable with `CallContext::deadline` and `Failure::time` of workers on this clock. Starts at the steady
    /// clock's time.
    [[nodiscard]] std::chrono::steady_clock::time_point now() const;

private:
    [[noreturn]] static void throw_no_progress();

    detail::IntrusivePtr<detail::ManualTime> time_;
};

}  // namespace testing
}  // namespace concur

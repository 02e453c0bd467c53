/// The one way in which the library tells the time and blocks a thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "concur/core/duration.hpp"
#include "concur/core/intrusive_ptr.hpp"

namespace concur::detail {

class CallHost;

using TimePoint = std::chrono::steady_clock::time_point;

/// The deadline of a wait that has none.
inline constexpr TimePoint no_deadline = TimePoint::max();

/// `start + time`, saturating at `no_deadline`; a time below zero counts as zero.
[[nodiscard]] constexpr TimePoint deadline_after(TimePoint start, Duration time) noexcept {
    const Duration end = Duration(start.time_since_epoch()) + (time < Duration() ? Duration() : time);
    return end == never ? no_deadline : TimePoint(end.nanoseconds());
}

/// A word that threads sleep on until somebody changes it.
using ParkingWord = std::atomic<std::uint32_t>;

/// Wakes the threads that are parked on `word`. Change the word first.
void wake_one(ParkingWord& word) noexcept;
void wake_all(ParkingWord& word) noexcept;

/// Something to be done at a point in time. Counts its references; runs on a thread of the runtime.
class Timer {
public:
    virtual void expired() noexcept = 0;

    void add_ref() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }

protected:
    virtual ~Timer() = default;

private:
    std::atomic<std::uint32_t> references_{0};
};

/// Where time comes from, and where threads wait. Every blocking wait of the library is a `park`, every delayed action
/// a `schedule`, so a clock that a test drives controls all of them.
///
/// Such a clock also has to know when nothing can move without time. So whatever moves on behalf of a worker is an
/// `Activity` on the worker's clock while it does: its thread, a call in its caller, a task that the runtime has for
/// it. The steady clock is not interested. docs/design/manual_clock.md
class Clock {
public:
    /// Kept alive by its workers, their calls and stop tokens.
    virtual void add_ref() noexcept {}
    virtual void release() noexcept {}

    [[nodiscard]] virtual TimePoint now() const noexcept = 0;

    /// Blocks the calling thread while `word` holds `expected`, until it is woken or `deadline` is over. May return
    /// early for no reason: the caller looks again. A word that has changed already does not block.
    virtual void park(ParkingWord& word, std::uint32_t expected, TimePoint deadline = no_deadline) noexcept = 0;

    /// Calls `timer.expired()` once, at `when` or as soon as possible after it.
    virtual void schedule(IntrusivePtr<Timer> timer, TimePoint when) = 0;

    /// Forgets a timer that has not expired yet. One that is expiring is not waited for.
    virtual void unschedule(Timer& timer) noexcept = 0;

    /// What chance on a clock depends on whose runs repeat, and nothing else.
    struct Enrolment {
        std::uint64_t seed;
        /// Of who enrolled, from 1 and in the order in which that happened.
        std::uint64_t number;
    };
    /// Gives a number to somebody who makes random decisions on this clock. Nothing where runs do not repeat.
    [[nodiscard]] virtual std::optional<Enrolment> enroll() noexcept { return std::nullopt; }

    /// Whether the calls below do anything.
    [[nodiscard]] virtual bool counts_activities() const noexcept { return false; }
    virtual void activity_began() noexcept {}
    virtual void activity_ended() noexcept {}
    /// A worker on this clock, which may hold calls that wait for what happens elsewhere.
    virtual void add_host(CallHost&) {}
    /// When it returns, nobody looks at the host any more.
    virtual void remove_host(CallHost&) noexcept {}
    /// A call that a host held is held no more.
    virtual void held_call_left() noexcept {}

protected:
    ~Clock() = default;
};

/// The steady clock of the machine.
[[nodiscard]] Clock& steady_clock() noexcept;

/// Something that moves on a clock without needing time. Made where it is begun, and handed to where it goes on.
class Activity {
public:
    explicit Activity(Clock& clock) noexcept : clock_{&clock} { clock_->activity_began(); }
    Activity(Activity&& other) noexcept = default;
    Activity& operator=(Activity&&) = delete;
    ~Activity() {
        if (clock_) clock_->activity_ended();
    }

    [[nodiscard]] Clock& clock() const noexcept { return *clock_; }

private:
    IntrusivePtr<Clock> clock_;
};

/// While alive, the calling thread carries on an activity, which rests whenever the thread parks on a clock that counts
/// them. A thread may carry on several, one in the other.
class ActiveThread {
public:
    explicit ActiveThread(const Activity& activity) noexcept
        : clock_{activity.clock()}, outer_{std::exchange(innermost_, this)} {}
    ~ActiveThread() { innermost_ = outer_; }
    ActiveThread(const ActiveThread&) = delete;
    ActiveThread& operator=(const ActiveThread&) = delete;

    [[nodiscard]] static ActiveThread* innermost() noexcept { return innermost_; }
    [[nodiscard]] ActiveThread* outer() const noexcept { return outer_; }
    [[nodiscard]] Clock& clock() const noexcept { return clock_; }

private:
    static constinit thread_local ActiveThread* innermost_;

    Clock& clock_;
    ActiveThread* outer_;
};

/// Is told of each wake-up, on the thread that wakes: threads that wait on a clock of their own sleep elsewhere than in
/// the system's place for that word.
class WakeListener {
public:
    virtual void woken(ParkingWord& word, bool all) noexcept = 0;

protected:
    ~WakeListener() = default;
};

/// From now on; may be called again with the same listener, which must live for ever.
void listen_to_wake_ups(WakeListener& listener) noexcept;

/// Whether there has ever been a clock that counts activities. A program without need not look for one in a million
/// states.
[[nodiscard]] bool counting_clocks_exist() noexcept;

}  // namespace concur::detail

namespace concur {

/// Where the time of a worker comes from: the steady clock, or a `testing::ManualClock`, which converts to this.
class TimeSource {
public:
    /// The steady clock.
    TimeSource() noexcept : clock_{&detail::steady_clock()} {}
    explicit TimeSource(detail::IntrusivePtr<detail::Clock> clock) noexcept : clock_{std::move(clock)} {}
    // Copied where others are moved: there is no time source without a clock.
    TimeSource(const TimeSource&) noexcept = default;
    TimeSource& operator=(const TimeSource&) noexcept = default;

    [[nodiscard]] bool is_manual() const noexcept { return clock_->counts_activities(); }

    // For the library.
    [[nodiscard]] detail::Clock& get() const noexcept { return *clock_; }

private:
    detail::IntrusivePtr<detail::Clock> clock_;
};

}  // namespace concur

/// The one way in which the library tells the time and blocks a thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "concur/core/duration.hpp"
#include "concur/core/intrusive_ptr.hpp"

namespace concur::detail {

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
/// a `schedule`, so a clock that a test drives controls all of them, and knows when nothing can move without time.
class Clock {
public:
    [[nodiscard]] virtual TimePoint now() const noexcept = 0;

    /// Blocks the calling thread while `word` holds `expected`, until it is woken or `deadline` is over. May return
    /// early for no reason: the caller looks again. A word that has changed already does not block.
    virtual void park(ParkingWord& word, std::uint32_t expected, TimePoint deadline = no_deadline) noexcept = 0;

    /// Calls `timer.expired()` once, at `when` or as soon as possible after it.
    virtual void schedule(IntrusivePtr<Timer> timer, TimePoint when) = 0;

    /// Forgets a timer that has not expired yet. One that is expiring is not waited for.
    virtual void unschedule(Timer& timer) noexcept = 0;

protected:
    ~Clock() = default;
};

/// The steady clock of the machine.
[[nodiscard]] Clock& steady_clock() noexcept;

}  // namespace concur::detail

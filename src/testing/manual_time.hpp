/// The time of a ManualClock, as its workers see it. docs/design/manual_clock.md
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "concur/core/clock.hpp"
#include "concur/core/fork.hpp"
#include "concur/future/wait_graph.hpp"

namespace concur::detail {

class ManualTime;

/// A thread that is parked on a manual clock. On its own stack; guarded by the parking lot's mutex.
struct Sleeper {
    ParkingWord& word;
    ManualTime& clock;
    TimePoint deadline;
    std::uint64_t order;
    ThreadRecord* thread;
    ActiveThread* activities;  // of this thread; they rest
    std::condition_variable awake{};
    bool woken = false;
};

/// All threads that are parked on manual clocks, by the words that they wait for. One lot and one mutex for all clocks:
/// a wake-up knows the word only.
class ParkingLot {
public:
    static ParkingLot& get();

    void woken(ParkingWord& word, bool all) noexcept;

    // All with the mutex held.

    void enter(Sleeper& sleeper);
    void wake(Sleeper& sleeper) noexcept;
    /// Each mark of progress makes those look again who wait for everything to settle.
    void note_progress() noexcept {
        ++progress_;
        changed.notify_all();
    }
    [[nodiscard]] std::uint64_t progress() const noexcept { return progress_; }
    [[nodiscard]] std::uint64_t next_order() noexcept { return ++order_; }
    [[nodiscard]] std::vector<const ThreadRecord*> parked_threads() const;
    /// Whether an activity of `clock` rests on another clock, which itself is moving.
    [[nodiscard]] bool rests_on_moving_clock(const ManualTime& clock) const noexcept;

    std::mutex mutex;
    std::condition_variable changed;

private:
    std::map<std::pair<ParkingWord*, std::uint64_t>, Sleeper*> sleepers_;
    std::uint64_t progress_ = 0;
    std::uint64_t order_ = 0;
};

/// Everything but `now()` and `enroll()` is guarded by the mutex of the parking lot.
class ManualTime final : public Clock {
public:
    using Lock = std::unique_lock<std::mutex>;

    explicit ManualTime(std::uint64_t seed);

    void add_ref() noexcept override { references_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept override {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }

    [[nodiscard]] TimePoint now() const noexcept override {
        return TimePoint(TimePoint::duration(now_.load(std::memory_order_acquire)));
    }
    [[nodiscard]] Duration elapsed() const noexcept { return now() - start_; }
    void park(ParkingWord& word, std::uint32_t expected, TimePoint deadline) noexcept override;
    void schedule(IntrusivePtr<Timer> timer, TimePoint when) override;
    void unschedule(Timer& timer) noexcept override;

    [[nodiscard]] std::optional<Enrolment> enroll() noexcept override {
        return Enrolment{seed_, enrolled_.fetch_add(1, std::memory_order_relaxed) + 1};
    }
    [[nodiscard]] bool counts_activities() const noexcept override { return true; }
    void activity_began() noexcept override;
    void activity_ended() noexcept override;
    void add_host(CallHost& host) override;
    void remove_host(CallHost& host) noexcept override;
    void held_call_left() noexcept override;

    // What ManualClock does.

    /// Throws ForkedHandleError in the child of a fork: nobody who was counted is there.
    void refuse_if_forked() const;
    void advance(Duration time);
    bool advance_to_next();
    void settle();

private:
    friend class ParkingLot;

    /// In the order in which they go off.
    using Due = std::pair<TimePoint, std::uint64_t>;
    /// A thread that wakes up, or a timer.
    struct Alarm {
        Sleeper* sleeper = nullptr;
        IntrusivePtr<Timer> timer;
    };
    class Step;

    ~ManualTime() = default;

    void drive(Lock& lock, Sleeper& sleeper);
    void finish_instant(Lock& lock, const Sleeper* waiting);
    void rest(Lock& lock, const Sleeper* waiting);
    [[nodiscard]] bool look_at_held_calls(Lock& lock, const Sleeper* waiting);
    void ring_first(Lock& lock);
    void expire(Lock& lock, IntrusivePtr<Timer> timer);
    void set_now(TimePoint now) noexcept { now_.store(now.time_since_epoch().count(), std::memory_order_release); }
    [[nodiscard]] bool has_alarm_until(TimePoint time) const {
        return !alarms_.empty() && alarms_.begin()->first.first <= time;
    }
    [[nodiscard]] bool counts_are_at_rest() const noexcept {
        return active_ == 0 && !ParkingLot::get().rests_on_moving_clock(*this);
    }

    const TimePoint start_;
    const std::uint32_t generation_ = fork_generation();
    const std::uint64_t seed_;
    std::atomic<std::uint64_t> enrolled_{0};
    std::atomic<TimePoint::rep> now_;
    std::atomic<std::uint32_t> references_{0};
    std::size_t active_ = 0;
    std::map<Due, Alarm> alarms_;
    std::unordered_map<const Timer*, Due> timers_;
    std::vector<CallHost*> hosts_;
    int lookers_ = 0;         // threads that look at hosts without the mutex
    bool is_driven_ = false;  // one thread at a time moves the clock
    int waiting_steps_ = 0;   // threads that were told to move it, and wait for their turn
};

}  // namespace concur::detail

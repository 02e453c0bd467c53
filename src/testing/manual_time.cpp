#include "testing/manual_time.hpp"

#include <algorithm>

#include "concur/core/errors.hpp"
#include "core/process_wide.hpp"
#include "core/runtime.hpp"
#include "core/thread.hpp"
#include "testing/real_time_look.hpp"

namespace concur::detail {
namespace {

/// Calls `f` for each activity of a thread that a manual clock counts, from the given one outwards.
template <class F>
void for_each_counted(const ActiveThread* activity, F f) {
    for (; activity; activity = activity->outer())
        if (activity->clock().counts_activities()) f(static_cast<ManualTime&>(activity->clock()));
}

/// Passes wake-ups on to the lot of this process, which is another one in the child of a fork.
class LotListener final : public WakeListener {
public:
    void woken(ParkingWord& word, bool all) noexcept override { ParkingLot::get().woken(word, all); }
};
constinit LotListener lot_listener;

/// A timer on its way to the runtime.
class Expiry final : public RuntimeTask {
public:
    explicit Expiry(IntrusivePtr<Timer> timer) noexcept : timer_{std::move(timer)} {}
    void run() noexcept override {
        timer_->expired();
        delete this;
    }

private:
    IntrusivePtr<Timer> timer_;
};

}  // namespace

// ---- the parking lot

ParkingLot& ParkingLot::get() { return ProcessWide<ParkingLot>::get(); }

void ParkingLot::woken(ParkingWord& word, bool all) noexcept {
    const std::lock_guard lock(mutex);
    for (;;) {
        const auto first = sleepers_.lower_bound({&word, 0});
        if (first == sleepers_.end() || first->first.first != &word) return;
        wake(*first->second);
        if (!all) return;
    }
}

void ParkingLot::enter(Sleeper& sleeper) {
    sleepers_.emplace(std::pair(&sleeper.word, sleeper.order), &sleeper);
    if (sleeper.deadline != no_deadline)
        sleeper.clock.alarms_.emplace(std::pair(sleeper.deadline, sleeper.order), ManualTime::Alarm{&sleeper, {}});
    for_each_counted(sleeper.activities, [](ManualTime& clock) { --clock.active_; });
    note_progress();
}

void ParkingLot::wake(Sleeper& sleeper) noexcept {
    sleepers_.erase({&sleeper.word, sleeper.order});
    sleeper.clock.alarms_.erase({sleeper.deadline, sleeper.order});
    for_each_counted(sleeper.activities, [](ManualTime& clock) { ++clock.active_; });
    sleeper.woken = true;
    sleeper.awake.notify_one();
    note_progress();
}

std::vector<const ThreadRecord*> ParkingLot::parked_threads() const {
    std::vector<const ThreadRecord*> threads;
    threads.reserve(sleepers_.size());
    for (const auto& [key, sleeper] : sleepers_) threads.push_back(sleeper->thread);
    return threads;
}

bool ParkingLot::rests_on_moving_clock(const ManualTime& clock) const noexcept {
    return std::any_of(sleepers_.begin(), sleepers_.end(), [&clock](const auto& entry) {
        const Sleeper& sleeper = *entry.second;
        if (&sleeper.clock == &clock || sleeper.clock.active_ == 0) return false;
        bool rests_here = false;
        for_each_counted(sleeper.activities, [&](const ManualTime& of) { rests_here |= &of == &clock; });
        return rests_here;
    });
}

// ---- what workers do

ManualTime::ManualTime(std::uint64_t seed)
    : start_{steady_clock().now()}, seed_{seed}, now_{start_.time_since_epoch().count()} {
    listen_to_wake_ups(lot_listener);
}

void ManualTime::park(ParkingWord& word, std::uint32_t expected, TimePoint deadline) noexcept {
    ParkingLot& lot = ParkingLot::get();
    ThreadRecord& thread = this_thread_record();
    Lock lock(lot.mutex);
    // Who wakes takes the mutex after the word has changed: one of the two sees the other.
    if (word.load(std::memory_order_acquire) != expected || (deadline != no_deadline && deadline <= now())) return;
    Sleeper sleeper{word, *this, deadline, lot.next_order(), &thread, ActiveThread::innermost()};
    lot.enter(sleeper);
    if (on_library_thread())
        sleeper.awake.wait(lock, [&sleeper] { return sleeper.woken; });
    else
        drive(lock, sleeper);
}

void ManualTime::schedule(IntrusivePtr<Timer> timer, TimePoint when) {
    ParkingLot& lot = ParkingLot::get();
    Lock lock(lot.mutex);
    // Nobody need move the clock for it; but those that are due before it come first.
    if (when <= now() && !has_alarm_until(now())) return expire(lock, std::move(timer));
    const Due due(when, lot.next_order());
    const auto [place, inserted] = timers_.try_emplace(timer.get(), due);
    if (!inserted) alarms_.erase(std::exchange(place->second, due));
    alarms_.emplace(due, Alarm{nullptr, std::move(timer)});
    lot.note_progress();
}

void ManualTime::unschedule(Timer& timer) noexcept {
    Alarm alarm;  // lets go of the timer without the mutex
    const Lock lock(ParkingLot::get().mutex);
    const auto found = timers_.find(&timer);
    if (found == timers_.end()) return;
    const auto place = alarms_.find(found->second);
    alarm = std::move(place->second);
    alarms_.erase(place);
    timers_.erase(found);
}

void ManualTime::activity_began() noexcept {
    const Lock lock(ParkingLot::get().mutex);
    ++active_;
}

void ManualTime::activity_ended() noexcept {
    ParkingLot& lot = ParkingLot::get();
    const Lock lock(lot.mutex);
    --active_;
    lot.note_progress();
}

void ManualTime::add_host(CallHost& host) {
    const Lock lock(ParkingLot::get().mutex);
    hosts_.push_back(&host);
}

void ManualTime::remove_host(CallHost& host) noexcept {
    ParkingLot& lot = ParkingLot::get();
    Lock lock(lot.mutex);
    std::erase(hosts_, &host);
    lot.changed.wait(lock, [this] { return lookers_ == 0; });
}

void ManualTime::held_call_left() noexcept {
    ParkingLot& lot = ParkingLot::get();
    const Lock lock(lot.mutex);
    lot.note_progress();
}

// ---- moving time

/// While alive, the calling thread is the one that moves the clock; what it does itself for a worker rests.
class ManualTime::Step {
public:
    explicit Step(ManualTime& clock) : clock_{clock}, lock_(lot_.mutex) {
        for_each_counted(ActiveThread::innermost(), [](ManualTime& of) { --of.active_; });
        lot_.note_progress();
        ++clock_.waiting_steps_;
        lot_.changed.wait(lock_, [this] { return !clock_.is_driven_; });
        --clock_.waiting_steps_;
        clock_.is_driven_ = true;
    }
    ~Step() {
        clock_.is_driven_ = false;
        for_each_counted(ActiveThread::innermost(), [](ManualTime& of) { ++of.active_; });
        lot_.changed.notify_all();
    }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

    [[nodiscard]] Lock& lock() noexcept { return lock_; }

private:
    ManualTime& clock_;
    ParkingLot& lot_ = ParkingLot::get();
    Lock lock_;
};

void ManualTime::refuse_if_forked() const {
    if (generation_ != fork_generation())
        throw ForkedHandleError("this ManualClock was made before a fork, and its workers are not in the child");
}

void ManualTime::settle() {
    Step step(*this);
    finish_instant(step.lock(), nullptr);
}

void ManualTime::advance(Duration time) {
    Step step(*this);
    finish_instant(step.lock(), nullptr);
    // Short of the end of time, which stands for no deadline.
    const TimePoint target = std::min(deadline_after(now(), time), no_deadline - TimePoint::duration(1));
    while (has_alarm_until(target)) {
        ring_first(step.lock());
        rest(step.lock(), nullptr);
    }
    set_now(target);
}

bool ManualTime::advance_to_next() {
    Step step(*this);
    finish_instant(step.lock(), nullptr);
    if (alarms_.empty()) return false;
    ring_first(step.lock());
    finish_instant(step.lock(), nullptr);
    return true;
}

// A thread of the application waits: it moves the clock, or lets another one do so, until it is woken. Steps that were
// asked for come first. With nothing left to come it sleeps, because some other thread may still do something.
void ManualTime::drive(Lock& lock, Sleeper& sleeper) {
    ParkingLot& lot = ParkingLot::get();
    while (!sleeper.woken) {
        lot.changed.wait(lock, [&] { return sleeper.woken || (!is_driven_ && waiting_steps_ == 0); });
        if (sleeper.woken) return;
        is_driven_ = true;
        finish_instant(lock, &sleeper);
        if (!sleeper.woken && waiting_steps_ == 0 && !alarms_.empty()) ring_first(lock);
        is_driven_ = false;
        lot.changed.notify_all();
        const std::uint64_t seen = lot.progress();
        if (alarms_.empty()) lot.changed.wait(lock, [&] { return sleeper.woken || lot.progress() != seen; });
    }
}

void ManualTime::finish_instant(Lock& lock, const Sleeper* waiting) {
    rest(lock, waiting);
    while (!(waiting && waiting->woken) && has_alarm_until(now())) {
        ring_first(lock);
        rest(lock, waiting);
    }
}

// Returns early once `waiting` is woken.
void ManualTime::rest(Lock& lock, const Sleeper* waiting) {
    ParkingLot& lot = ParkingLot::get();
    const auto is_over = [waiting] { return waiting && waiting->woken; };
    do {
        lot.changed.wait(lock, [&] { return is_over() || counts_are_at_rest(); });
    } while (!is_over() && !look_at_held_calls(lock, waiting));
}

// False if something has changed since it was begun; waits for that where it has to come.
bool ManualTime::look_at_held_calls(Lock& lock, const Sleeper* waiting) {
    if (hosts_.empty()) return true;
    ParkingLot& lot = ParkingLot::get();
    const std::uint64_t seen = lot.progress();
    const std::vector<CallHost*> hosts = hosts_;
    std::optional<RealTimeLook> look(std::in_place, *this, lot.parked_threads());
    ++lookers_;
    lock.unlock();
    bool at_rest = look->is_at_rest(hosts);
    lock.lock();
    if (--lookers_ == 0) lot.changed.notify_all();
    for (Clock* reached : look->reached_clocks()) at_rest &= static_cast<ManualTime*>(reached)->active_ == 0;
    lock.unlock();
    look.reset();
    lock.lock();
    if (!at_rest) lot.changed.wait(lock, [&] { return lot.progress() != seen || (waiting && waiting->woken); });
    return at_rest && lot.progress() == seen;
}

void ManualTime::ring_first(Lock& lock) {
    const auto first = alarms_.begin();
    set_now(std::max(now(), first->first.first));
    if (Sleeper* sleeper = first->second.sleeper) return ParkingLot::get().wake(*sleeper);
    IntrusivePtr<Timer> timer = std::move(first->second.timer);
    timers_.erase(timer.get());
    alarms_.erase(first);
    expire(lock, std::move(timer));
}

// Counted from now on, before the runtime counts it, too.
void ManualTime::expire(Lock& lock, IntrusivePtr<Timer> timer) {
    ++active_;
    lock.unlock();
    runtime_post(*new Expiry(std::move(timer)), *this);
    lock.lock();
    --active_;
    ParkingLot::get().note_progress();
}

}  // namespace concur::detail

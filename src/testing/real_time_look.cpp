#include "testing/real_time_look.hpp"

#include <algorithm>

#include "testing/manual_time.hpp"

namespace concur::detail {
namespace {

/// Notes progress when a state is done. Those that waited for the state before have been told by then.
class Watch final : public Continuation {
public:
    Watch() noexcept : Continuation(Code::library) {}
    void run(StateBase&) noexcept override {
        note();
        delete this;
    }

    static void begin(StateBase& state) {
        auto* watch = new Watch;
        if (!state.attach(*watch)) watch->run(state);
    }

private:
    static void note() noexcept {
        ParkingLot& lot = ParkingLot::get();
        const std::lock_guard lock(lot.mutex);
        lot.note_progress();
    }
};

[[nodiscard]] bool all_done(const Dependencies& dependencies) {
    return std::all_of(dependencies.states.begin(), dependencies.states.end(),
                       [](const IntrusivePtr<StateBase>& state) { return state->done(); });
}

}  // namespace

bool RealTimeLook::is_at_rest(const std::vector<CallHost*>& hosts) {
    for (const CallHost* host : hosts)
        if (!host->list_held(held_)) return false;
    return std::all_of(held_.begin(), held_.end(),
                       [this](const IntrusivePtr<CallBase>& call) { return is_at_rest(*call); });
}

// One that is about to leave its host needs no watch: the host tells.
bool RealTimeLook::is_at_rest(CallBase& held) {
    const Phase phase = held.phase();
    if (phase != Phase::pending && phase != Phase::waiting) return false;
    Dependencies dependencies;
    held.dependencies(dependencies);
    // In backoff, where a timer or its own thread's park on this clock wakes it.
    if (dependencies.states.empty() && phase == Phase::waiting && held.host().policy_in_force(held)) return true;
    return !all_done(dependencies) && rests_behind(held);
}

bool RealTimeLook::rests_behind(StateBase& start) {
    std::vector<StateBase*> open{&start};
    while (!open.empty()) {
        StateBase& state = *open.back();
        open.pop_back();
        Dependencies dependencies;
        if (!state.done()) state.dependencies(dependencies);
        if (&state != &start && may_move(state, dependencies)) {
            Watch::begin(state);
            return false;
        }
        for (IntrusivePtr<StateBase>& next : dependencies.states) {
            if (next->done() || !known_.insert(next.get()).second) continue;
            open.push_back(next.get());
            seen_.push_back(std::move(next));
        }
    }
    return true;
}

// What is on a manual clock counts there while it moves, and what waits for others moves when they do. A promise waits
// for nothing that is known.
bool RealTimeLook::may_move(StateBase& state, const Dependencies& dependencies) {
    Clock& clock = state.clock();
    if (clock.counts_activities()) {
        if (&clock != &clock_) reached_.push_back(&clock);
        return false;
    }
    if (!dependencies.states.empty()) return all_done(dependencies);
    if (state.phase() == Phase::pending && dependencies.agents.empty() && dependencies.threads.empty()) return false;
    return runs(state);
}

bool RealTimeLook::runs(StateBase& state) const {
    const std::vector<ThreadRecord*> threads = threads_behind(state);
    return std::none_of(threads.begin(), threads.end(), [this](const ThreadRecord* thread) {
        return std::find(parked_.begin(), parked_.end(), thread) != parked_.end();
    });
}

}  // namespace concur::detail

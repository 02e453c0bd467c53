// Sync mode: the object lives wherever its callers are; they take turns.
#include <optional>

#include "concur/backend/backend.hpp"
#include "concur/call/inputs.hpp"
#include "concur/call/runner.hpp"
#include "concur/future/future.hpp"
#include "future/blocking_wait.hpp"

namespace concur::detail {
namespace {

class SyncBackend final : public Backend {
public:
    using Backend::Backend;

private:
    /// A call as an activity of the clock, on its caller's thread.
    class CountedCall {
    public:
        explicit CountedCall(Clock& clock) noexcept : activity_{clock}, active_{activity_} {}

    private:
        Activity activity_;
        ActiveThread active_;
    };

    enum Turn : std::uint32_t { free, taken, contended };

    bool runs_in_caller() const noexcept override { return true; }

    void start_object() override { object_ = build_object(); }

    void accept(CallBase& call) override {
        if (is_inside()) {                      // the worker's own call: one turn
            if (!object_) throw_stopped(call);  // made by the object's destructor
            ++inner_calls_;
            Runner::run_unshared(*this, call, object_);
            --inner_calls_;
            return;
        }
        std::optional<CountedCall> counted;
        if (counts_activities()) [[unlikely]]
            counted.emplace(clock());
        if (!take_turn(call.deadline())) return fail_in_time(call);
        if (!object_ || stop_level() == StopLevel::now) {
            leave_turn();
            throw_stopped(call);
        }
        {
            const Role role;
            agent_.held_by(&this_thread_record());
            note_call();
            Runner::run_unshared(*this, call, object_);
            if (!is_inside()) return;  // it has waited, and its turn never came again
            agent_.held_by(nullptr);
        }
        leave_turn();
    }

    static void fail_in_time(CallBase& call) {
        if (const auto claim = call.claim(Phase::pending, Phase::queued))
            call.complete(claim, call_timeout_error(call.method_name(), 0, call.deadline() - call.submitted(), nullptr),
                          StopReason::deadline, CompletedBy::owner);
    }

    // A caller whose call waits for its next attempt lets others have the worker, which does not end meanwhile. Inside
    // of another call it cannot: the object is in use.

    void leave_for_wait() noexcept override {
        if (inner_calls_ != 0) return;
        waiting_.fetch_add(1, std::memory_order_seq_cst);
        agent_.held_by(nullptr);
        leave_turn();
    }
    bool come_back(TimePoint deadline) override {
        if (is_inside()) return true;
        const struct Left {
            SyncBackend& backend;
            ~Left() {
                backend.waiting_.fetch_sub(1, std::memory_order_seq_cst);
                backend.end_if_stopped();  // a stop may have waited for a caller whose turn never came
            }
        } left{*this};
        if (!take_turn(deadline)) return false;
        agent_.held_by(&this_thread_record());
        return true;
    }

    void accept_with_inputs(CallBase& call) override {
        std::optional<CountedCall> counted;
        if (counts_activities()) [[unlikely]]
            counted.emplace(clock());
        const Future<void> inputs = Inputs::settled(call);
        const WaitingCaller caller(*this, inputs);
        // On a clock that is driven nobody knows how long real inputs take.
        if (call.deadline() == no_deadline || counts_activities())
            inputs.wait();
        else if (!inputs.wait_until(call.deadline()))
            return fail_in_time(call);
        if (inputs.cancelled()) throw_stopped(call);
        if (std::exception_ptr failure = Inputs::failure(call)) {
            const auto claim = call.claim(Phase::pending);
            return call.complete(claim, std::move(failure), StopReason::input_failed, CompletedBy::owner);
        }
        accept(call);
    }

    /// A caller whose call has pending inputs. The worker does not end meanwhile, and a stop now wakes him.
    class WaitingCaller {
    public:
        WaitingCaller(SyncBackend& backend, const Future<void>& inputs) : backend_{backend}, inputs_{inputs} {
            bool too_late = false;
            {
                const std::lock_guard lock(backend_.mutex_);
                too_late = backend_.sends_callers_away_;
                if (!too_late) backend_.callers_.push_back(this);
            }
            if (too_late) inputs_.cancel();
        }
        ~WaitingCaller() {
            inputs_.cancel();  // nobody waits for them any more, if the wait was no success
            bool last = false;
            {
                const std::lock_guard lock(backend_.mutex_);
                last = std::erase(backend_.callers_, this) != 0 && backend_.callers_.empty();
            }
            if (last) backend_.nothing_held();
        }
        WaitingCaller(const WaitingCaller&) = delete;
        WaitingCaller& operator=(const WaitingCaller&) = delete;

        [[nodiscard]] const Future<void>& inputs() const noexcept { return inputs_; }

    private:
        SyncBackend& backend_;
        const Future<void>& inputs_;
        const Role role_;  // the worker's end may be waited for: so this wait can be part of a ring
    };

    // Held calls wait for the futures that their methods returned: they come back done, or their caller goes on.
    void enqueue(CallBase& call) noexcept override { call.wake_parked(); }
    void nothing_held() noexcept override {
        report_idle();
        end_if_stopped();
    }
    void stop_level_raised() noexcept override { end_if_stopped(); }
    // Callers that wait for their turn notice when they get it.
    void fail_queued_calls() noexcept override {
        std::vector<Future<void>> waits;
        {
            const std::lock_guard lock(mutex_);
            sends_callers_away_ = true;
            for (const WaitingCaller* caller : callers_) waits.push_back(caller->inputs());
        }
        for (const Future<void>& inputs : waits) inputs.cancel();
    }

    void dependencies(Dependencies& dependencies) const override {
        Backend::dependencies(dependencies);
        const std::lock_guard lock(mutex_);
        for (const WaitingCaller* caller : callers_)
            dependencies.on(IntrusivePtr<StateBase>(caller->inputs().shared_state_of_future()));
    }

    bool is_idle() override {
        const std::lock_guard lock(mutex_);
        return turn_.load(std::memory_order_seq_cst) == free && !holds_calls() && callers_.empty() &&
               waiting_.load(std::memory_order_seq_cst) == 0;
    }

    // ---- the turn: a mutex that knows who waits for whom

    // False if the deadline came first.
    bool take_turn(TimePoint deadline) {
        std::uint32_t expected = free;
        if (turn_.compare_exchange_strong(expected, taken, std::memory_order_acquire, std::memory_order_relaxed))
            return true;
        waiting_.fetch_add(1, std::memory_order_seq_cst);
        bool taken_now = false;
        try {
            taken_now = wait_for_turn(deadline);
        } catch (...) {
            waiting_.fetch_sub(1, std::memory_order_seq_cst);
            end_if_stopped();  // a stop may have waited for this caller
            throw;
        }
        waiting_.fetch_sub(1, std::memory_order_seq_cst);
        if (!taken_now) end_if_stopped();
        return taken_now;
    }

    bool wait_for_turn(TimePoint deadline) {
        std::optional<BlockingWait> blocking;
        if (deadline == no_deadline)
            blocking.emplace(agent());
        else
            blocking.emplace();
        while (turn_.exchange(contended, std::memory_order_acquire) != free) {
            if (deadline != no_deadline && clock().now() >= deadline) return false;
            clock().park(turn_, contended, deadline);
        }
        return true;
    }

    // Sequentially consistent, with the stop level that is read after it: either who leaves sees the stop, or who stops
    // finds the turn free.
    void leave_turn() noexcept {
        if (turn_.exchange(free, std::memory_order_seq_cst) == contended) wake_one(turn_);
        report_idle();
        if (stop_level() != StopLevel::none) end_if_stopped();
    }

    // Whoever finds a stopped worker at rest destroys the object. One that finds the turn taken leaves it to the
    // holder: that one looks again if somebody asked since it looked.
    void end_if_stopped() noexcept {
        if (!stopped() || is_inside()) return;
        end_requests_.fetch_add(1, std::memory_order_seq_cst);
        bool ends = false;
        std::uint32_t requests = 0;
        do {
            requests = end_requests_.load(std::memory_order_seq_cst);
            std::uint32_t expected = free;
            if (!turn_.compare_exchange_strong(expected, taken, std::memory_order_seq_cst)) return;
            ends = is_at_rest();
            if (ends) {
                const Role role;
                agent_.held_by(&this_thread_record());
                destroy_object(std::exchange(object_, nullptr));
                agent_.held_by(nullptr);
            }
            if (turn_.exchange(free, std::memory_order_seq_cst) == contended) wake_one(turn_);
        } while (!ends && requests != end_requests_.load(std::memory_order_seq_cst));
        if (ends) report_ended();
    }

    bool is_at_rest() {
        const std::lock_guard lock(mutex_);
        const bool at_rest =
            object_ && !holds_calls() && callers_.empty() && waiting_.load(std::memory_order_seq_cst) == 0;
        if (at_rest) {
            leave();
            sends_callers_away_ = true;
        }
        return at_rest;
    }

    void* object_ = nullptr;  // guarded by the turn, as the next one
    int inner_calls_ = 0;     // the worker's own calls on each other's stack
    ParkingWord turn_{free};
    std::atomic<std::uint32_t> waiting_{0};
    std::atomic<std::uint32_t> end_requests_{0};
    std::vector<WaitingCaller*> callers_;  // guarded by mutex_, as the next one
    bool sends_callers_away_ = false;
};

}  // namespace

IntrusivePtr<Backend> make_sync_backend(WorkerConfig config, std::unique_ptr<ObjectFactory> factory) {
    return IntrusivePtr<Backend>(new SyncBackend(std::move(config), std::move(factory)));
}

}  // namespace concur::detail

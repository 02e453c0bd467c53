/// What a call knows of the worker it was made on.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "concur/call/call.hpp"
#include "concur/call/call_policy.hpp"
#include "concur/call/instruments.hpp"
#include "concur/call/steps.hpp"
#include "concur/core/awaitable.hpp"
#include "concur/core/clock.hpp"
#include "concur/future/wait_graph.hpp"
#include "concur/limits/limit_caller.hpp"
#include "concur/limits/limit_pool.hpp"

namespace concur::detail {

class CallsAside;

/// The worker as its calls see it: name, clock, and a list of the calls that are under way but in no queue (they wait
/// for inputs, or for the future that their method returned).
///
/// Threads: all members from any thread.
class CallHost : public Workload {
public:
    CallHost(std::string name, Clock& clock, std::shared_ptr<Observer> observer, InstrumentSettings instruments = {},
             std::shared_ptr<const CallPolicies> policies = nullptr, std::unique_ptr<const LimitPool> limits = nullptr);
    CallHost(const CallHost&) = delete;
    CallHost& operator=(const CallHost&) = delete;

    virtual void add_ref() noexcept = 0;
    virtual void release() noexcept = 0;

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] Clock& clock() const noexcept { return *clock_; }
    [[nodiscard]] const std::shared_ptr<Observer>& observer() const noexcept { return observer_; }
    /// Whether what the worker does is an Activity that its clock counts.
    [[nodiscard]] bool counts_activities() const noexcept { return counts_activities_; }
    /// Null, but in tests.
    [[nodiscard]] Instruments* instruments() const noexcept { return instruments_.get(); }
    /// What its calls take from; null if it was given none.
    [[nodiscard]] const LimitPool* limits() const noexcept { return limits_.get(); }
    /// Those of its calls that wait for permits without a thread; made when there is the first one.
    [[nodiscard]] IntrusivePtr<CallsAside> calls_aside();
    [[nodiscard]] IntrusivePtr<CallsAside> calls_aside_if_any() const;
    [[nodiscard]] LimitPool limits_or_none() const { return limits_ ? *limits_ : LimitPool::none(); }
    [[nodiscard]] const Agent& agent() const noexcept { return agent_; }
    /// Null if no method has a policy: such calls take the short way.
    [[nodiscard]] const CallPolicies* policies() const noexcept { return policies_in_force_; }
    [[nodiscard]] const std::shared_ptr<const CallPolicies>& shared_policies() const noexcept { return policies_; }
    /// That of a call; null if it simply runs once.
    [[nodiscard]] const CallPolicy* policy_in_force(const CallBase& call) const noexcept;
    /// What options of single calls change, whether it is in force or not.
    [[nodiscard]] const CallPolicy& policy_of(const MethodInfo& method) const noexcept;
    /// What chance follows from for the next call, on a clock whose runs repeat.
    [[nodiscard]] std::optional<RepeatableChance> next_chance() noexcept;

    /// True if calls run inside `submit`, on the calling thread.
    [[nodiscard]] virtual bool runs_in_caller() const noexcept { return false; }
    /// True if no thread waits for a call that waits: it is put aside, and the worker keeps the order of its calls by
    /// itself, if they have one.
    [[nodiscard]] virtual bool never_waits() const noexcept { return false; }
    /// The call is put aside, and those behind it stay there.
    virtual void hold_up_others(CallBase& call) noexcept { static_cast<void>(call); }
    /// The call waits no more.
    virtual void waits_no_more(CallBase& call) noexcept { static_cast<void>(call); }
    /// In a caller that waits for a call's next attempt: others may use the worker meanwhile.
    virtual void leave_for_wait() noexcept {}
    /// The same caller goes on; false if the deadline came before its turn. Throws DeadlockError where that would never
    /// come.
    [[nodiscard]] virtual bool come_back(TimePoint deadline) {
        static_cast<void>(deadline);
        return true;
    }

    /// True on the thread that holds the worker right now: in its methods, and in callbacks that follow from them.
    [[nodiscard]] bool is_inside() const noexcept { return is_this_thread(agent_.holder()); }

    // Coroutines: docs/design/coroutines.md

    /// What runs on the worker as soon as that is free.
    virtual void post_step(Step& step) noexcept { step.drop(); }
    /// Where sockets and timers of its coroutines live.
    [[nodiscard]] virtual boost::asio::execution_context& loop();
    /// Keep that loop running: something on it is under way.
    virtual void loop_work_began() noexcept {}
    virtual void loop_work_ended() noexcept {}
    /// True if the thread that runs a call waits for the coroutine of that.
    [[nodiscard]] virtual bool runs_coroutines_in_place() const noexcept { return true; }
    /// There: runs steps until the coroutine has ended, and asks for that at the deadline.
    virtual void await_coroutine(StateBase& coroutine, TimePoint deadline) noexcept {
        static_cast<void>(coroutine);
        static_cast<void>(deadline);
    }
    /// The worker does not end before all of them have gone.
    virtual void coroutine_began() noexcept {}
    virtual void coroutine_gone() noexcept {}

    /// Keeps the call in the list of those that wait elsewhere, with a reference on it and one on the host. False if
    /// the worker has ended, or a stop fails such calls already.
    [[nodiscard]] bool hold(CallBase& call);
    /// A stop that does not wait: for a call that is held.
    void end_by_stop(CallBase& call) const noexcept;
    /// True once a stop fails the calls that are held.
    [[nodiscard]] bool fails_held_calls() const noexcept { return stopping_now_.load(std::memory_order_seq_cst); }
    /// Takes it out; does nothing if it is not there (any more).
    void release_held(CallBase& call) noexcept;
    /// Takes it out and puts it into the queue; the worker does not end in between.
    void enqueue_held(CallBase& call) noexcept {
        if (take_held(call)) enqueue_taken(call);
    }
    /// The same in two steps; the second must follow.
    [[nodiscard]] bool take_held(CallBase& call) noexcept;
    void enqueue_taken(CallBase& call) noexcept;

    void dependencies(Dependencies& dependencies) const override;
    /// Adds the calls that are held. False if one is on its way into or out of the list, or into the queue.
    [[nodiscard]] bool list_held(std::vector<IntrusivePtr<CallBase>>& calls) const;

    /// The stop requests of running calls, so that a stop of the worker reaches them.
    void add_stop_state(StopState& state);
    void remove_stop_state(StopState& state) noexcept;  // its attempt is over

protected:
    ~CallHost();

    /// A held call has become ready: it takes its place in the queue.
    virtual void enqueue(CallBase& call) noexcept = 0;
    /// The last held call has gone.
    virtual void nothing_held() noexcept = 0;

    /// With mutex_ held and no calls held: no call will be held any more, because nobody will come to run it.
    void leave() noexcept { has_left_ = true; }
    /// With mutex_ held.
    [[nodiscard]] bool holds_calls() const noexcept { return held_count_ != 0; }
    /// From now on calls that are held fail.
    void fail_held_calls() noexcept;
    /// Asks running calls to stop, those that are yet to make a stop token, too. Calls the user's listeners.
    void request_stop_of_calls() noexcept;

    Agent agent_;
    mutable std::mutex mutex_;

private:
    void forget(CallBase& call) noexcept;

    std::string name_;
    IntrusivePtr<Clock> clock_;
    std::shared_ptr<Observer> observer_;
    std::unique_ptr<Instruments> instruments_;
    std::unique_ptr<const LimitPool> limits_;
    std::shared_ptr<const CallPolicies> policies_;
    const CallPolicies* policies_in_force_;
    std::optional<Clock::Enrolment> enrolment_;
    std::atomic<std::uint64_t> chances_{0};
    bool counts_activities_;
    CallBase* held_ = nullptr;  // guarded by mutex_, as all below
    IntrusivePtr<CallsAside> calls_aside_;
    std::size_t held_count_ = 0;
    std::vector<IntrusivePtr<StopState>> stop_states_;
    std::atomic<bool> stopping_now_{false};  // written with the mutex held
    bool has_left_ = false;
};

/// While alive, the calling thread makes the object of a worker, which runs no calls yet.
class Construction {
public:
    explicit Construction(const CallHost& host) noexcept
        : host_{host}, outer_{std::exchange(innermost_, this)}, call_{LimitCaller::innermost()} {}
    ~Construction() { innermost_ = outer_; }
    Construction(const Construction&) = delete;
    Construction& operator=(const Construction&) = delete;

    /// The worker whose object is made here; null where none is, and in calls that a constructor makes.
    [[nodiscard]] static const CallHost* current_host() noexcept {
        return innermost_ && innermost_->call_ == LimitCaller::innermost() ? &innermost_->host_ : nullptr;
    }

private:
    static constinit thread_local const Construction* innermost_;

    const CallHost& host_;
    const Construction* outer_;
    const LimitCaller* call_;  // that the constructor runs inside of
};

inline CallBase::CallBase(Phase phase, const MethodInfo& method, CallHost& host) noexcept
    : StateBase(phase), method_{&method}, host_{&host} {
    if (host.counts_activities()) set_clock(host.clock());
}

/// The error of calls that a stop ended, and of calls made after it.
[[nodiscard]] std::exception_ptr stopped_error(std::string_view worker, std::string_view method);

}  // namespace concur::detail

/// What runs a call on its object. The same in every mode; only how calls arrive, and how they wait, differs.
#pragma once

#include "concur/call/call_context.hpp"
#include "concur/call/host.hpp"

namespace concur::detail {

class Runner {
public:
    /// Runs a call that its host has started (its phase is running). When it returns, the call has ended, or it waits
    /// and is held by the host: for the future that its method returned, or for its next attempt.
    static void run(CallHost& host, CallBase& call, void* object) noexcept {
        if (const CallPolicy* policy = policy_of(host, call)) [[unlikely]]
            return run_by_policy(host, call, object, *policy);
        Outcome outcome = attempt(host, call, object);
        if (outcome.error || outcome.returned) [[unlikely]]
            finish(host, call, std::move(outcome));
        else if (!call.publish(Phase::running))
            call.drop_result();  // somebody ended the call while it ran: the result comes too late
    }

    /// The same for a call that nobody else can know yet, because its caller runs it.
    static void run_unshared(CallHost& host, CallBase& call, void* object) noexcept {
        call.set_unshared_phase(Phase::running);
        if (const CallPolicy* policy = policy_of(host, call)) [[unlikely]]
            return run_by_policy(host, call, object, *policy);
        Outcome outcome = attempt(host, call, object);
        if (outcome.error || outcome.returned) [[unlikely]]
            finish(host, call, std::move(outcome));
        else
            call.set_unshared_phase(Phase::done);
    }

    /// Somebody else has ended a call in its queue. When it returns, that one does not read the host's name any more.
    static void pass_over(CallBase& call) noexcept {
        call.await_description();
        call.stop_what_it_began();
    }

private:
    friend class PolicyRun;

    /// What an attempt left behind, if it was not a value: an exception, or the state of a future, with a handle.
    struct Outcome {
        StateBase* returned = nullptr;
        std::exception_ptr error{};
        /// There is none of these: the future that the method returned is not waited for any longer.
        bool is_late = false;
    };

    /// Null if the call simply runs once.
    static const CallPolicy* policy_of(CallHost& host, CallBase& call) noexcept {
        if (call.rare_.load(std::memory_order_relaxed)) [[unlikely]]
            return host.policy_in_force(call);
        if (!host.policies()) [[likely]]
            return nullptr;
        const CallPolicy& policy = host.policies()->of(call.method());
        return policy.is_absent() ? nullptr : &policy;
    }

    static Outcome attempt(CallHost& host, CallBase& call, void* object) noexcept {
        call.set_attempts(1);
        Outcome outcome;
        {
            CallContext context(call, host, object);
            outcome = invoke(host, call, object, context);
        }
        if (call.stop_state() && !outcome.returned) [[unlikely]]
            call.retire_stop_state();
        call.drop_arguments();
        return outcome;
    }

    static Outcome invoke(CallHost& host, CallBase& call, void* object, CallContext& context) noexcept {
        Outcome outcome;
        try {
            outcome.returned = host.instruments() ? invoke_with_instruments(host, call, object, context)
                                                  : call.invoke(object, context);
        } catch (...) {
            outcome.error = std::current_exception();
        }
        return outcome;
    }

    static void run_by_policy(CallHost& host, CallBase& call, void* object, const CallPolicy& policy) noexcept;

    static StateBase* invoke_with_instruments(CallHost& host, CallBase& call, void* object, CallContext& context);
    static void finish(CallHost& host, CallBase& call, Outcome outcome) noexcept;
    static void fail(CallBase& call, std::exception_ptr error) noexcept;
    static void follow(CallHost& host, CallBase& call, StateBase* returned) noexcept;
};

}  // namespace concur::detail

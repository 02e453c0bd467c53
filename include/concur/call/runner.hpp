/// What runs a call on its object. The same in every mode; only how calls arrive differs.
#pragma once

#include "concur/call/call_context.hpp"
#include "concur/call/host.hpp"

namespace concur::detail {

class Runner {
public:
    /// Runs a call that its host has started (its phase is running). When it returns, the call has ended, or waits for
    /// the future that its method returned and is held by the host.
    static void run(CallHost& host, CallBase& call, void* object) noexcept {
        AttemptEnd end = attempt(host, call, object);
        if (end.error || end.returned) [[unlikely]]
            finish(host, call, std::move(end));
        else if (!call.publish(Phase::running))
            call.drop_result();  // somebody ended the call while it ran: the result comes too late
    }

    /// The same for a call that nobody else can know yet, because its caller runs it.
    static void run_unshared(CallHost& host, CallBase& call, void* object) noexcept {
        call.set_unshared_phase(Phase::running);
        AttemptEnd end = attempt(host, call, object);
        if (end.error || end.returned) [[unlikely]]
            finish(host, call, std::move(end));
        else
            call.set_unshared_phase(Phase::done);
    }

private:
    /// What an attempt left behind, if it was not a value: an exception, or the state of a future, with a handle.
    struct AttemptEnd {
        StateBase* returned = nullptr;
        std::exception_ptr error;
    };

    static AttemptEnd attempt(CallHost& host, CallBase& call, void* object) noexcept {
        call.set_attempts(1);
        AttemptEnd end;
        {
            CallContext context(call, host, object);
            try {
                end.returned = host.instruments() ? invoke_with_instruments(host, call, object, context)
                                                  : call.invoke(object, context);
            } catch (...) {
                end.error = std::current_exception();
            }
        }
        if (StopState* stop = call.stop_state()) host.remove_stop_state(*stop);
        call.drop_arguments();
        return end;
    }

    static StateBase* invoke_with_instruments(CallHost& host, CallBase& call, void* object, CallContext& context);
    static void finish(CallHost& host, CallBase& call, AttemptEnd end) noexcept;
    static void fail(CallBase& call, std::exception_ptr error) noexcept;
    static void follow(CallHost& host, CallBase& call, StateBase* returned) noexcept;
};

}  // namespace concur::detail

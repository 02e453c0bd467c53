#include "concur/call/runner.hpp"

#include "concur/call/call_context.hpp"
#include "concur/core/errors.hpp"

namespace concur {
namespace {

thread_local CallContext* context_of_this_thread = nullptr;

}  // namespace

CallContext::CallContext(detail::CallBase& call, const detail::CallHost& host) noexcept
    : call_{call},
      attempt_{1, call.method_name(), host.name(), nullptr},
      outer_{std::exchange(context_of_this_thread, this)} {}

CallContext::~CallContext() { context_of_this_thread = outer_; }

StopToken CallContext::stop_token() const { return call_.stop_token(); }

namespace detail {

CallContext& current_context() {
    if (!context_of_this_thread)
        throw NotOnWorkerError("this_worker is known only inside the methods and functions that a worker runs");
    return *context_of_this_thread;
}

void Runner::run(CallHost& host, CallBase& call, void* object) noexcept {
    call.set_attempts(1);
    StateBase* returned = nullptr;
    std::exception_ptr error;
    {
        CallContext context(call, host);
        try {
            returned = call.invoke(object, context);
        } catch (...) {
            error = std::current_exception();
        }
    }
    if (StopState* stop = call.stop_.load(std::memory_order_acquire)) host.remove_stop_state(*stop);
    call.drop_arguments();
    if (error)
        fail(call, std::move(error));
    else if (returned)
        follow(host, call, returned);
    else if (!call.publish(Phase::running))
        call.drop_result();  // somebody ended the call while it ran: the result comes too late
}

void Runner::fail(CallBase& call, std::exception_ptr error) noexcept {
    if (const auto claim = call.claim(Phase::running))
        call.complete(claim, std::move(error), StopReason::retries_exhausted, CompletedBy::owner);
}

void Runner::follow(CallHost& host, CallBase& call, StateBase* returned) noexcept {
    const bool at_hand = returned->done() && !returned->nested();
    if (!host.hold(call) && !at_hand) {
        returned->drop_handle();
        return fail(call, stopped_error(host.name(), call.method_name()));
    }
    call.follow(returned);
    if (call.done()) host.release_held(call);
}

}  // namespace detail
}  // namespace concur

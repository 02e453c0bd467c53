#include "concur/call/runner.hpp"

#include "call/policy_run.hpp"
#include "concur/call/call_context.hpp"
#include "concur/core/errors.hpp"

namespace concur {

const Attempt& CallContext::attempt() const {
    if (course_) return course_->attempt();
    if (!attempt_) attempt_.emplace(Attempt{call_.attempts(), method_name(), worker_name(), nullptr});
    return *attempt_;
}

std::string_view CallContext::method_name() const noexcept { return call_.method_name(); }
std::string_view CallContext::worker_name() const noexcept { return host_.name(); }

LimitPool CallContext::limits() const { return host_.limits_or_none(); }

StopToken CallContext::stop_token() const { return call_.stop_token(deadline().value_or(detail::no_deadline)); }

std::optional<std::chrono::steady_clock::time_point> CallContext::deadline() const noexcept {
    const detail::TimePoint deadline =
        course_ ? std::min(course_->deadline(), course_->attempt_deadline()) : call_.deadline();
    if (deadline == detail::no_deadline) return std::nullopt;
    return deadline;
}

namespace detail {

// The only callers there are.
CallContext* current_context_if_any() noexcept { return static_cast<CallContext*>(LimitCaller::innermost()); }

CallContext& current_context() {
    CallContext* const context = current_context_if_any();
    if (!context)
        throw NotOnWorkerError("this_worker is known only inside the methods and functions that a worker runs");
    return *context;
}

StateBase* Runner::invoke_with_instruments(CallHost& host, CallBase& call, void* object, CallContext& context) {
    Instruments& instruments = *host.instruments();
    const std::uint64_t number = instruments.attempts.fetch_add(1, std::memory_order_relaxed) + 1;
    for (const auto& injection : instruments.settings.injections) injection->before_attempt(number, context);
    StandIn* stand_in = instruments.settings.stand_in.get();
    return stand_in ? call.invoke_on(*stand_in, context) : call.invoke(object, context);
}

LimitPool current_limits() {
    const CallHost* const constructing = Construction::current_host();
    return constructing ? constructing->limits_or_none() : current_context().limits();
}

Whereabouts current_whereabouts() {
    const CallContext& context = current_context();
    return {context.host_, context.object_};
}

void Runner::run_by_policy(CallHost& host, CallBase& call, void* object, const CallPolicy& policy) noexcept {
    PolicyRun(host, call, object, policy).go();
}

void Runner::finish(CallHost& host, CallBase& call, Outcome outcome) noexcept {
    if (outcome.error)
        fail(call, std::move(outcome.error));
    else
        follow(host, call, outcome.returned);
}

void Runner::fail(CallBase& call, std::exception_ptr error) noexcept {
    if (const auto claim = call.claim(Phase::running))
        call.complete(claim, std::move(error), StopReason::retries_exhausted, CompletedBy::owner);
}

void Runner::follow(CallHost& host, CallBase& call, StateBase* returned) noexcept {
    const bool at_hand = returned->done() && !returned->nested().state;
    if (!host.hold(call) && !at_hand) {
        returned->drop_handle();
        return fail(call, stopped_error(host.name(), call.method_name()));
    }
    if (!call.follow(returned)) host.release_held(call);
}

}  // namespace detail
}  // namespace concur

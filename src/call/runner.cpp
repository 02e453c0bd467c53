#include "concur/call/runner.hpp"

#include <ctime>

#include "call/policy_run.hpp"
#include "concur/call/call_context.hpp"
#include "concur/core/errors.hpp"

namespace concur {

const Attempt& CallContext::attempt() const {
    if (course_) return course_->attempt();
    if (!attempt_) attempt_.reset(new Attempt{call_.attempts(), method_name(), worker_name(), nullptr});
    return *attempt_;
}

std::chrono::steady_clock::time_point CallContext::now() const noexcept { return host_.clock().now(); }

std::string_view CallContext::method_name() const noexcept { return call_.method_name(); }
std::string_view CallContext::worker_name() const noexcept { return host_.name(); }

LimitPool CallContext::limits() const { return host_.limits_or_none(); }

// A call that runs in its caller, inside of another call, cannot be found by whoever stops that one.
StopToken CallContext::stop_token() const {
    StopToken token = call_.stop_token(deadline().value_or(detail::no_deadline));
    const auto* outer_call = static_cast<const CallContext*>(outer());
    if (host_.runs_in_caller() && outer_call && !outer_stop_ && !detail::is_detached(*outer_call)) {
        const StopToken of_outer = outer_call->stop_token();
        outer_stop_ = std::make_unique<StopCallback<detail::StopRelay>>(of_outer.state(), detail::StopRelay(call_));
    }
    return token;
}

std::optional<std::chrono::steady_clock::time_point> CallContext::deadline() const noexcept {
    const detail::TimePoint deadline =
        course_ ? std::min(course_->deadline(), course_->attempt_deadline()) : call_.deadline();
    if (deadline == detail::no_deadline) return std::nullopt;
    return deadline;
}

namespace detail {

// The only callers there are.
CallContext* current_context_if_any() noexcept { return static_cast<CallContext*>(LimitCaller::innermost()); }

namespace {

// The context that was given up: calls that are made in one further inside belong to that.
constinit thread_local CallContext* detached_on_this_thread = nullptr;

}  // namespace

CallContext* context_to_inherit() noexcept {
    CallContext* const context = current_context_if_any();
    return context == detached_on_this_thread ? nullptr : context;
}

bool is_detached(const CallContext& context) noexcept { return detached_on_this_thread == &context; }

void StopRelay::operator()() const noexcept { call_->on_stop_requested(); }

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

namespace {

/// When the first attempt began, for `Attempt::elapsed`: to within a tick of the system, because a look at the exact
/// time would cost more than all else that a policy does for a call that succeeds.
TimePoint begin_of_first_attempt(const CallHost& host) noexcept {
    if (host.counts_activities()) return host.clock().now();
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
    return TimePoint(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

}  // namespace

void Runner::run_by_policy(CallHost& host, CallBase& call, void* object, const CallPolicy& policy) noexcept {
    if (call.attempts() != 0 || !policy.is_only_for_failures || call.deadline() != no_deadline)
        return PolicyRun(host, call, object, policy, host.clock().now()).go();
    const TimePoint begin = begin_of_first_attempt(host);
    call.set_attempts(1);
    Outcome outcome;
    {
        CallContext context(call, host, object, nullptr, policy.rules.numbers.num_retries > 0 && call.is_repeatable());
        outcome = invoke(host, call, object, context);
    }
    if (outcome.error || outcome.returned) [[unlikely]]
        return PolicyRun(host, call, object, policy, begin).go_on(std::move(outcome));
    if (call.stop_state()) [[unlikely]]
        call.retire_stop_state();
    call.drop_arguments();
    if (!call.publish(Phase::running)) call.drop_result();
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
        if (returned->is_code()) returned->cancel(Cancel::only_this);
        returned->drop_handle();
        call.stop_what_it_began();
        return fail(call, stopped_error(host.name(), call.method_name()));
    }
    const IntrusivePtr<StateBase> code(returned->is_code() ? returned : nullptr);
    if (call.follow(returned)) {
        // Asked before it waited: then nobody has told the coroutine.
        if (code && call.stop_requested()) code->cancel(Cancel::only_this);
        return;
    }
    call.retire_stop_state();
    host.release_held(call);
}

}  // namespace detail

DetachedContext::DetachedContext() noexcept
    : outer_{std::exchange(detail::detached_on_this_thread, detail::current_context_if_any())} {}
DetachedContext::~DetachedContext() { detail::detached_on_this_thread = outer_; }

}  // namespace concur

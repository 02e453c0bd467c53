#include "call/call_timers.hpp"

#include "call/attempts.hpp"

namespace concur::detail {

void CallTimer::start(CallBase& call, TimePoint when) {
    call.host().add_ref();
    call.add_ref();
    call_.store(&call, std::memory_order_release);
    clock_->schedule(IntrusivePtr<Timer>(this), when);
}

void CallTimer::let_go() noexcept {
    clock_->unschedule(*this);
    if (CallBase* call = call_.exchange(nullptr, std::memory_order_acq_rel)) release_call(*call);
}

void CallTimer::release_call(CallBase& call) noexcept {
    CallHost& host = call.host();
    call.release();
    host.release();
}

void CallTimer::expired() noexcept {
    CallBase* const call = call_.exchange(nullptr, std::memory_order_acq_rel);
    if (!call) return;
    fire(*call);
    release_call(*call);
}

void CallDeadline::fire(CallBase& call) noexcept {
    const TimePoint deadline = call.deadline();
    if (deadline > call.host().clock().now()) {  // the outer call has ended meanwhile, and its deadline with it
        if (deadline != no_deadline) start(call, deadline);
        if (call.done()) let_go();  // ended before it was set
        return;
    }
    const IntrusivePtr<StateBase> source = call.source();
    if (const auto claim = call.claim(Phase::pending, Phase::queued, Phase::running, Phase::waiting)) {
        const Duration limit = deadline - call.submitted();
        call.complete(claim, call_timeout_error(call.method_name(), call.attempts(), limit, call.last_error()),
                      StopReason::deadline, CompletedBy::other);
    }
    call.on_stop_requested();
    if (source) source->cancel(Cancel::only_this);
}

// If no other attempt can follow, nobody has to wait for the return of this one.
void AttemptTimer::fire(CallBase& call) noexcept {
    if (call.attempts() != number_) return;
    const AttemptReport report{.end = AttemptEnd::failed,
                               .number = number_,
                               .now = deadline_,
                               .deadline = call.deadline(),
                               .stop = stop_asked(call),
                               .repeatable = repeatable_};
    if (const auto end = end_without_retry(numbers_, report)) {
        if (const auto claim = call.claim(Phase::running, Phase::waiting))
            call.complete(claim, attempt_timeout_error(call.method_name(), number_, numbers_.attempt_timeout, nullptr),
                          end->reason, CompletedBy::other);
    }
    call.request_stop_of_attempt(number_);
    // Nothing runs here for the attempt: its outcome is waited for no longer. The next one may have begun by now.
    if (const IntrusivePtr<StateBase> source = call.source(); source && call.attempts() == number_) {
        source->cancel(Cancel::only_this);
        Arrival::bring_back(call);
    }
}

void Heir::begin(CallBase& call, const IntrusivePtr<StopState>& outer) {
    auto* heir = new Heir(call, outer);
    if (!outer->add(*heir)) {
        delete heir;
        call.cancel(Cancel::only_this);
    } else if (!call.attach(*heir)) {
        heir->run(call);
    }
}

// On the thread that asks for the stop this may run inside of stop_requested().
void Heir::run(StateBase&) noexcept {
    outer_->remove(*this);
    delete this;
}

// At its deadline a call ends by that.
void Heir::stop_requested() noexcept {
    if (call_.deadline() > call_.clock().now()) call_.cancel(Cancel::only_this);
}

void BackoffTimer::fire(CallBase& call) noexcept { Arrival::bring_back(call); }

void Arrival::run(StateBase&) noexcept {
    const IntrusivePtr<CallBase> call = std::move(call_);
    delete this;
    bring_back(*call);
}

void Arrival::bring_back(CallBase& call) noexcept {
    if (call.advance(Phase::waiting, Phase::queued)) call.host().enqueue_held(call);
}

}  // namespace concur::detail

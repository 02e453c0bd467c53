#include "call/call_timers.hpp"

#include <thread>

#include "call/attempts.hpp"

namespace concur::detail {

void CallTimer::start(CallBase& call, TimePoint when) {
    call.host().add_ref();
    call.add_ref();
    call_.store(&call, std::memory_order_release);
    clock_->schedule(IntrusivePtr<Timer>(this), when);
}

bool CallTimer::let_go() noexcept {
    clock_->unschedule(*this);
    CallBase* const call = call_.exchange(nullptr, std::memory_order_acq_rel);
    if (call) release_call(*call);
    return call != nullptr;
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
    if (deadline > call.clock().now()) {  // the outer call has ended meanwhile, and its deadline with it
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
    const AttemptReport report{.end = AttemptEnd::failed,
                               .number = number_,
                               .now = deadline_,
                               .deadline = call.deadline(),
                               .stop = stop_asked(call),
                               .repeatable = repeatable_};
    is_over_.store(true, std::memory_order_seq_cst);
    const auto end = end_without_retry(numbers_, report);
    const IntrusivePtr<StateBase> source = call.attempts() == number_ ? call.source() : IntrusivePtr<StateBase>();
    // Nothing runs here for an attempt that waits for a future: its outcome is waited for no longer.
    const bool is_back = !end && source && call.advance(Phase::waiting, Phase::queued);
    const auto claim = end ? call.claim(Phase::running, Phase::waiting) : StateBase::Claim{false, Phase::done};
    is_past_.store(true, std::memory_order_release);
    if (claim)
        call.complete(claim, attempt_timeout_error(call.method_name(), number_, numbers_.attempt_timeout, nullptr),
                      end->reason, CompletedBy::other);
    call.request_stop_of_attempt(number_);
    // Not before: the worker lets go of what the attempt has begun when it comes to the call.
    if (is_back) call.host().enqueue_held(call);
    if (source && (is_back || claim)) source->cancel(Cancel::only_this);
}

void AttemptTimer::look_again(CallBase& call) noexcept {
    if (!is_over_.load(std::memory_order_seq_cst)) return;
    const IntrusivePtr<StateBase> source = call.source();
    if (!call.advance(Phase::waiting, Phase::queued)) return;
    call.host().enqueue_held(call);
    if (source) source->cancel(Cancel::only_this);
}

void AttemptTimer::retire() noexcept {
    if (let_go()) return is_past_.store(true, std::memory_order_release);
    while (!is_past_.load(std::memory_order_acquire)) std::this_thread::yield();
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

void BackoffTimer::fire(CallBase& call) noexcept { bring_back(call); }

void Arrival::run(StateBase& source) noexcept {
    const IntrusivePtr<CallBase> call = std::move(call_);
    Step step = Step::awaited;
    if (step_.compare_exchange_strong(step, Step::arriving, std::memory_order_acq_rel)) {
        const bool goes_deeper = !source.error() && source.nested().state;
        if (!goes_deeper) attempts_.end_of_returned(call->clock().now());
        // A caller that waits for this goes on at once. What may run user code, as the queue of a stopped worker does,
        // comes last.
        const bool is_back = call->advance(Phase::waiting, Phase::queued) && call->host().take_held(*call);
        step_.store(Step::past, std::memory_order_release);
        if (is_back) call->host().enqueue_taken(*call);
    }
    release();
}

void Arrival::withdraw() noexcept {
    Step step = Step::awaited;
    if (step_.compare_exchange_strong(step, Step::past, std::memory_order_acq_rel)) return;
    while (step_.load(std::memory_order_acquire) != Step::past) std::this_thread::yield();
}

void bring_back(CallBase& call) noexcept {
    if (call.advance(Phase::waiting, Phase::queued)) call.host().enqueue_held(call);
}

}  // namespace concur::detail

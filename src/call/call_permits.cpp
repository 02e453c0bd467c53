#include "call/call_permits.hpp"

#include <fmt/format.h>

#include <thread>
#include <vector>

#include "call/call_timers.hpp"
#include "concur/call/call_context.hpp"
#include "concur/call/host.hpp"
#include "concur/observe/observer.hpp"

namespace concur::detail {

LimitRequests requests_of(const CallPolicy& policy, CallBase& call, int attempt) {
    std::vector<LimitRequest> requests;
    for (const LimitRequests& fixed : policy.limits.fixed) requests.insert(requests.end(), fixed.begin(), fixed.end());
    for (const MethodLimits::Computed& computed : policy.limits.computed)
        requests.push_back(LimitRequest::of_thousandths(computed.key, computed.amount->amount(call)));
    LimitRequests all(requests.data(), requests.size());
    if (policy.charges_call(attempt)) all.set_charge(attempt == 1 ? CallCharge::call : CallCharge::attempt);
    return all;
}

void report_used(const CallPolicy& policy, CallBase& call, Acquisition& held) noexcept {
    for (const MethodLimits::Reported& reported : policy.limits.reported) {
        if (reported.amount->type() != call.value_type()) continue;
        try {
            const LimitRequest used =
                LimitRequest::of_thousandths(reported.key, reported.amount->amount(call.value_address()));
            held.update(LimitRequests(&used, 1));
        } catch (...) {
            tell_warning(
                call.host().observer().get(),
                {WarningKind::hook_error, call.host().name(), call.method_name(),
                 "what a method reports of a limit was not accepted; it is charged in full", std::current_exception()});
        }
    }
}

// ---- calls that are put aside

void CallsAside::add(PermitWait& wait) noexcept {
    wait.add_ref();
    const std::lock_guard lock(mutex_);
    wait.is_aside_ = true;
    wait.next_aside_ = first_;
    if (first_) first_->previous_aside_ = &wait;
    first_ = &wait;
}

void CallsAside::remove(PermitWait& wait) noexcept {
    {
        const std::lock_guard lock(mutex_);
        if (!std::exchange(wait.is_aside_, false)) return;
        if (wait.next_aside_) wait.next_aside_->previous_aside_ = wait.previous_aside_;
        (wait.previous_aside_ ? wait.previous_aside_->next_aside_ : first_) = wait.next_aside_;
    }
    wait.release();
}

void CallsAside::step_back(const LimitCore& core) {
    std::vector<IntrusivePtr<PermitWait>> waits;
    {
        const std::lock_guard lock(mutex_);
        for (PermitWait* wait = first_; wait; wait = wait->next_aside_)
            if (wait->core_.get() == &core) waits.emplace_back(wait);
    }
    // The oldest first, so that they ask again in the order in which they came.
    for (auto wait = waits.rbegin(); wait != waits.rend(); ++wait) (*wait)->step_back();
}

void let_this_thread_go_first(const LimitCore& core, CallHost* between_calls) {
    if (between_calls)
        if (const IntrusivePtr<CallsAside> aside = between_calls->calls_aside_if_any()) aside->step_back(core);
    for (const CallContext* context = current_context_if_any(); context;
         context = static_cast<const CallContext*>(context->outer()))
        if (const IntrusivePtr<CallsAside> aside = context->host_.calls_aside_if_any()) aside->step_back(core);
}

// ---- one wait

PermitWait::PermitWait(CallBase& call, LimitCore& core, Acquisition& request, Waits waits)
    : LimitWaiter(result_, LimitCore::limits_of(request),
                  waits == Waits::in_place ? LimitCaller::innermost() : nullptr),
      waits_{waits},
      call_{call},
      keep_call_(&call),
      core_(&core) {
    if (waits == Waits::aside) aside_ = call.host().calls_aside();
    core.move_request(request, result_);
}

bool PermitWait::start() {
    add_ref();  // of the queue
    if (aside_) aside_->add(*this);
    if (!core_->take_or_join(*this)) return false;
    granted_.store(true, std::memory_order_release);
    is_past_.store(true, std::memory_order_release);
    keep_call_ = {};
    release();
    return true;
}

void PermitWait::let_go() noexcept {
    if (aside_) aside_->remove(*this);
    const bool is_late = call_.deadline() <= call_.clock().now();
    if (!core_->leave(*this, is_late ? LeftBecause::timeout : LeftBecause::cancelled)) return give_back();
    is_past_.store(true, std::memory_order_release);
    keep_call_ = {};
    release();  // of the queue
}

void PermitWait::step_back() noexcept {
    stepped_back_.store(true, std::memory_order_release);
    if (core_->leave(*this, LeftBecause::comes_again)) {
        const IntrusivePtr<CallBase> call = std::move(keep_call_);
        bring_back(*call);
        is_past_.store(true, std::memory_order_release);
        release();  // of the queue
    } else {
        await_release();  // somebody else has taken it out of the queue, or does so
        give_back();
    }
}

Acquisition PermitWait::take() {
    if (aside_) aside_->remove(*this);
    if (in_deadlock_.load(std::memory_order_acquire))
        throw LimitDeadlockError(
            "what a call takes of its limits can never be acquired: all calls that hold what is missing wait for "
            "limits of the same set, one that this call was made in among them; acquire together what is needed "
            "together");
    if (!granted_.load(std::memory_order_acquire) || taken_.exchange(true, std::memory_order_acq_rel)) return {};
    return std::move(result_);
}

void PermitWait::await_release() const noexcept {
    while (!is_past_.load(std::memory_order_acquire)) std::this_thread::yield();
}

void PermitWait::give_back() noexcept {
    if (granted_.load(std::memory_order_acquire) && !taken_.exchange(true, std::memory_order_acq_rel))
        core_->undo(result_);
}

void PermitWait::told(Verdict verdict) noexcept {
    const IntrusivePtr<CallBase> call = std::move(keep_call_);
    (verdict == Verdict::granted ? granted_ : in_deadlock_).store(true, std::memory_order_release);
    const bool aside = waits_ == Waits::aside;
    const bool is_back = call->advance(Phase::waiting, aside ? Phase::queued : Phase::running);
    if (is_back && aside)
        call->host().enqueue_held(*call);
    else if (is_back)
        call->host().release_held(*call);
    is_past_.store(true, std::memory_order_release);
    if (!is_back)
        give_back();
    else if (!aside)
        call->wake_parked();
    release();  // of the queue
}

}  // namespace concur::detail

#include "call/call_permits.hpp"

#include <fmt/format.h>

#include <thread>

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

PermitWait::PermitWait(CallBase& call, LimitCore& core, Acquisition& request, Waits waits)
    : LimitWaiter(result_, LimitCore::limits_of(request),
                  waits == Waits::in_place ? LimitCaller::innermost() : nullptr),
      waits_{waits},
      call_{call},
      keep_call_(&call),
      core_(&core) {
    core.move_request(request, result_);
}

bool PermitWait::start() {
    add_ref();  // of the queue
    if (!core_->take_or_join(*this)) return false;
    granted_.store(true, std::memory_order_release);
    keep_call_ = {};
    release();
    return true;
}

void PermitWait::let_go() noexcept {
    const bool is_late = call_.deadline() <= call_.host().clock().now();
    if (!core_->leave(*this, is_late ? LeftBecause::timeout : LeftBecause::cancelled)) return give_back();
    keep_call_ = {};
    release();  // of the queue
}

Acquisition PermitWait::take() {
    if (in_deadlock_.load(std::memory_order_acquire))
        throw LimitDeadlockError(
            "what a call takes of its limits can never be acquired: all calls that hold what is missing wait for "
            "limits of "
            "the same set, one that this call was made in among them; acquire together what is needed together");
    if (!granted_.load(std::memory_order_acquire) || taken_.exchange(true, std::memory_order_acq_rel)) return {};
    return std::move(result_);
}

void PermitWait::await_release() const noexcept {
    while (!is_past_.load(std::memory_order_acquire)) std::this_thread::yield();
}

void PermitWait::give_back() noexcept {
    if (granted_.load(std::memory_order_acquire) && !taken_.exchange(true, std::memory_order_acq_rel))
        result_.release();
}

void PermitWait::told(Verdict verdict) noexcept {
    const IntrusivePtr<CallBase> call = std::move(keep_call_);
    (verdict == Verdict::granted ? granted_ : in_deadlock_).store(true, std::memory_order_release);
    if (waits_ == Waits::aside) {
        if (call->advance(Phase::waiting, Phase::queued))
            call->host().enqueue_held(*call);
        else
            give_back();
    } else if (call->advance(Phase::waiting, Phase::running)) {
        call->host().release_held(*call);
        is_past_.store(true, std::memory_order_release);
        call->wake_parked();
    } else {
        give_back();
    }
    release();  // of the queue
}

}  // namespace concur::detail

#include "call/call_permits.hpp"

#include <fmt/format.h>

#include "concur/call/host.hpp"

namespace concur::detail {

PermitWait::PermitWait(CallBase& call, LimitCore& core, Acquisition& request, Waits waits)
    : LimitWaiter(result_, LimitCore::limits_of(request),
                  waits == Waits::in_place ? LimitCaller::innermost() : nullptr),
      waits_{waits},
      call_(&call),
      core_(&core) {
    core.move_request(request, result_);
}

bool PermitWait::start() {
    add_ref();  // of the queue
    if (!core_->take_or_join(*this)) return false;
    granted_.store(true, std::memory_order_release);
    call_ = {};
    release();
    return true;
}

void PermitWait::let_go() noexcept {
    if (!core_->leave(*this, LeftBecause::cancelled)) return give_back();
    call_ = {};
    release();  // of the queue
}

Acquisition PermitWait::take() {
    if (in_deadlock_.load(std::memory_order_acquire))
        throw LimitDeadlockError(
            "what a call takes of its limits can never be acquired: all calls that hold what is missing wait for limits of "
            "the same set, one that this call was made in among them; acquire together what is needed together");
    if (taken_.exchange(true, std::memory_order_acq_rel)) return {};
    return std::move(result_);
}

void PermitWait::give_back() noexcept {
    if (granted_.load(std::memory_order_acquire) && !taken_.exchange(true, std::memory_order_acq_rel))
        result_.release();
}

void PermitWait::told(Verdict verdict) noexcept {
    const IntrusivePtr<CallBase> call = std::move(call_);
    (verdict == Verdict::granted ? granted_ : in_deadlock_).store(true, std::memory_order_release);
    if (waits_ == Waits::aside) {
        if (call->advance(Phase::waiting, Phase::queued))
            call->host().enqueue_held(*call);
        else
            give_back();
    } else if (call->advance(Phase::waiting, Phase::running)) {
        call->wake_parked();
    } else {
        give_back();
    }
    release();  // of the queue
}

}  // namespace concur::detail

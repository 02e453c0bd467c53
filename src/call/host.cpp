#include "concur/call/host.hpp"

#include <algorithm>

namespace concur::detail {

bool CallHost::hold(CallBase& call) {
    const std::lock_guard lock(mutex_);
    if (stopping_now_) return false;
    call.add_ref();
    add_ref();
    ++held_count_;
    call.held_ = true;
    call.previous_ = nullptr;
    call.next_ = held_;
    if (held_) held_->previous_ = &call;
    held_ = &call;
    return true;
}

void CallHost::release_held(CallBase& call) noexcept {
    if (unlink(call)) forget(call);
}

void CallHost::enqueue_held(CallBase& call) noexcept {
    if (!unlink(call)) return;
    enqueue(call);
    forget(call);
}

bool CallHost::unlink(CallBase& call) noexcept {
    const std::lock_guard lock(mutex_);
    if (!call.held_) return false;
    call.held_ = false;
    if (call.next_) call.next_->previous_ = call.previous_;
    (call.previous_ ? call.previous_->next_ : held_) = call.next_;
    return true;
}

void CallHost::forget(CallBase& call) noexcept {
    bool last = false;
    {
        const std::lock_guard lock(mutex_);
        last = --held_count_ == 0;
    }
    if (last) nothing_held();
    call.release();
    release();
}

Dependencies CallHost::all_that_is_under_way() const {
    Dependencies all;
    all.on(agent_);
    const std::lock_guard lock(mutex_);
    for (CallBase* call = held_; call; call = call->next_) all.on(IntrusivePtr<StateBase>(call));
    return all;
}

void CallHost::fail_held_calls() noexcept {
    std::vector<IntrusivePtr<CallBase>> calls;
    std::vector<IntrusivePtr<StopState>> running;
    {
        const std::lock_guard lock(mutex_);
        stopping_now_ = true;
        for (CallBase* call = held_; call; call = call->next_) calls.emplace_back(call);
        running = stop_states_;
    }
    for (const IntrusivePtr<StopState>& stop : running) stop->request();
    for (const IntrusivePtr<CallBase>& call : calls) {
        if (const auto claim = call->claim(Phase::pending, Phase::waiting))
            call->complete(claim, stopped_error(name_, call->method_name()), StopReason::worker_stopped,
                           CompletedBy::other);
    }
}

void CallHost::add_stop_state(StopState& state) {
    bool stopping = false;
    {
        const std::lock_guard lock(mutex_);
        stop_states_.emplace_back(&state);
        stopping = stopping_now_;
    }
    if (stopping) state.request();
}

void CallHost::remove_stop_state(StopState& state) noexcept {
    const std::lock_guard lock(mutex_);
    std::erase_if(stop_states_, [&](const IntrusivePtr<StopState>& kept) { return kept.get() == &state; });
}

}  // namespace concur::detail

#include "concur/call/host.hpp"

#include <algorithm>

#include <boost/asio/io_context.hpp>

#include "call/call_permits.hpp"
#include "core/runtime.hpp"

namespace concur::detail {

constinit thread_local const Construction* Construction::innermost_ = nullptr;

namespace {

const CallPolicy no_policy{};

}  // namespace

CallHost::CallHost(std::string name, Clock& clock, std::shared_ptr<Observer> observer, InstrumentSettings instruments,
                   std::shared_ptr<const CallPolicies> policies, std::unique_ptr<const LimitPool> limits)
    : name_{std::move(name)},
      clock_(&clock),
      observer_{std::move(observer)},
      instruments_{instruments.empty() ? nullptr : std::make_unique<Instruments>(std::move(instruments))},
      limits_{std::move(limits)},
      policies_{std::move(policies)},
      policies_in_force_{policies_ && !policies_->are_absent() ? policies_.get() : nullptr},
      enrolment_{clock.enroll()},
      counts_activities_{clock.counts_activities()} {
    clock_->add_host(*this);
}

CallHost::~CallHost() { clock_->remove_host(*this); }

IntrusivePtr<CallsAside> CallHost::calls_aside() {
    const std::lock_guard lock(mutex_);
    if (!calls_aside_) calls_aside_ = IntrusivePtr(new CallsAside);
    return calls_aside_;
}

IntrusivePtr<CallsAside> CallHost::calls_aside_if_any() const {
    const std::lock_guard lock(mutex_);
    return calls_aside_;
}

const CallPolicy& CallHost::policy_of(const MethodInfo& method) const noexcept {
    return policies_ ? policies_->of(method) : no_policy;
}

const CallPolicy* CallHost::policy_in_force(const CallBase& call) const noexcept {
    if (const CallPolicy* own = call.own_policy()) return own;
    const CallPolicy& policy = policy_of(call.method());
    return policy.is_absent() && call.deadline() == no_deadline ? nullptr : &policy;
}

boost::asio::execution_context& CallHost::loop() { return runtime_loop(); }

std::optional<RepeatableChance> CallHost::next_chance() noexcept {
    if (!enrolment_) return std::nullopt;
    return RepeatableChance{enrolment_->seed, enrolment_->number, chances_.fetch_add(1, std::memory_order_relaxed) + 1};
}

bool CallHost::hold(CallBase& call) {
    CallBase::Rare& place = call.rare();
    loop_work_began();  // it will come back there
    std::unique_lock lock(mutex_);
    if (stopping_now_ || has_left_) {
        lock.unlock();
        loop_work_ended();
        return false;
    }
    call.add_ref();
    add_ref();
    ++held_count_;
    place.held = true;
    place.previous_held = nullptr;
    place.next_held = held_;
    if (held_) held_->rare().previous_held = &call;
    held_ = &call;
    return true;
}

void CallHost::release_held(CallBase& call) noexcept {
    if (take_held(call)) forget(call);
}

void CallHost::enqueue_taken(CallBase& call) noexcept {
    enqueue(call);
    forget(call);
}

bool CallHost::take_held(CallBase& call) noexcept {
    CallBase::Rare* place = call.rare_.load(std::memory_order_acquire);
    if (!place) return false;
    const std::lock_guard lock(mutex_);
    if (!place->held) return false;
    place->held = false;
    if (place->next_held) place->next_held->rare().previous_held = place->previous_held;
    (place->previous_held ? place->previous_held->rare().next_held : held_) = place->next_held;
    return true;
}

void CallHost::forget(CallBase& call) noexcept {
    bool last = false;
    {
        const std::lock_guard lock(mutex_);
        last = --held_count_ == 0;
    }
    if (last) nothing_held();
    loop_work_ended();
    clock_->held_call_left();
    waits_no_more(call);
    call.release();
    release();
}

void CallHost::dependencies(Dependencies& dependencies) const {
    dependencies.on(agent_);
    const std::lock_guard lock(mutex_);
    for (CallBase* call = held_; call; call = call->rare().next_held) dependencies.on(IntrusivePtr<StateBase>(call));
}

bool CallHost::list_held(std::vector<IntrusivePtr<CallBase>>& calls) const {
    const std::lock_guard lock(mutex_);
    std::size_t listed = 0;
    for (CallBase* call = held_; call; call = call->rare().next_held, ++listed) calls.emplace_back(call);
    return listed == held_count_;
}

void CallHost::fail_held_calls() noexcept {
    std::vector<IntrusivePtr<CallBase>> calls;
    {
        const std::lock_guard lock(mutex_);
        stopping_now_ = true;
        for (CallBase* call = held_; call; call = call->rare().next_held) calls.emplace_back(call);
    }
    for (const IntrusivePtr<CallBase>& call : calls) end_by_stop(*call);
}

// A coroutine runs: it is asked, and ends as it sees fit.
void CallHost::end_by_stop(CallBase& call) const noexcept {
    const IntrusivePtr<StateBase> source = call.phase() == Phase::waiting ? call.source() : IntrusivePtr<StateBase>();
    if (source && source->is_code())
        source->cancel(Cancel::only_this);
    else if (const auto claim = call.claim(Phase::pending, Phase::waiting))
        call.complete(claim, stopped_error(name_, call.method_name()), StopReason::worker_stopped, CompletedBy::other);
}

void CallHost::request_stop_of_calls() noexcept {
    std::vector<IntrusivePtr<StopState>> running;
    {
        const std::lock_guard lock(mutex_);
        running = stop_states_;
    }
    for (const IntrusivePtr<StopState>& stop : running) stop->request();
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
    state.dissolve();
    const std::lock_guard lock(mutex_);
    std::erase_if(stop_states_, [&](const IntrusivePtr<StopState>& kept) { return kept.get() == &state; });
}

}  // namespace concur::detail

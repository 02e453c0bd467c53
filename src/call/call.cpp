#include "concur/call/call.hpp"

#include <fmt/format.h>

#include "call/attempts.hpp"
#include "concur/call/crossing.hpp"
#include "concur/call/host.hpp"
#include "concur/call/inputs.hpp"
#include "concur/core/errors.hpp"

namespace concur::detail {

CallBase::Rare& CallBase::rare() {
    Rare* rare = rare_.load(std::memory_order_acquire);
    if (rare) return *rare;
    auto fresh = std::make_unique<Rare>();
    if (rare_.compare_exchange_strong(rare, fresh.get(), std::memory_order_seq_cst)) rare = fresh.release();
    return *rare;
}

void CallBase::drop_rare() noexcept {
    Rare* rare = rare_.load(std::memory_order_relaxed);
    delete rare->inputs;
    if (StopState* stop = rare->stop.load(std::memory_order_relaxed)) stop->release();
    delete rare;
}

StateBase** CallBase::source_slot() noexcept {
    Rare* rare = rare_.load(std::memory_order_acquire);
    return rare ? &rare->source : nullptr;
}

StateBase** CallBase::make_source_slot() { return &rare().source; }

// ---- deadlines

const CallPolicy* CallBase::own_policy() const noexcept {
    const Timed* timed = this->timed();
    return timed ? timed->own_policy.get() : nullptr;
}

TimePoint CallBase::deadline() const noexcept {
    const Timed* timed = this->timed();
    if (!timed) return no_deadline;
    const Timing& timing = timed->timing;
    // What the outer call merely started goes on after its end.
    if (timing.outer && timing.outer->is_dissolved()) return timing.deadline;
    return std::min(timing.deadline, timing.inherited_deadline);
}

TimePoint CallBase::submitted() const noexcept {
    const Timed* timed = this->timed();
    return timed ? timed->timing.submitted : TimePoint();
}

void CallBase::set_timing(Timing timing, std::shared_ptr<const CallPolicy> own_policy) {
    const bool ends = std::min(timing.deadline, timing.inherited_deadline) != no_deadline && !host_->runs_in_caller();
    rare().timed = std::make_unique<const Timed>(
        Timed{std::move(own_policy), std::move(timing),
              IntrusivePtr<CallDeadline>(ends ? new CallDeadline(host_->clock()) : nullptr)});
}

// Who ends the call looks for the timer after that, who sets the timer looks at the call after that: one of them lets
// it go.
void CallBase::arm_deadline() {
    const Timed* timed = this->timed();
    if (!timed || !timed->deadline_timer) return;
    timed->deadline_timer->start(*this, deadline());
    if (done()) disarm_deadline();
}

void CallBase::disarm_deadline() noexcept {
    const Timed* timed = this->timed();
    if (timed && timed->deadline_timer) timed->deadline_timer->let_go();
}

void CallBase::set_last_error(std::exception_ptr error) noexcept {
    Rare& place = rare();
    lock_source();
    std::swap(place.last_error, error);
    unlock_source();
}

std::exception_ptr CallBase::last_error() const noexcept {
    const Rare* rare = rare_.load(std::memory_order_acquire);
    if (!rare) return nullptr;
    lock_source();
    std::exception_ptr error = rare->last_error;
    unlock_source();
    return error;
}

void CallBase::inherit_stop() {
    const Timed* timed = this->timed();
    if (timed && timed->timing.outer && !done()) Heir::begin(*this, timed->timing.outer);
}

// ---- stopping
//
// The flag in the phase word and the pointer to the stop state form a Dekker pair, both sequentially consistent: either
// who cancels sees the stop state, or who makes it sees the flag.

StopToken CallBase::stop_token(TimePoint deadline) {
    std::atomic<StopState*>& place = rare().stop;
    StopState* stop = place.load(std::memory_order_acquire);
    if (!stop) {
        IntrusivePtr<StopState> fresh(new StopState(clock(), deadline));
        if (place.compare_exchange_strong(stop, fresh.get(), std::memory_order_seq_cst)) {
            stop = fresh.detach();
            host_->add_stop_state(*stop);
            if (stop_requested()) stop->request();
        }
    }
    return StopToken(IntrusivePtr(stop));
}

void CallBase::retire_stop_state() noexcept {
    Rare* rare = rare_.load(std::memory_order_acquire);
    if (!rare) return;
    lock_source();
    StopState* const stop = rare->stop.exchange(nullptr, std::memory_order_seq_cst);
    unlock_source();
    if (!stop) return;
    host_->remove_stop_state(*stop);
    stop->release();
}

void CallBase::stop_what_it_began() noexcept {
    on_stop_requested();
    retire_stop_state();
}

void CallBase::request_stop_of_attempt(int number) noexcept {
    lock_source();
    const IntrusivePtr<StopState> stop(attempts() == number ? stop_state() : nullptr);
    unlock_source();
    if (stop) stop->request();
}

void CallBase::on_stop_requested() noexcept {
    if (const IntrusivePtr<CallAbroad> there = abroad())
        there->request_stop();
    else
        request_stop_of_attempt(attempts());
}

bool CallBase::withdraw() noexcept {
    const IntrusivePtr<CallAbroad> there = abroad();
    return there && there->withdraw();
}

IntrusivePtr<CallAbroad> CallBase::abroad() const noexcept {
    const Rare* rare = rare_.load(std::memory_order_acquire);
    if (!rare) return {};
    lock_source();
    IntrusivePtr<CallAbroad> there = rare->abroad;
    unlock_source();
    return there;
}

void CallBase::set_abroad(IntrusivePtr<CallAbroad> abroad) {
    Rare& place = rare();
    lock_source();
    std::swap(place.abroad, abroad);
    unlock_source();
}

// ---- values from elsewhere

bool CallBase::publish_encoded_value(std::vector<std::byte> bytes) {
    auto encoded = std::make_unique<EncodedValue>();
    encoded->bytes = std::move(bytes);
    rare().encoded = std::move(encoded);
    return publish_encoded(Phase::running);
}

// Who comes second waits for the first: that one decodes what both need.
void CallBase::decode_value() {
    EncodedValue& encoded = *rare().encoded;
    const std::lock_guard lock(encoded.mutex);
    if (encoded.error) std::rethrow_exception(encoded.error);
    if (!value_is_encoded()) return;
    try {
        crossing()->decode_result(*this, encoded.bytes);
    } catch (...) {
        encoded.error = std::current_exception();
        throw;
    }
    std::vector<std::byte>().swap(encoded.bytes);
    value_is_decoded();
}

bool CallBase::append_encoded_value(std::vector<std::byte>& to) {
    if (!value_is_encoded()) return false;
    EncodedValue& encoded = *rare().encoded;
    const std::lock_guard lock(encoded.mutex);
    if (!value_is_encoded()) return false;
    to.insert(to.end(), encoded.bytes.begin(), encoded.bytes.end());
    return true;
}

// A stop marks the host before it looks for calls that wait: one of the two sees the other.
void CallBase::began_to_wait() noexcept {
    if (host_->fails_held_calls()) host_->end_by_stop(*this);
}

void CallBase::claimed(Phase from) noexcept {
    if (from != Phase::running) drop_arguments();
}

void CallBase::ended(Phase from, CompletedBy by) noexcept {
    if (from == Phase::pending)
        if (Inputs* inputs = rare().inputs) inputs->leave();
    disarm_deadline();
    if (from == Phase::waiting || from == Phase::queued) let_go_of_attempts();
    // What its method has begun ends with it. A queued call stays in its queue as a tombstone until the worker comes
    // by, which may have happened already: it keeps no worker alive. A stop of the worker asks all that it finds, after
    // this.
    if (from == Phase::queued && by == CompletedBy::other) on_stop_requested();
    if (from == Phase::waiting && !host_->fails_held_calls()) {
        if (by == CompletedBy::other) on_stop_requested();
        retire_stop_state();
    }
    if (from == Phase::pending || from == Phase::waiting) host_->release_held(*this);
}

void CallBase::let_go_of_attempts() noexcept {
    Rare* const rare = rare_.load(std::memory_order_acquire);
    if (rare && rare->attempts) rare->attempts->let_go();
}

void CallBase::describe_failure(Failure& failure, std::shared_ptr<Observer>& observer) const {
    failure.worker = host_->name();
    failure.method = method_->name;
    observer = host_->observer();
}

const Workload* CallBase::workload() const noexcept { return host_; }

void CallBase::dependencies(Dependencies& dependencies) {
    switch (phase()) {
        case Phase::pending:
            // It will need its worker, too: seen now, because nobody looks again when it is queued there.
            dependencies.on(host_->agent());
            if (Inputs* inputs = rare().inputs) inputs->dependencies(dependencies);
            break;
        case Phase::queued:
        case Phase::running:
            dependencies.on(host_->agent());
            break;
        case Phase::waiting:
            StateBase::dependencies(dependencies);
            // Its next attempt, or the look at what this one returned, needs the worker.
            if (!host_->runs_in_caller() && host_->policy_in_force(*this)) dependencies.on(host_->agent());
            break;
        case Phase::finishing:
        case Phase::done:
            break;
    }
}

std::exception_ptr stopped_error(std::string_view worker, std::string_view method) {
    return std::make_exception_ptr(WorkerStoppedError(fmt::format("{} was not finished: the worker {} has been stopped",
                                                                  method.empty() ? "the call" : method, worker)));
}

}  // namespace concur::detail

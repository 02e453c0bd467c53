#include "concur/call/call.hpp"

#include <fmt/format.h>

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

// The flag in the phase word and the pointer to the stop state form a Dekker pair, both sequentially consistent: either
// who cancels sees the stop state, or who makes it sees the flag.
StopToken CallBase::stop_token() {
    std::atomic<StopState*>& place = rare().stop;
    StopState* stop = place.load(std::memory_order_acquire);
    if (!stop) {
        IntrusivePtr<StopState> fresh(new StopState(clock()));
        if (place.compare_exchange_strong(stop, fresh.get(), std::memory_order_seq_cst)) {
            stop = fresh.detach();
            host_->add_stop_state(*stop);
            if (stop_requested()) stop->request();
        }
    }
    return StopToken(IntrusivePtr(stop));
}

void CallBase::on_stop_requested() noexcept {
    if (StopState* stop = stop_state()) {
        const IntrusivePtr<StopState> keep(stop);
        stop->request();
    }
}

// A stop marks the host before it looks for calls that wait: one of the two sees the other.
void CallBase::began_to_wait() noexcept {
    if (!host_->fails_held_calls()) return;
    if (const auto claim = this->claim(Phase::waiting))
        complete(claim, stopped_error(host_->name(), method_name()), StopReason::worker_stopped, CompletedBy::other);
}

void CallBase::claimed(Phase from) noexcept {
    if (from == Phase::pending || from == Phase::queued) drop_arguments();
}

void CallBase::ended(Phase from) noexcept {
    if (from == Phase::pending)
        if (Inputs* inputs = rare().inputs) inputs->leave();
    // A queued call stays in its queue as a tombstone until the worker comes by.
    if (from == Phase::pending || from == Phase::waiting) host_->release_held(*this);
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

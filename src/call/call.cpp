#include "concur/call/call.hpp"

#include <fmt/format.h>

#include "concur/call/host.hpp"
#include "concur/call/inputs.hpp"
#include "concur/core/errors.hpp"

namespace concur::detail {

CallBase::CallBase(Phase phase, const MethodInfo& method, CallHost& host) noexcept
    : StateBase(phase), method_{&method}, host_{&host} {
    set_clock(host.clock());
}

CallBase::~CallBase() {
    delete inputs_;
    if (StopState* stop = stop_.load(std::memory_order_relaxed)) stop->release();
}

// The flag in the phase word and the pointer to the stop state form a Dekker pair, both sequentially consistent: either
// who cancels sees the stop state, or who makes it sees the flag.
StopToken CallBase::stop_token() {
    StopState* stop = stop_.load(std::memory_order_acquire);
    if (!stop) {
        auto* fresh = new StopState(clock());
        fresh->add_ref();
        if (stop_.compare_exchange_strong(stop, fresh, std::memory_order_seq_cst)) {
            stop = fresh;
            host_->add_stop_state(*stop);
            if (stop_requested()) stop->request();
        } else {
            fresh->release();
        }
    }
    return StopToken(IntrusivePtr(stop));
}

void CallBase::on_stop_requested() noexcept {
    if (StopState* stop = stop_.load(std::memory_order_seq_cst)) {
        const IntrusivePtr<StopState> keep(stop);
        stop->request();
    }
}

void CallBase::ended(Phase from) noexcept {
    // A queued call stays in its queue as a tombstone until the worker comes by.
    if (from == Phase::pending || from == Phase::queued) drop_arguments();
    if (from == Phase::pending || from == Phase::waiting) host_->release_held(*this);
}

void CallBase::describe_failure(Failure& failure, std::shared_ptr<Observer>& observer) const {
    failure.worker = host_->name();
    failure.method = method_->name;
    observer = host_->observer();
}

void CallBase::dependencies(Dependencies& dependencies) {
    switch (phase()) {
        case Phase::pending:
            if (inputs_) inputs_->dependencies(dependencies);
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

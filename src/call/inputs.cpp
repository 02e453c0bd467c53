#include "concur/call/inputs.hpp"

#include <fmt/format.h>

#include "concur/core/errors.hpp"
#include "concur/future/wait.hpp"

namespace concur::detail {

class Inputs::Node final : public Continuation {
public:
    Node() noexcept : Continuation(Code::library) {}

    void run(StateBase& input) noexcept override {
        const IntrusivePtr<CallBase> call = std::move(call_);  // owns this node
        call->rare().inputs->arrived(index_, input);
    }

    IntrusivePtr<CallBase> call_;
    std::size_t index_ = 0;
};

namespace {

class Collect final : public InputVisitor {
public:
    void operator()(StateBase& input) override {
        input.refuse_if_forked();
        inputs.emplace_back(&input);
    }
    std::vector<IntrusivePtr<StateBase>> inputs;
};

}  // namespace

Inputs::Inputs(CallBase& call) : call_{call} {}
Inputs::~Inputs() = default;

bool Inputs::start(CallBase& call) {
    Collect collect;
    call.visit_inputs(collect);

    const IntrusivePtr<CallBase> keep(&call);
    Inputs& self = *(call.rare().inputs = new Inputs(call));
    const std::size_t count = collect.inputs.size();
    const std::vector<IntrusivePtr<StateBase>> all = collect.inputs;
    self.inputs_ = std::move(collect.inputs);
    self.nodes_ = std::make_unique<Node[]>(count);
    self.missing_.store(count + 1, std::memory_order_relaxed);  // one for this function: not ready before its end
    // Only now, because a stop may end a held call, and with it its arguments, at any moment.
    if (!call.host().hold(call)) return false;
    for (std::size_t i = 0; i < count; ++i) {
        Node& node = self.nodes_[i];
        node.call_ = keep;
        node.index_ = i;
        if (!all[i]->attach(node)) node.run(*all[i]);
    }
    // Ended meanwhile: who did that may have left before the last were attached.
    if (call.phase() != Phase::pending) self.leave();
    // Somebody may wait for all that this worker has under way, and an input for that one.
    if (closes_ring(call)) self.fail_in_ring();
    if (self.missing_.fetch_sub(1, std::memory_order_acq_rel) == 1) self.ready();
    return true;
}

Future<void> Inputs::settled(CallBase& call) {
    Collect collect;
    call.visit_inputs(collect);
    return when_settled(std::move(collect.inputs), ReturnWhen::first_exception);
}

std::exception_ptr Inputs::failure(CallBase& call) {
    Collect collect;
    call.visit_inputs(collect);
    for (const IntrusivePtr<StateBase>& input : collect.inputs)
        if (input->done() && input->error()) return input->see_error();
    return nullptr;
}

void Inputs::leave() noexcept {
    std::vector<IntrusivePtr<StateBase>> missing;
    {
        const std::lock_guard lock(mutex_);
        missing = inputs_;
    }
    const IntrusivePtr<CallBase> keep(&call_);
    for (std::size_t i = 0; i < missing.size(); ++i)
        if (missing[i] && missing[i]->detach(nodes_[i])) nodes_[i].call_ = {};
}

void Inputs::arrived(std::size_t index, StateBase& input) noexcept {
    IntrusivePtr<StateBase> gone;  // released outside the lock
    {
        const std::lock_guard lock(mutex_);
        std::swap(gone, inputs_[index]);
    }
    if (input.error()) {
        if (const auto claim = call_.claim(Phase::pending))
            call_.complete(claim, input.see_error(), StopReason::input_failed, CompletedBy::owner);
    }
    if (missing_.fetch_sub(1, std::memory_order_acq_rel) == 1) ready();
}

void Inputs::fail_in_ring() noexcept {
    if (const auto claim = call_.claim(Phase::pending))
        call_.complete(claim,
                       std::make_exception_ptr(DeadlockError(
                           fmt::format("{} waits for what waits for its own worker {} to end or to become idle",
                                       call_.method_name(), call_.host().name()))),
                       StopReason::input_failed, CompletedBy::owner);
}

void Inputs::ready() noexcept {
    // Not if an input failed, or the call was cancelled: then it is over.
    if (!call_.advance(Phase::pending, Phase::queued)) return;
    call_.host().enqueue_held(call_);
}

void Inputs::dependencies(Dependencies& dependencies) {
    const std::lock_guard lock(mutex_);
    for (const IntrusivePtr<StateBase>& input : inputs_)
        if (input) dependencies.on(input);
}

}  // namespace concur::detail

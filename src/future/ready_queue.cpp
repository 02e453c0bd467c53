#include "ready_queue.hpp"

#include <utility>

#include "concur/future/wait_graph.hpp"
#include "core/runtime.hpp"

namespace concur::detail {
namespace {

thread_local ReadyQueue queue_of_this_thread;

}  // namespace

/// Callbacks of one state that the runtime runs, one after the other.
class DeferredCallbacks final : public RuntimeTask {
public:
    DeferredCallbacks(Continuation* newest, StateBase& source) noexcept : newest_{newest}, source_{&source} {}

    void run() noexcept override {
        // On the runtime the callbacks are at home: what follows from them is done by its owner.
        ReadyQueue& queue = ReadyQueue::of_this_thread();
        queue.add(newest_, *source_, false);
        queue.run();
        delete this;
    }

private:
    Continuation* newest_;
    IntrusivePtr<StateBase> source_;
};

ReadyQueue& ReadyQueue::of_this_thread() noexcept { return queue_of_this_thread; }

void ReadyQueue::add(Continuation* list, StateBase& source, bool for_other) noexcept {
    Continuation* oldest = nullptr;
    Continuation* callbacks = nullptr;  // newest first again
    while (list) {
        Continuation* next = list->next_;
        list->next_ = oldest;
        oldest = list;
        list = next;
    }
    while (oldest) {
        Continuation* next = oldest->next_;
        oldest->next_ = nullptr;
        if (for_other && oldest->code_ == Continuation::Code::user) {
            oldest->next_ = std::exchange(callbacks, oldest);
        } else {
            source.add_ref();
            oldest->source_ = &source;
            oldest->for_other_ = for_other;
            (last_ ? last_->next_ : first_) = oldest;
            last_ = oldest;
        }
        oldest = next;
    }
    if (callbacks) runtime_post(*new DeferredCallbacks(callbacks, source), source.clock());
}

void ReadyQueue::run() noexcept {
    if (!running_) run_nested();
}

void ReadyQueue::run_nested() noexcept {
    const bool running_before = std::exchange(running_, true);
    const bool for_other_before = for_other_;
    const Role role;
    while (first_) {
        Continuation* continuation = first_;
        first_ = continuation->next_;
        if (!first_) last_ = nullptr;
        StateBase* source = continuation->source_;
        for_other_ = continuation->for_other_;
        continuation->run(*source);
        source->release();
    }
    for_other_ = for_other_before;
    running_ = running_before;
}

void run_ready_continuations() noexcept { queue_of_this_thread.run_nested(); }

}  // namespace concur::detail

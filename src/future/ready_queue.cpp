#include "ready_queue.hpp"

#include <utility>

#include "concur/future/wait_graph.hpp"
#include "core/runtime.hpp"

namespace concur::detail {
namespace {

thread_local ReadyQueue queue_of_this_thread;

}  // namespace

/// Callbacks that the runtime runs, one after the other.
class DeferredCallbacks final : public RuntimeTask {
public:
    explicit DeferredCallbacks(ReadyList callbacks) noexcept : callbacks_{callbacks} {}

    void run() noexcept override {
        ReadyQueue::of_this_thread().run(callbacks_);
        delete this;
    }

private:
    ReadyList callbacks_;
};

ReadyQueue& ReadyQueue::of_this_thread() noexcept { return queue_of_this_thread; }

void ReadyList::push(Continuation& continuation) noexcept {
    continuation.next_ = nullptr;
    (last ? last->next_ : first) = &continuation;
    last = &continuation;
}

Continuation& ReadyList::pop() noexcept {
    Continuation& continuation = *first;
    first = continuation.next_;
    if (!first) last = nullptr;
    return continuation;
}

void ReadyQueue::add(Continuation* list, StateBase& source, bool for_other) noexcept {
    Continuation* oldest = nullptr;
    while (list) {
        Continuation* next = list->next_;
        list->next_ = oldest;
        oldest = list;
        list = next;
    }
    ReadyList callbacks;
    while (oldest) {
        Continuation& continuation = *oldest;
        oldest = continuation.next_;
        source.add_ref();
        continuation.source_ = &source;
        const bool elsewhere = for_other && continuation.code_ == Continuation::Code::user;
        // On the runtime the callbacks are at home: what follows from them is done by its owner.
        continuation.for_other_ = for_other && !elsewhere;
        (elsewhere ? callbacks : ready_).push(continuation);
    }
    defer(callbacks);
}

void ReadyQueue::run() noexcept {
    if (running_) return;
    const bool running_before = std::exchange(running_, true);
    while (ready_.first) run_one(ready_.pop());
    running_ = running_before;
}

void ReadyQueue::run(ReadyList callbacks) noexcept {
    while (callbacks.first) ready_.push(callbacks.pop());
    run();
}

void ReadyQueue::empty_for_wait() noexcept {
    ReadyList callbacks;
    while (ready_.first) {
        Continuation& continuation = ready_.pop();
        if (continuation.code_ == Continuation::Code::user) {
            continuation.for_other_ = false;
            callbacks.push(continuation);
        } else {
            run_one(continuation);
        }
    }
    defer(callbacks);
}

void ReadyQueue::run_one(Continuation& continuation) noexcept {
    const bool for_other_before = std::exchange(for_other_, continuation.for_other_);
    const Role role;
    StateBase* source = continuation.source_;
    continuation.run(*source);
    source->release();
    for_other_ = for_other_before;
}

void ReadyQueue::defer(ReadyList callbacks) noexcept {
    if (callbacks.first) runtime_post(*new DeferredCallbacks(callbacks));
}

void make_way_for_wait() noexcept { queue_of_this_thread.empty_for_wait(); }

}  // namespace concur::detail

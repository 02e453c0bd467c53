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
    append({&continuation, &continuation});
}

void ReadyList::append(ReadyList list) noexcept {
    if (!list.first) return;
    (last ? last->next_ : first) = list.first;
    last = list.last;
}

Continuation& ReadyList::pop() noexcept {
    Continuation& continuation = *first;
    first = continuation.next_;
    if (!first) last = nullptr;
    return continuation;
}

void ReadyQueue::run_all(Continuation* list, StateBase& source, bool for_other) noexcept {
    const bool is_alone = !running_ && !list->next_ && list->code_ == Continuation::Code::library;
    if (!is_alone) {
        add(list, source, for_other);
        return run();
    }
    // What futures that are waited for together have, a million times: it need not pass through the queue.
    running_ = true;
    list->source_ = &source;
    list->for_other_ = for_other;
    run_one(*list);
    running_ = false;
    run();
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
        const bool users = continuation.code_ != Continuation::Code::library;
        // On the runtime the callbacks are at home: what follows from them is done by its owner.
        continuation.for_other_ = for_other && !users;
        (users ? callbacks : library_).push(continuation);
    }
    if (for_other)
        defer(callbacks, source.clock());
    else
        callbacks_.append(callbacks);
}

void ReadyQueue::run_at_once(Continuation& continuation, StateBase& source) noexcept {
    constexpr int deepest = 32;
    if (depth_ == deepest) {
        source.add_ref();
        continuation.source_ = &source;
        return callbacks_.push(continuation);
    }
    ++depth_;
    continuation.run(source);
    if (--depth_ == 0) run();
}

void ReadyQueue::run() noexcept {
    if (running_) return;
    running_ = true;
    for (;;) {
        run_library();
        if (!callbacks_.first) break;
        run_counted(callbacks_.pop());
    }
    running_ = false;
}

void ReadyQueue::run(ReadyList callbacks) noexcept {
    callbacks_.append(callbacks);
    run();
}

void ReadyQueue::empty_for_wait() noexcept {
    run_library();
    if (!callbacks_.first) return;
    // They were part of what this thread does.
    const ActiveThread* active = ActiveThread::innermost();
    Clock& clock = active ? active->clock() : callbacks_.first->source_->clock();
    defer(std::exchange(callbacks_, {}), clock);
}

void ReadyQueue::run_library() noexcept {
    while (library_.first) run_counted(library_.pop());
}

void ReadyQueue::run_counted(Continuation& continuation) noexcept {
    StateBase* const source = continuation.source_;
    run_one(continuation);
    source->release();
}

void ReadyQueue::run_one(Continuation& continuation) noexcept {
    const bool for_other_before = std::exchange(for_other_, continuation.for_other_);
    const Role role;
    continuation.run(*continuation.source_);
    for_other_ = for_other_before;
}

void ReadyQueue::defer(ReadyList callbacks, Clock& clock) noexcept {
    if (callbacks.first) runtime_post(*new DeferredCallbacks(callbacks), clock);
}

void run_at_once(Continuation& continuation, StateBase& source) noexcept {
    queue_of_this_thread.run_at_once(continuation, source);
}

void make_way_for_wait() noexcept { queue_of_this_thread.empty_for_wait(); }

}  // namespace concur::detail

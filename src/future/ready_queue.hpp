/// Continuations that are ready to run on this thread.
#pragma once

#include "concur/future/state.hpp"

namespace concur::detail {

/// Continuations in the order in which they are to run, each with a reference on its source.
struct ReadyList {
    Continuation* first = nullptr;
    Continuation* last = nullptr;

    void push(Continuation& continuation) noexcept;
    void append(ReadyList list) noexcept;
    /// The first one; there must be one.
    Continuation& pop() noexcept;
};

/// A thread's queue of continuations. Completing a state inside a continuation queues what follows instead of calling
/// it, so a chain of a million continuations needs no deeper stack than one. The library's own go first: they are
/// short, and make calls start; the user's keep their order.
class ReadyQueue {
public:
    static ReadyQueue& of_this_thread() noexcept;

    /// Runs a closed list (newest first, as it was attached), oldest first, and what follows from that; unless a call
    /// further up on this thread's stack is at it, which goes on with these. The caller holds a reference on `source`.
    void run_all(Continuation* list, StateBase& source, bool for_other) noexcept;

    /// For a source that is done: runs the continuation at once. Deep inside others of that kind it is queued instead,
    /// so that a loop of them needs no deeper stack the longer it is.
    void run_at_once(Continuation& continuation, StateBase& source) noexcept;

    /// Runs all, unless a call further up on this thread's stack does that already.
    void run() noexcept;
    void run(ReadyList callbacks) noexcept;

    /// Before the thread blocks inside a continuation: what it waits for may follow from what is queued here. The
    /// library's own continuations run at once. The user's go to the runtime: run here, inside a callback that waits,
    /// they would nest without bound, and might want a mutex that the waiting one holds.
    void empty_for_wait() noexcept;

    /// True while a continuation runs that follows from what somebody other than the owner did.
    [[nodiscard]] bool runs_for_other() const noexcept { return for_other_; }

private:
    void add(Continuation* list, StateBase& source, bool for_other) noexcept;
    void run_library() noexcept;
    /// With a reference on its source, which is dropped.
    void run_counted(Continuation& continuation) noexcept;
    void run_one(Continuation& continuation) noexcept;
    static void defer(ReadyList callbacks, Clock& clock) noexcept;

    ReadyList library_;
    ReadyList callbacks_;  // none of them follows from what somebody other than the owner did
    int depth_ = 0;        // of run_at_once()
    bool running_ = false;
    bool for_other_ = false;
};

}  // namespace concur::detail

/// Continuations that are ready to run on this thread.
#pragma once

#include "concur/future/state.hpp"

namespace concur::detail {

/// A thread's queue of continuations. Completing a state inside a continuation queues what follows instead of calling
/// it, so a chain of a million continuations needs no deeper stack than one.
class ReadyQueue {
public:
    static ReadyQueue& of_this_thread() noexcept;

    /// Adds a closed list (newest first, as it was attached), to be run oldest first. The caller holds a reference on
    /// `source`.
    void add(Continuation* list, StateBase& source, bool for_other) noexcept;

    /// Runs all, unless a call further up on this thread's stack does that already.
    void run() noexcept;
    /// Runs all, also from inside a continuation.
    void run_nested() noexcept;

    /// True while a continuation runs that follows from what somebody other than the owner did.
    [[nodiscard]] bool runs_for_other() const noexcept { return for_other_; }

private:
    Continuation* first_ = nullptr;
    Continuation* last_ = nullptr;
    bool running_ = false;
    bool for_other_ = false;
};

}  // namespace concur::detail

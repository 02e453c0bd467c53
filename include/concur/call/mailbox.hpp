/// The queue in front of a worker that has a thread of its own.
#pragma once

#include <atomic>

#include "concur/call/call.hpp"
#include "concur/core/clock.hpp"

namespace concur::detail {

/// Many producers, one consumer, no lock. A call costs its producer one compare-and-swap, and a system call only if the
/// consumer sleeps.
///
/// One word holds the newest call, or says that there is none: empty, empty and the consumer sleeps, or closed.
/// Producers push in front; the consumer takes all at once and turns them round, so calls of one producer come out in
/// their order. Because "the consumer sleeps" is in the same word, whoever replaces it knows that a wake-up is due, and
/// nobody else does. docs/design/mailbox.md
class Mailbox {
public:
    Mailbox() = default;
    Mailbox(const Mailbox&) = delete;
    Mailbox& operator=(const Mailbox&) = delete;

    /// Adds the call, which comes with a reference; false, without having taken it, if the mailbox is closed.
    [[nodiscard]] bool push(CallBase& call) noexcept;

    /// All calls, oldest first, linked; null if there is none. Each comes with its reference. Any thread may do this.
    [[nodiscard]] CallBase* take_all() noexcept;
    [[nodiscard]] static CallBase* next(const CallBase& call) noexcept { return call.next_; }

    [[nodiscard]] bool has_calls() const noexcept;

    /// For the consumer: sleeps until there is a call or somebody calls `nudge`. Returns at once if that has happened
    /// since the last sleep.
    void sleep(Clock& clock) noexcept;
    /// Makes the consumer look round without a call.
    void nudge() noexcept;
    [[nodiscard]] bool is_nudged() const noexcept { return nudged_.load(std::memory_order_relaxed); }

    /// For the consumer: takes no more calls; false if there is one.
    [[nodiscard]] bool close() noexcept;

private:
    void signal() noexcept;

    // A producer's release store of a call pairs with the consumer's acquire when it takes it. The marks are addresses
    // of objects that are no calls.
    std::atomic<void*> newest_{nullptr};
    ParkingWord awake_{1};
    // With the mark for "sleeps" a Dekker pair, both sequentially consistent: either the consumer sees the nudge before
    // it sleeps, or who nudges sees that it sleeps.
    std::atomic<bool> nudged_{false};
};

}  // namespace concur::detail

/// What a call takes of its worker's limits by itself, and how it waits for that.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "concur/call/call.hpp"
#include "concur/call/call_policy.hpp"
#include "concur/limits/limit_pool.hpp"
#include "limits/limit_core.hpp"

namespace concur::detail {

/// What an attempt takes by itself. Throws what functions of the arguments throw.
[[nodiscard]] LimitRequests requests_of(const CallPolicy& policy, CallBase& call, int attempt);

/// Tells the limits what functions of the result say. One that throws is warned of, and changes nothing.
void report_used(const CallPolicy& policy, CallBase& call, Acquisition& held) noexcept;

class PermitWait;

/// The calls of one worker that are put aside until they get permits, and those that have got them and stand in the
/// worker's queue. Shared by the worker and the waits, because a call may be ended when its worker has gone.
///
/// Threads: all members from any thread.
class CallsAside {
public:
    void add_ref() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }

    /// Keeps a reference until it is removed.
    void add(PermitWait& wait) noexcept;
    void remove(PermitWait& wait) noexcept;
    /// The worker's thread is about to wait for permits of `core`: until it goes on, none of these calls can begin.
    void step_back(const LimitCore& core);

private:
    ~CallsAside() = default;

    std::atomic<std::uint32_t> references_{0};
    std::mutex mutex_;
    PermitWait* first_ = nullptr;
};

/// The calling thread is about to wait for permits of `core`: calls of the workers that it runs, which wait for permits
/// of the same set and cannot begin before it goes on, let it go first. `between_calls`: a worker that it runs, too,
/// although no method of that has begun.
void let_this_thread_go_first(const LimitCore& core, CallHost* between_calls = nullptr);

/// A call's place in the queue of a set. Nobody's thread waits in it: who is granted goes back to where the call is
/// run.
///
/// Owned by the call's attempts, and by the queue until the grant is told. What was granted goes to the call's next
/// attempt, or back if the call has ended meanwhile: whoever is first to take it. Before anybody takes it, it has to be
/// marked as granted; who grants looks at the call after that, and who has ended the call looks at the mark.
class PermitWait final : public LimitWaiter {
public:
    /// How the call hears that it can go on.
    enum class Waits : bool {
        in_place,  ///< a thread sleeps in the call's state, because nothing else could run on it
        aside,     ///< the call is held by its host, and takes its place in the queue again
    };

    /// Takes over `request`, which was not granted at once. What the calling thread holds is held by who waits, if the
    /// call waits in place.
    PermitWait(CallBase& call, LimitCore& core, Acquisition& request, Waits waits);

    void add_ref() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }

    /// The call waits already. True if the request could be granted at once: then nobody is told.
    [[nodiscard]] bool start();
    /// The call has ended, or waits no longer: it leaves the queue, and what was granted goes back. To be called again
    /// by who has started the wait, if the call had ended before.
    void let_go() noexcept;
    /// What was granted; empty if nothing was, or it has been given back. Throws LimitDeadlockError.
    [[nodiscard]] Acquisition take();
    /// A call that is put aside, or queued again, lets go of what it was granted, or leaves the queue: it asks again
    /// when its turn comes. On its worker's thread, which runs another one.
    void step_back() noexcept;
    [[nodiscard]] bool has_stepped_back() const noexcept { return stepped_back_.load(std::memory_order_acquire); }
    /// The wait is over: when this returns, nobody moves the call on its account any more.
    void await_release() const noexcept;

private:
    friend class CallsAside;

    ~PermitWait() = default;
    void told(Verdict verdict) noexcept override;
    void give_back() noexcept;

    std::atomic<std::uint32_t> references_{0};
    // Release and acquire: what was granted comes with the mark.
    std::atomic<bool> granted_{false};
    std::atomic<bool> taken_{false};
    std::atomic<bool> in_deadlock_{false};
    std::atomic<bool> stepped_back_{false};
    std::atomic<bool> is_past_{false};  // whoever took it out of the queue has moved the call
    Waits waits_;
    CallBase& call_;
    IntrusivePtr<CallBase> keep_call_;  // while it is in the queue
    IntrusivePtr<LimitCore> core_;
    IntrusivePtr<CallsAside> aside_;  // null if it waits in place
    Acquisition result_;
    // Among the worker's others; guarded by their mutex.
    PermitWait* next_aside_ = nullptr;
    PermitWait* previous_aside_ = nullptr;
    bool is_aside_ = false;
};

}  // namespace concur::detail

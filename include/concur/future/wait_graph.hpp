/// Who waits for whom, so that a wait that could never end is an error instead of a hang.
///
/// Three kinds of nodes: threads that block, agents (workers: they do one thing at a time, on some thread), and states
/// of futures. An edge says "cannot go on before". The graph is not stored: each state and agent tells its edges when
/// it is asked, and the only thing registered is what a blocked thread waits for. It is looked at when a thread blocks
/// for an unlimited time, and when a state comes to depend on another one while it is waited for.
/// docs/design/deadlocks.md
#pragma once

#include <atomic>
#include <optional>
#include <vector>

#include "concur/core/intrusive_ptr.hpp"

namespace concur::detail {

class Dependencies;
class StateBase;
class ThreadRecord;

// constinit: the compiler then reads them without asking whether they are initialised yet.
extern constinit thread_local ThreadRecord* record_of_this_thread;
extern constinit thread_local int roles_of_this_thread;

[[nodiscard]] ThreadRecord& make_thread_record() noexcept;

/// The calling thread, as the graph knows it.
[[nodiscard]] inline ThreadRecord& this_thread_record() noexcept {
    return record_of_this_thread ? *record_of_this_thread : make_thread_record();
}
/// Whether `record`, which may be null, is that of the calling thread.
[[nodiscard]] inline bool is_this_thread(const ThreadRecord* record) noexcept {
    return record && record == record_of_this_thread;
}

/// Something that runs calls one at a time: a worker. Whoever runs them right now holds it.
class Agent {
public:
    Agent() = default;
    /// Waits until nobody looks at the agent any more.
    ~Agent();
    Agent(const Agent&) = delete;
    Agent& operator=(const Agent&) = delete;

    // Relaxed: the graph follows an agent to a thread only if that thread is blocked, and a blocked thread wrote the
    // pointer before it registered under the graph's mutex.
    void held_by(ThreadRecord* thread) noexcept { thread_.store(thread, std::memory_order_relaxed); }
    [[nodiscard]] ThreadRecord* holder() const noexcept { return thread_.load(std::memory_order_relaxed); }

private:
    std::atomic<ThreadRecord*> thread_{nullptr};
};

/// All that is under way at a worker: what a drain or a stop waits for. Its dependencies change while somebody waits.
class Workload {
public:
    virtual void dependencies(Dependencies& dependencies) const = 0;

    /// Whether a thread waits for it, for an unlimited time.
    [[nodiscard]] bool is_awaited() const noexcept { return waiting_.load(std::memory_order_seq_cst) != 0; }

protected:
    ~Workload() = default;

private:
    friend class BlockedThread;
    // Sequentially consistent: a thread counts itself and then looks at the graph, a call that becomes part of the
    // workload shows that and then looks at this count; one of them sees the other.
    mutable std::atomic<int> waiting_{0};
};

/// What a state says it depends on. Without any entry it may be completed by anybody, at any time.
class Dependencies {
public:
    void on(IntrusivePtr<StateBase> state);
    void on(const Agent& agent) { agents.push_back(&agent); }
    void on(ThreadRecord& thread) { threads.push_back(&thread); }
    void on(const Workload& workload) { workloads.push_back(&workload); }

    std::vector<IntrusivePtr<StateBase>> states;
    std::vector<const Agent*> agents;
    std::vector<ThreadRecord*> threads;
    std::vector<const Workload*> workloads;
    /// True if one of them is enough (`when_any`), false if all are needed.
    bool any_suffices = false;
};

/// While alive, the calling thread does something that others may wait for: it runs calls of an agent, or a
/// continuation. Threads without a role cannot be part of a ring, and are not looked at.
class Role {
public:
    Role() noexcept { ++roles_of_this_thread; }
    ~Role() { --roles_of_this_thread; }
    Role(const Role&) = delete;
    Role& operator=(const Role&) = delete;
};

/// While alive, the calling thread waits for an unlimited time. Throws DeadlockError where that could never end.
class BlockedThread {
public:
    explicit BlockedThread(StateBase& state);
    explicit BlockedThread(const Agent& agent);
    explicit BlockedThread(const Workload& workload);
    /// For a workload of which any part is enough: looks at one `part` first, and at all of it only if that could never
    /// happen. Who waits a million times for the next of a million would look at all of them each time.
    BlockedThread(const Workload& workload, const Workload& part);
    ~BlockedThread();
    BlockedThread(const BlockedThread&) = delete;
    BlockedThread& operator=(const BlockedThread&) = delete;

private:
    /// Counts the thread there; null if it has no role.
    explicit BlockedThread(const Workload* workload) noexcept;
    void enter(Dependencies target, std::optional<Dependencies> first_look = std::nullopt);

    const Workload* workload_ = nullptr;
    bool registered_ = false;
};

/// The threads that hold what the state depends on directly: a worker, or the state's own continuation.
[[nodiscard]] std::vector<ThreadRecord*> threads_behind(StateBase& state);

/// True if `state`, which has just come to depend on others, now waits for itself. Call it when its dependencies are to
/// be seen by everybody.
[[nodiscard]] bool closes_ring(StateBase& state);

}  // namespace concur::detail

#include "concur/future/wait_graph.hpp"

#include <atomic>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

#include "concur/core/errors.hpp"
#include "concur/future/state.hpp"
#include "core/process_wide.hpp"

namespace concur::detail {
namespace {

// One mutex for the whole graph: it is taken only by threads that are about to sleep, and by agents that end.
struct Graph {
    std::mutex mutex;
    std::vector<ThreadRecord*> unused;
};
Graph& graph() { return ProcessWide<Graph>::get(); }

}  // namespace

/// Guarded by the graph's mutex. Records are used again but never freed, so that an agent's pointer to one stays good.
class ThreadRecord {
public:
    std::optional<Dependencies> blocked_on;
};

namespace {

/// Gives the record back when the thread ends.
struct RecordReturn {
    bool due = false;
    ~RecordReturn() {
        // Still at work: exit() was called in a method. What runs at exit has to know on which worker it is.
        if (!due || roles_of_this_thread > 0) return;
        const std::lock_guard lock(graph().mutex);
        graph().unused.push_back(std::exchange(record_of_this_thread, nullptr));
    }
};
thread_local RecordReturn record_return;

/// The part of the graph that can be reached from one node, and which of its nodes can go on by themselves.
///
/// A node that depends on nothing goes on; one that needs all of its dependencies goes on when all do, one that needs
/// any when one does. What is left can never go on. (Least fixed point; each edge is looked at once.)
///
/// Built under the graph's mutex, but destroyed after it is unlocked: it holds references on states.
class Reachable {
public:
    /// `start` is a thread or a state that depends on `dependencies`, whatever it says itself.
    Reachable(const void* start, Dependencies dependencies) {
        node_of(start);
        add_edges(0, std::move(dependencies));
        for (std::size_t i = 1; i < nodes_.size(); ++i) add_edges(i, dependencies_of(nodes_[i]));
    }

    [[nodiscard]] bool start_goes_on() {
        std::vector<std::size_t> going;
        for (std::size_t i = 0; i < nodes_.size(); ++i)
            if (nodes_[i].missing == 0) going.push_back(i);
        while (!going.empty()) {
            Node& node = nodes_[going.back()];
            going.pop_back();
            if (node.goes_on) continue;
            node.goes_on = true;
            for (const std::size_t waiting : node.waiting)
                if (nodes_[waiting].any_suffices || --nodes_[waiting].missing == 0) going.push_back(waiting);
        }
        return nodes_[0].goes_on;
    }

private:
    struct Node {
        IntrusivePtr<StateBase> state;
        const Agent* agent = nullptr;
        const Workload* workload = nullptr;
        ThreadRecord* thread = nullptr;
        std::vector<std::size_t> waiting;  // nodes that depend on this one
        std::size_t missing = 0;
        bool any_suffices = false;
        bool goes_on = false;
    };

    std::size_t node_of(const void* key) {
        const auto [place, inserted] = index_.try_emplace(key, nodes_.size());
        if (inserted) nodes_.emplace_back();
        return place->second;
    }

    void add_edges(std::size_t from, Dependencies dependencies) {
        nodes_[from].any_suffices = dependencies.any_suffices;
        for (IntrusivePtr<StateBase>& state : dependencies.states) {
            const std::size_t target = depend(from, state.get());
            nodes_[target].state = std::move(state);
        }
        for (const Agent* agent : dependencies.agents) nodes_[depend(from, agent)].agent = agent;
        for (const Workload* workload : dependencies.workloads) nodes_[depend(from, workload)].workload = workload;
        for (ThreadRecord* thread : dependencies.threads) nodes_[depend(from, thread)].thread = thread;
    }

    std::size_t depend(std::size_t from, const void* on) {
        const std::size_t target = node_of(on);
        nodes_[target].waiting.push_back(from);
        ++nodes_[from].missing;
        return target;
    }

    static Dependencies dependencies_of(const Node& node) {
        Dependencies result;
        if (node.state) {
            if (!node.state->done()) node.state->dependencies(result);
        } else if (node.agent) {
            if (ThreadRecord* holder = node.agent->holder()) result.on(*holder);
        } else if (node.workload) {
            node.workload->dependencies(result);
        } else if (node.thread && node.thread->blocked_on) {
            result = *node.thread->blocked_on;
        }
        return result;
    }

    std::vector<Node> nodes_;
    std::unordered_map<const void*, std::size_t> index_;
};

}  // namespace

void Dependencies::on(IntrusivePtr<StateBase> state) { states.push_back(std::move(state)); }

constinit thread_local ThreadRecord* record_of_this_thread = nullptr;
constinit thread_local int roles_of_this_thread = 0;

ThreadRecord& make_thread_record() noexcept {
    const std::lock_guard lock(graph().mutex);
    if (graph().unused.empty()) graph().unused.push_back(new ThreadRecord);
    record_of_this_thread = graph().unused.back();
    graph().unused.pop_back();
    record_return.due = true;
    return *record_of_this_thread;
}

Agent::~Agent() { const std::lock_guard lock(graph().mutex); }

BlockedThread::BlockedThread(StateBase& state) {
    if (roles_of_this_thread == 0) return;
    Dependencies target;
    target.on(IntrusivePtr(&state));
    enter(std::move(target));
}

BlockedThread::BlockedThread(const Agent& agent) {
    if (roles_of_this_thread == 0) return;
    Dependencies target;
    target.on(agent);
    enter(std::move(target));
}

// If one of the next two throws, the object exists already, and its destructor takes the thread back.

BlockedThread::BlockedThread(const Workload* workload) noexcept : workload_{workload} {
    if (workload_) workload_->waiting_.fetch_add(1, std::memory_order_seq_cst);
}

BlockedThread::BlockedThread(const Workload& workload)
    : BlockedThread(roles_of_this_thread == 0 ? nullptr : &workload) {
    if (!workload_) return;
    Dependencies target;
    target.on(workload);
    enter(std::move(target));
}

BlockedThread::BlockedThread(const Workload& workload, const Workload& part)
    : BlockedThread(roles_of_this_thread == 0 ? nullptr : &workload) {
    if (!workload_) return;
    Dependencies target;
    target.on(workload);
    Dependencies first_look;
    first_look.on(part);
    enter(std::move(target), std::move(first_look));
}

void BlockedThread::enter(Dependencies target, std::optional<Dependencies> first_look) {
    ThreadRecord& self = this_thread_record();
    std::optional<Reachable> part;
    std::optional<Reachable> reachable;
    const std::lock_guard lock(graph().mutex);
    if (first_look) part.emplace(&self, std::move(*first_look));
    if (!part || !part->start_goes_on()) reachable.emplace(&self, target);
    if (reachable && !reachable->start_goes_on())
        throw DeadlockError(
            "this wait would never end: what it waits for needs this very worker; return the future, or use then()");
    self.blocked_on = std::move(target);
    registered_ = true;
}

BlockedThread::~BlockedThread() {
    if (workload_) workload_->waiting_.fetch_sub(1, std::memory_order_relaxed);
    if (!registered_) return;
    std::optional<Dependencies> left;  // holds references: released when the mutex is unlocked
    const std::lock_guard lock(graph().mutex);
    left.swap(this_thread_record().blocked_on);
}

std::vector<ThreadRecord*> threads_behind(StateBase& state) {
    Dependencies dependencies;  // holds references: released when the mutex is unlocked
    const std::lock_guard lock(graph().mutex);
    state.dependencies(dependencies);
    std::vector<ThreadRecord*> threads = dependencies.threads;
    for (const Agent* agent : dependencies.agents)
        if (ThreadRecord* holder = agent->holder()) threads.push_back(holder);
    return threads;
}

bool closes_ring(StateBase& state) {
    // Nobody waits for the state yet, so no ring goes through it. Without this, futures that follow each other in a
    // long chain would each walk all of it.
    if (!state.is_awaited()) return false;
    Dependencies dependencies;
    state.dependencies(dependencies);
    std::optional<Reachable> reachable;
    const std::lock_guard lock(graph().mutex);
    reachable.emplace(&state, std::move(dependencies));
    return !reachable->start_goes_on();
}

}  // namespace concur::detail

#include "concur/future/as_completed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <mutex>
#include <optional>

#include "blocking_wait.hpp"
#include "clock_of.hpp"
#include "concur/core/text.hpp"
#include "concur/future/node_storage.hpp"
#include "core/spin.hpp"

namespace concur::detail {

/// One future: in the list of those that are pending, then in the queue of those that are done.
class Completions::Node final : public Continuation {
public:
    Node(Queue& queue, StateBase& state) noexcept : Continuation(Code::library), state_{&state}, queue_{queue} {}

    void run(StateBase&) noexcept override;
    /// Ends the node; the caller gets its handle.
    [[nodiscard]] StateBase* take() noexcept;

    StateBase* const state_;  // with a handle
    Node* next_ = nullptr;
    Node* previous_ = nullptr;

private:
    Queue& queue_;
};

/// Outlives the range if a continuation runs at that moment, which cannot be taken back: then the last of those frees
/// the queue.
class Completions::Queue {
public:
    Queue(std::size_t initial, Clock& clock, Duration timeout)
        : clock_(&clock), timeout_{timeout}, deadline_{deadline_after(clock.now(), timeout)}, initial_{initial} {}

    /// The initial ones, before anybody iterates.
    void add_all(const std::vector<StateBase*>& states) noexcept;
    [[nodiscard]] bool is_initial(const Node& node) const noexcept { return initial_.holds(node); }
    void add(Node& node) noexcept;
    void move_to_done(Node& node) noexcept;
    /// All that are done, oldest first; null if there are none.
    [[nodiscard]] Node* take_done() noexcept;
    /// Blocks until something is done; false if nothing is pending.
    [[nodiscard]] bool wait();
    /// Nothing comes any more. Gives all nodes but those that run at this moment, which end themselves.
    [[nodiscard]] Node* close() noexcept;
    /// After close(): the queue is freed, now or by the last node that runs.
    void abandon() noexcept;

    [[nodiscard]] std::size_t size() const {
        const std::lock_guard lock(mutex_);
        return size_ + taken.load(std::memory_order_relaxed);
    }
    [[nodiscard]] bool made_before_fork() const noexcept { return generation_ != fork_generation(); }
    void refuse_if_forked() const;
    /// Tells what is pending, up to `at_most`; nothing if something is done.
    void dependencies(Dependencies& dependencies, std::size_t at_most) const;

    /// Taken, but not given yet. Changed only by the thread that iterates.
    std::atomic<std::size_t> taken{0};

private:
    ~Queue() = default;

    [[nodiscard]] bool has_done() const noexcept { return done_first_.load(std::memory_order_relaxed) != nullptr; }
    void link(Node& node) noexcept;
    void unlink(Node& node) noexcept;
    void block();
    [[noreturn]] void throw_timeout() const;

    const IntrusivePtr<Clock> clock_;
    const Duration timeout_;
    const TimePoint deadline_;
    const std::uint32_t generation_ = fork_generation();
    NodeStorage<Node> initial_;
    SpinHistory history_;

    mutable std::mutex mutex_;
    Node* pending_ = nullptr;  // newest first
    // Written under the mutex; a spinning thread looks at the first one without it.
    std::atomic<Node*> done_first_{nullptr};
    Node* done_last_ = nullptr;
    std::size_t size_ = 0;  // of both lists
    std::size_t done_size_ = 0;
    bool closed_ = false;
    bool abandoned_ = false;
    ParkingWord asleep_{0};  // set under the mutex when nothing is done, reset by who changes that
};

/// What the thread that iterates waits for, as the graph sees it: any of them is enough.
class Completions::Pending final : public Workload {
public:
    explicit Pending(const Queue& queue, std::size_t at_most = std::numeric_limits<std::size_t>::max()) noexcept
        : queue_{queue}, at_most_{at_most} {}
    void dependencies(Dependencies& dependencies) const override { queue_.dependencies(dependencies, at_most_); }

private:
    const Queue& queue_;
    std::size_t at_most_;
};

void Completions::Node::run(StateBase&) noexcept { queue_.move_to_done(*this); }

StateBase* Completions::Node::take() noexcept {
    StateBase* const state = state_;
    if (!queue_.is_initial(*this)) delete this;
    return state;
}

// ---- the queue

// Together as many as the nearest cache holds: with the mutex for each, and once more for each when it is attached, a
// million would be fetched twice.
void Completions::Queue::add_all(const std::vector<StateBase*>& states) noexcept {
    constexpr std::size_t together = 64;
    for (std::size_t begin = 0; begin < states.size(); begin += together) {
        const std::size_t end = std::min(begin + together, states.size());
        {
            const std::lock_guard lock(mutex_);
            for (std::size_t i = begin; i < end; ++i) link(initial_.make(i, *this, *states[i]));
        }
        for (std::size_t i = begin; i < end; ++i)
            if (!states[i]->attach(initial_[i])) initial_[i].run(*states[i]);
    }
}

void Completions::Queue::add(Node& node) noexcept {
    StateBase& state = *node.state_;
    // Once attached, the node may be done, given and freed, and the state with it.
    const IntrusivePtr<StateBase> keep(&state);
    {
        const std::lock_guard lock(mutex_);
        link(node);
    }
    if (!state.attach(node)) node.run(state);
}

void Completions::Queue::link(Node& node) noexcept {
    node.next_ = pending_;
    if (pending_) pending_->previous_ = &node;
    pending_ = &node;
    ++size_;
}

void Completions::Queue::unlink(Node& node) noexcept {
    (node.previous_ ? node.previous_->next_ : pending_) = node.next_;
    if (node.next_) node.next_->previous_ = node.previous_;
    node.next_ = nullptr;
}

void Completions::Queue::move_to_done(Node& node) noexcept {
    StateBase* unwanted = nullptr;
    bool is_last = false;
    {
        const std::lock_guard lock(mutex_);
        unlink(node);
        if (closed_) {
            unwanted = node.take();
            is_last = abandoned_ && !pending_;
        } else {
            if (has_done())
                done_last_->next_ = &node;
            else
                done_first_.store(&node, std::memory_order_relaxed);
            done_last_ = &node;
            ++done_size_;
            // With the mutex: without it, who is woken might have freed the queue.
            if (asleep_.exchange(0, std::memory_order_relaxed) != 0) wake_one(asleep_);
        }
    }
    if (unwanted) unwanted->drop_handle();
    if (is_last) delete this;
}

Completions::Node* Completions::Queue::take_done() noexcept {
    const std::lock_guard lock(mutex_);
    taken.store(done_size_, std::memory_order_relaxed);
    size_ -= std::exchange(done_size_, 0);
    return done_first_.exchange(nullptr, std::memory_order_relaxed);
}

bool Completions::Queue::wait() {
    refuse_if_forked();
    make_way_for_wait();
    {
        const std::lock_guard lock(mutex_);
        if (has_done()) return true;
        if (!pending_) return false;
    }
    for (Spin spin(history_, Waiter::caller); spin.go_on();) {
        if (!has_done()) continue;
        spin.succeeded();
        return true;
    }
    block();
    return true;
}

void Completions::Queue::block() {
    constexpr std::size_t a_few = 8;
    const Pending part(*this, a_few);
    const Pending all(*this);
    std::optional<BlockingWait> blocking;
    if (deadline_ == no_deadline)
        blocking.emplace(all, part);
    else
        blocking.emplace();
    for (;;) {
        {
            const std::lock_guard lock(mutex_);
            if (has_done()) return;
            asleep_.store(1, std::memory_order_relaxed);
        }
        if (deadline_ != no_deadline && clock_->now() >= deadline_) throw_timeout();
        clock_->park(asleep_, 1, deadline_);
    }
}

Completions::Node* Completions::Queue::close() noexcept {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    Node* gone = done_first_.exchange(nullptr, std::memory_order_relaxed);
    for (Node *node = pending_, *next = nullptr; node; node = next) {
        next = node->next_;
        if (!node->state_->detach(*node)) continue;
        unlink(*node);
        node->next_ = gone;
        gone = node;
    }
    return gone;
}

void Completions::Queue::abandon() noexcept {
    bool is_last = false;
    {
        const std::lock_guard lock(mutex_);
        abandoned_ = true;
        is_last = !pending_;
    }
    if (is_last) delete this;
}

void Completions::Queue::dependencies(Dependencies& dependencies, std::size_t at_most) const {
    const std::lock_guard lock(mutex_);
    if (has_done()) return;
    dependencies.any_suffices = true;
    for (const Node* node = pending_; node && at_most != 0; node = node->next_, --at_most)
        dependencies.on(IntrusivePtr(node->state_));
}

void Completions::Queue::refuse_if_forked() const {
    if (made_before_fork())
        throw ForkedHandleError(
            "this AsCompleted was made before a fork; nobody will end its futures in the child, so it cannot be "
            "iterated or added to there");
}

void Completions::Queue::throw_timeout() const {
    throw TimeoutError(
        fmt::format("{} futures were not done within {}; they go on, and are still pending", size(), text_of(timeout_)),
        timeout_.nanoseconds());
}

// ---- the handle on it

namespace {

void refuse_if_forked(const std::vector<StateBase*>& states) {
    if (fork_generation() == 0) return;
    for (const StateBase* state : states) state->refuse_if_forked();
}

}  // namespace

Completions::Completions(const std::vector<StateBase*>& states, Duration timeout)
    : Completions(states, clock_of(states), timeout) {}

Completions::Completions(const std::vector<StateBase*>& states, Clock& clock, Duration timeout) {
    try {
        refuse_if_forked(states);
        queue_ = new Queue(states.size(), clock, timeout);
    } catch (...) {
        for (StateBase* state : states) state->drop_handle();
        throw;
    }
    queue_->add_all(states);
}

Completions::~Completions() {
    // What belongs to a parent process stays as it is: its threads may have been at work on it when it forked.
    if (queue_->made_before_fork()) return;
    for (Node* left : {std::exchange(done_, nullptr), queue_->close()}) {
        while (left) {
            Node* const node = std::exchange(left, left->next_);
            node->take()->drop_handle();
        }
    }
    queue_->abandon();
}

void Completions::add(StateBase* state) {
    try {
        queue_->refuse_if_forked();
        state->refuse_if_forked();
        queue_->add(*new Node(*queue_, *state));
    } catch (...) {
        state->drop_handle();
        throw;
    }
}

StateBase* Completions::next() {
    while (!done_) {
        done_ = queue_->take_done();
        if (!done_ && !queue_->wait()) return nullptr;
    }
    queue_->taken.store(queue_->taken.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
    return std::exchange(done_, done_->next_)->take();
}

std::size_t Completions::pending() const { return queue_->size(); }

}  // namespace concur::detail

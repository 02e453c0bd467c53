#include "concur/future/as_completed.hpp"

#include <fmt/format.h>

#include "concur/core/text.hpp"

#include <limits>
#include <mutex>
#include <optional>

#include "blocking_wait.hpp"
#include "core/spin.hpp"

namespace concur::detail {

/// One future: in the list of those that are pending, then in the queue of those that are done.
class Completions::Node final : public Continuation {
public:
    Node(IntrusivePtr<Queue> queue, StateBase& state) noexcept
        : Continuation(Code::library), state_{&state}, queue_{std::move(queue)} {}

    void run(StateBase&) noexcept override;

    /// Frees the node; the caller gets its handle.
    [[nodiscard]] StateBase* take() noexcept {
        StateBase* state = state_;
        delete this;
        return state;
    }

    StateBase* const state_;  // with a handle
    Node* next_ = nullptr;
    Node* previous_ = nullptr;

private:
    IntrusivePtr<Queue> queue_;
};

/// Shared with the continuations, which may outlive the range: one that runs at this moment cannot be taken back.
class Completions::Queue {
public:
    Queue(Clock& clock, Duration timeout) noexcept
        : clock_(&clock), timeout_{timeout}, deadline_{deadline_after(clock.now(), timeout)} {}

    void add_ref() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }

    void add(Node& node) noexcept;
    /// False once the queue is closed: the node belongs to the caller.
    [[nodiscard]] bool move_to_done(Node& node) noexcept;
    /// All that are done, oldest first; null if there are none.
    [[nodiscard]] Node* take_done() noexcept;
    /// Blocks until something is done; false if nothing is pending.
    [[nodiscard]] bool wait();
    /// Nothing comes any more. Gives all nodes but those that run at this moment, which free themselves.
    [[nodiscard]] Node* close() noexcept;

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
    [[nodiscard]] bool has_done() const noexcept { return done_first_.load(std::memory_order_relaxed) != nullptr; }
    void unlink(Node& node) noexcept;
    void block();
    [[noreturn]] void throw_timeout() const;

    const IntrusivePtr<Clock> clock_;
    const Duration timeout_;
    const TimePoint deadline_;
    const std::uint32_t generation_ = fork_generation();
    std::atomic<std::size_t> references_{0};
    SpinHistory history_;

    mutable std::mutex mutex_;
    Node* pending_ = nullptr;  // newest first
    // Written under the mutex; a spinning thread looks at the first one without it.
    std::atomic<Node*> done_first_{nullptr};
    Node* done_last_ = nullptr;
    std::size_t size_ = 0;  // of both lists
    std::size_t done_size_ = 0;
    bool closed_ = false;
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

void Completions::Node::run(StateBase&) noexcept {
    const IntrusivePtr<Queue> queue = std::move(queue_);
    if (!queue->move_to_done(*this)) take()->drop_handle();
}

// ---- the queue

void Completions::Queue::add(Node& node) noexcept {
    StateBase& state = *node.state_;
    // Once attached, the node may be done, given and freed, and the state with it.
    const IntrusivePtr<StateBase> keep(&state);
    {
        const std::lock_guard lock(mutex_);
        node.next_ = pending_;
        if (pending_) pending_->previous_ = &node;
        pending_ = &node;
        ++size_;
    }
    if (!state.attach(node)) node.run(state);
}

void Completions::Queue::unlink(Node& node) noexcept {
    (node.previous_ ? node.previous_->next_ : pending_) = node.next_;
    if (node.next_) node.next_->previous_ = node.previous_;
    node.next_ = nullptr;
}

bool Completions::Queue::move_to_done(Node& node) noexcept {
    bool wake = false;
    {
        const std::lock_guard lock(mutex_);
        unlink(node);
        if (closed_) return false;
        if (has_done())
            done_last_->next_ = &node;
        else
            done_first_.store(&node, std::memory_order_relaxed);
        done_last_ = &node;
        ++done_size_;
        wake = asleep_.exchange(0, std::memory_order_relaxed) != 0;
    }
    if (wake) wake_one(asleep_);
    return true;
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

Completions::Completions(Clock& clock, Duration timeout) : queue_{new Queue(clock, timeout)} {}

Completions::~Completions() {
    // What belongs to a parent process stays as it is: its threads may have been at work on it when it forked.
    if (queue_->made_before_fork()) {
        static_cast<void>(queue_.detach());
        return;
    }
    for (Node* left : {std::exchange(done_, nullptr), queue_->close()}) {
        while (left) {
            Node* const node = std::exchange(left, left->next_);
            node->take()->drop_handle();
        }
    }
}

void Completions::add(StateBase* state) {
    try {
        queue_->refuse_if_forked();
        state->refuse_if_forked();
        queue_->add(*new Node(queue_, *state));
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

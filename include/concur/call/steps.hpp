/// The pieces of coroutines that are ready to run on their worker.
#pragma once

#include <atomic>

#include "concur/core/clock.hpp"
#include "concur/future/state.hpp"

namespace concur {
class CallContext;
}

namespace concur::detail {

/// What a coroutine does between two of its waits. Runs once or is dropped, and frees itself either way.
class Step {
public:
    explicit Step(Clock& clock) noexcept : activity_{clock} {}

    /// On the worker.
    void run() noexcept {
        const Activity activity = std::move(activity_);
        const ActiveThread active(activity);
        run_and_free();
    }
    /// The worker has ended: what waits for the step is destroyed without it.
    virtual void drop() noexcept = 0;

protected:
    ~Step() = default;

private:
    friend class Steps;

    virtual void run_and_free() noexcept = 0;

    Step* next_ = nullptr;
    Activity activity_;
};

/// The steps of one worker. Many producers, one consumer, no lock.
class Steps {
public:
    Steps() = default;
    Steps(const Steps&) = delete;
    Steps& operator=(const Steps&) = delete;
    ~Steps() { close(); }

    /// From any thread. After close() the step is dropped at once.
    void push(Step& step) noexcept;
    [[nodiscard]] bool has_any() const noexcept;
    /// Runs those that are there, in their order; how many these were.
    int run_all() noexcept;
    /// Drops what is there, and what will come.
    void close() noexcept;

private:
    /// Takes all, oldest first.
    [[nodiscard]] Step* take_all(Step* instead) noexcept;

    std::atomic<Step*> newest_{nullptr};
};

/// Where a worker without a loop of its own runs coroutines: on the thread that called the method, until it has ended.
class StepsInPlace {
public:
    void push(Step& step) noexcept {
        steps_.push(step);
        count_.fetch_add(1, std::memory_order_release);
        wake_one(count_);
    }
    [[nodiscard]] bool has_any() const noexcept { return steps_.has_any(); }
    int run_all() noexcept { return steps_.run_all(); }
    void coroutine_began() noexcept { coroutines_.fetch_add(1, std::memory_order_relaxed); }
    void coroutine_gone() noexcept { coroutines_.fetch_sub(1, std::memory_order_release); }
    /// Runs steps, and waits for more, until the coroutine that has just begun is gone, its last step included; at the
    /// deadline it is asked to end.
    void run_until_done(StateBase& coroutine, Clock& clock, TimePoint deadline) noexcept;
    void close() noexcept { steps_.close(); }

private:
    Steps steps_;
    ParkingWord count_{0};
    std::atomic<int> coroutines_{0};
};

/// A coroutine's way to the context of its call, which ends with the coroutine; what is bound to its executor may live
/// longer. Used on the worker.
class ContextLink {
public:
    /// `owner` is what the context is a part of.
    ContextLink(CallContext& context, StateBase& owner) noexcept : context_{&context}, owner_{&owner} {}

    void add_ref() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }

    /// Null after the end.
    [[nodiscard]] CallContext* context() const noexcept { return context_; }
    [[nodiscard]] const IntrusivePtr<StateBase>& owner() const noexcept { return owner_; }
    void cut() noexcept {
        context_ = nullptr;
        owner_ = {};
    }

private:
    CallContext* context_;
    IntrusivePtr<StateBase> owner_;
    std::atomic<int> references_{0};
};

}  // namespace concur::detail

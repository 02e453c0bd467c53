#include "concur/future/combine.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>

#include "blocking_wait.hpp"

namespace concur::detail {
namespace {

/// What the thread that waits and the states share: it lives until the thread is back and the last node has run.
class WaitBlock {
public:
    WaitBlock(std::span<StateBase* const> states, ReturnWhen return_when)
        : nodes_(std::make_unique<Node[]>(states.size())),
          return_when_{return_when},
          left_{states.size()},
          references_{states.size() + 1} {
        for (std::size_t i = 0; i < states.size(); ++i) {
            nodes_[i].block = this;
            if (!states[i]->attach(nodes_[i])) nodes_[i].run(*states[i]);
        }
    }

    /// False if the deadline comes first.
    bool wait(Clock& clock, TimePoint deadline) {
        while (ended_.load(std::memory_order_acquire) == 0) {
            if (deadline != no_deadline && clock.now() >= deadline) return false;
            clock.park(ended_, 0, deadline);
        }
        return true;
    }

    [[nodiscard]] bool ended() const noexcept { return ended_.load(std::memory_order_acquire) != 0; }
    [[nodiscard]] std::size_t first_failed() const noexcept { return first_failed_.load(std::memory_order_acquire); }

    /// The waiting thread leaves; nothing is left behind at states that are still pending. Newest first, as a state
    /// keeps them: then each is found at once, also where the same state was given many times.
    void leave(std::span<StateBase* const> states) noexcept {
        std::size_t gone = 1;
        for (std::size_t i = states.size(); i-- > 0;)
            if (states[i]->detach(nodes_[i])) ++gone;
        release(gone);
    }

private:
    struct Node final : Continuation {
        Node() noexcept : Continuation(Code::library) {}
        void run(StateBase& source) noexcept override {
            block->on_done(static_cast<std::size_t>(this - block->nodes_.get()), source);
        }
        WaitBlock* block = nullptr;
    };

    void on_done(std::size_t index, StateBase& source) noexcept {
        const bool failed = source.error() != nullptr;
        if (failed) {
            std::size_t none = none_failed;
            first_failed_.compare_exchange_strong(none, index, std::memory_order_acq_rel);
        }
        const bool last = left_.fetch_sub(1, std::memory_order_acq_rel) == 1;
        if (last || return_when_ == ReturnWhen::first_completed ||
            (failed && return_when_ == ReturnWhen::first_exception)) {
            if (ended_.exchange(1, std::memory_order_acq_rel) == 0) wake_all(ended_);
        }
        release(1);
    }

    void release(std::size_t count) noexcept {
        if (references_.fetch_sub(count, std::memory_order_acq_rel) == count) delete this;
    }

    std::unique_ptr<Node[]> nodes_;
    ReturnWhen return_when_;
    ParkingWord ended_{0};
    std::atomic<std::size_t> first_failed_{none_failed};
    std::atomic<std::size_t> left_;
    std::atomic<std::size_t> references_;
};

}  // namespace

namespace {

// One that a test drives, if there is one among them: what waits there ends only when it is driven.
Clock& clock_of(std::span<StateBase* const> states) noexcept {
    for (const StateBase* state : states)
        if (state->clock().counts_activities()) return state->clock();
    return steady_clock();
}

}  // namespace

WaitEnd wait_for_states(std::span<StateBase* const> states, ReturnWhen return_when, Duration timeout) {
    if (states.empty()) return {true, none_failed};
    for (const StateBase* state : states) state->refuse_if_forked();
    run_ready_continuations();
    Clock& clock = clock_of(states);
    const TimePoint deadline = timeout == never ? no_deadline : deadline_after(clock.now(), timeout);

    auto* block = new WaitBlock(states, return_when);
    struct Leave {
        WaitBlock* block;
        std::span<StateBase* const> states;
        ~Leave() { block->leave(states); }
    } const leave{block, states};

    bool in_time = block->ended();
    if (!in_time) {
        std::optional<BlockingWait> blocking;
        if (deadline == no_deadline)
            blocking.emplace(states, return_when == ReturnWhen::first_completed ? BlockedThread::Until::any
                                                                                : BlockedThread::Until::all);
        else
            blocking.emplace();
        in_time = block->wait(clock, deadline);
    }
    return {in_time, block->first_failed()};
}

void throw_gather_timeout(std::size_t pending, std::size_t all, Duration timeout) {
    throw TimeoutError(fmt::format("{} of {} futures were not done within {} ms; they go on", pending, all,
                                   static_cast<double>(timeout.count()) / 1e6),
                       timeout.nanoseconds());
}

}  // namespace concur::detail

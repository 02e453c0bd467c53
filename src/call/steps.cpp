#include "concur/call/steps.hpp"

#include <optional>

#include "concur/core/errors.hpp"
#include "concur/future/state.hpp"
#include "future/blocking_wait.hpp"

namespace concur::detail {
namespace {

Step* const closed = reinterpret_cast<Step*>(alignof(Step));

}  // namespace

void Steps::push(Step& step) noexcept {
    Step* newest = newest_.load(std::memory_order_relaxed);
    do {
        if (newest == closed) return step.drop();
        step.next_ = newest;
    } while (!newest_.compare_exchange_weak(newest, &step, std::memory_order_seq_cst, std::memory_order_relaxed));
}

bool Steps::has_any() const noexcept {
    const Step* const newest = newest_.load(std::memory_order_seq_cst);
    return newest && newest != closed;
}

Step* Steps::take_all(Step* instead) noexcept {
    Step* newest = newest_.load(std::memory_order_relaxed);
    do {
        if (newest == closed) return nullptr;
    } while (!newest_.compare_exchange_weak(newest, instead, std::memory_order_seq_cst, std::memory_order_relaxed));
    Step* oldest = nullptr;
    while (newest) {
        Step* const older = newest->next_;
        newest->next_ = oldest;
        oldest = newest;
        newest = older;
    }
    return oldest;
}

int Steps::run_all() noexcept {
    int count = 0;
    for (Step* step = take_all(nullptr); step; ++count) {
        Step* const next = step->next_;
        step->run();
        step = next;
    }
    return count;
}

// What is destroyed may post again.
void Steps::close() noexcept {
    for (Step* step = take_all(closed); step;) {
        Step* const next = step->next_;
        step->drop();
        step = next;
    }
}

void StepsInPlace::run_until_done(StateBase& coroutine, Clock& clock, TimePoint deadline) noexcept {
    const int others = coroutines_.load(std::memory_order_relaxed) - 1;
    while (!coroutine.done() || coroutines_.load(std::memory_order_acquire) > others) {
        const std::uint32_t count = count_.load(std::memory_order_acquire);
        if (steps_.run_all() != 0) continue;
        if (deadline != no_deadline && clock.now() >= deadline) {
            coroutine.cancel(Cancel::only_this);
            deadline = no_deadline;
            continue;
        }
        std::optional<BlockingWait> blocking;
        try {
            blocking.emplace();
        } catch (const Error&) {
            // No spare thread: the runtime goes on with one less.
        }
        clock.park(count_, count, deadline);
    }
}

}  // namespace concur::detail

// The ways of waiting for limits: a thread that parks, and a future. The limits themselves know neither.
#include <fmt/format.h>

#include <numeric>

#include "call/call_permits.hpp"
#include "concur/call/call_context.hpp"
#include "concur/call/host.hpp"
#include "concur/core/text.hpp"
#include "concur/future/promise.hpp"
#include "concur/limits/limit_pool.hpp"
#include "core/runtime.hpp"
#include "future/blocking_wait.hpp"
#include "limits/limit_core.hpp"

namespace concur {
namespace detail {
namespace {

// ---- a thread

/// On the stack of the thread that waits. Once it has left the queue it stays there until it has been told how that
/// ended; then it is gone at once, and waking it needs no more of it than its address.
class ParkedWaiter final : public LimitWaiter {
public:
    explicit ParkedWaiter(Acquisition& result)
        : LimitWaiter(result, LimitCore::limits_of(result), LimitCaller::innermost()) {}

    enum State : std::uint32_t { waits, was_granted, was_cancelled, was_late, was_deadlocked };

    /// Returns how it ended; `waits` if the deadline came first.
    [[nodiscard]] State wait(Clock& clock, TimePoint deadline) {
        for (;;) {
            const auto state = static_cast<State>(word_.load(std::memory_order_acquire));
            if (state != waits || (deadline != no_deadline && clock.now() >= deadline)) return state;
            clock.park(word_, waits, deadline);
        }
    }
    void end(State state) noexcept {
        word_.store(state, std::memory_order_release);
        wake_one(word_);
    }

private:
    void told(Verdict verdict) noexcept override { end(verdict == Verdict::granted ? was_granted : was_deadlocked); }

    ParkingWord word_{waits};
};

std::string names_of(const LimitRequests& requested) {
    return std::accumulate(requested.begin(), requested.end(), std::string(),
                           [](const std::string& names, const LimitRequest& request) {
                               return names.empty() ? quoted(request.key()) : names + ", " + quoted(request.key());
                           });
}

[[noreturn]] void throw_timeout(LimitCore& core, const Acquisition& request, Duration after) {
    LimitCore::Shortage shortage = core.shortage_of(request);
    std::string keys;
    for (const std::string& key : shortage.keys) keys += (keys.empty() ? "" : ", ") + quoted(key);
    throw LimitTimeoutError(
        fmt::format("{} could not be acquired within {}; give it more time, or ask for less", keys, text_of(after)),
        after.nanoseconds(), std::move(shortage.keys), shortage.estimate.nanoseconds());
}

/// L9: a wait inside a call ends with the call, without being asked: when that is asked to stop, and at its deadline.
/// The deadline is on the worker's clock, and the set may be on another one.
class EndOfCall {
public:
    EndOfCall() {
        const CallContext* const context = current_context_if_any();
        if (!context) return;
        stop_ = context->stop_token();
        deadline_ = context->deadline().value_or(no_deadline);
        clock_ = &current_whereabouts().host.clock();
    }

    [[nodiscard]] const StopToken& stop() const noexcept { return stop_; }
    /// Where no timer asks the call to stop in time, because it runs in its caller.
    [[nodiscard]] TimePoint deadline_on(const Clock& clock) const noexcept {
        return &clock == clock_ ? deadline_ : no_deadline;
    }
    /// From any thread: the call that is over is also asked to stop.
    [[nodiscard]] bool has_come() const noexcept { return deadline_ != no_deadline && clock_->now() >= deadline_; }

private:
    StopToken stop_;
    TimePoint deadline_ = no_deadline;
    Clock* clock_ = nullptr;  // of the worker; null outside of calls
};

[[noreturn]] void throw_call_over(const LimitRequests& requested, Duration after) {
    throw TimeoutError(
        fmt::format("the time of the call, or of its attempt, was over before {} could be acquired; give "
                    "it more time, or acquire before it begins, with acquires() of the method's options",
                    names_of(requested)),
        after.nanoseconds());
}

TimePoint deadline_of(const WaitLimits& until, TimePoint now) noexcept {
    return std::min(until.deadline, deadline_after(now, until.timeout));
}

}  // namespace

void wait_for_grant(LimitCore& core, const LimitRequests& requested, const WaitLimits& until, Acquisition& result) {
    Clock& clock = core.clock();
    const TimePoint start = clock.now();
    const TimePoint deadline = deadline_of(until, start);
    if (deadline <= start) {
        core.count_timeout(result);
        throw_timeout(core, result, Duration());
    }
    const EndOfCall end_of_call;
    const TimePoint end = std::min(deadline, end_of_call.deadline_on(clock));
    ParkedWaiter waiter(result);
    let_this_thread_go_first(core);
    const BlockingWait blocking;
    if (core.take_or_join(waiter)) return;
    const auto cancel = [&core, &waiter, &end_of_call] {
        const bool is_late = end_of_call.has_come();
        if (core.leave(waiter, is_late ? LeftBecause::timeout : LeftBecause::cancelled))
            waiter.end(is_late ? ParkedWaiter::was_late : ParkedWaiter::was_cancelled);
    };
    const auto on_stop = until.stop.on_stop(cancel);
    const auto on_stop_of_call = end_of_call.stop().on_stop(cancel);
    const auto state = waiter.wait(clock, end);
    // A grant that comes at the last moment counts.
    const bool timed_out = state == ParkedWaiter::waits && core.leave(waiter, LeftBecause::timeout);
    if (timed_out && end < deadline) throw_call_over(requested, clock.now() - start);
    if (timed_out) throw_timeout(core, result, clock.now() - start);
    switch (waiter.wait(clock, no_deadline)) {
        case ParkedWaiter::was_late:
            throw_call_over(requested, clock.now() - start);
        case ParkedWaiter::was_cancelled:
            throw CancelledError(fmt::format("the wait for {} was cancelled by a stop", names_of(requested)));
        case ParkedWaiter::was_deadlocked:
            throw LimitDeadlockError(
                fmt::format("{} can never be acquired: all calls that hold what is missing wait for limits of the same "
                            "set, this one among them; acquire together what is needed together",
                            names_of(requested)));
        default:
            return;
    }
}

namespace {

// ---- a future

/// The future of an acquisition, and its place in the queue: one allocation.
///
/// The queue owns a reference until the grant is told or the future is cancelled; whichever is first under the set's
/// lock decides. What is granted to a cancelled future is given back when the state goes.
class AwaitedAcquisition final : public ValueState<Acquisition>, private LimitWaiter, private RuntimeTask {
public:
    /// Takes over `request`, which was not granted at once.
    AwaitedAcquisition(LimitCore& core, Acquisition& request)
        : ValueState<Acquisition>(Phase::pending),
          LimitWaiter(acquisition_, LimitCore::limits_of(request), nullptr),
          core_{&core} {
        core.move_request(request, acquisition_);
        set_clock(core.clock());
    }

    void start() {
        add_ref();  // of the queue
        if (core_->take_or_join(*this)) run();
    }

private:
    // Somebody releases something, and has no business with what follows here: the runtime completes it.
    void told(Verdict) noexcept override { runtime_post(*this, core_->clock()); }

    void run() noexcept override {
        emplace([this] { return std::move(acquisition_); });
        if (!publish(Phase::pending)) discard_value();
        StateBase::release();  // of the queue
    }

    // Cancelled, by whatever thread; nothing of the user's runs in here but on the runtime.
    void claimed(Phase) noexcept override {
        if (core_->leave(*this, LeftBecause::cancelled)) StateBase::release();
    }

    IntrusivePtr<LimitCore> core_;
    Acquisition acquisition_;
};

}  // namespace

/// `request` was not granted at once.
Future<Acquisition> acquire_later(LimitCore& core, Acquisition& request) {
    auto* state = new AwaitedAcquisition(core, request);
    auto future = Future<Acquisition>::adopt(state);
    state->start();
    return future;
}

}  // namespace detail

Future<Acquisition> LimitSet::async_acquire(const LimitRequests& requested) {
    Acquisition result;
    if (core().take_at_once(requested, result, detail::NotNow::waits)) return ready(std::move(result));
    return detail::acquire_later(core(), result);
}

Future<Acquisition> LimitPool::async_acquire(const LimitRequests& requested) const {
    Acquisition result;
    detail::LimitCore* core = take_or_choose(requested, result);
    return core ? detail::acquire_later(*core, result) : ready(std::move(result));
}

}  // namespace concur

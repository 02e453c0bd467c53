/// What happens to a call when a time has come.
#pragma once

#include <atomic>

#include "concur/call/host.hpp"

namespace concur::detail {

/// A timer that keeps its call and the worker alive while it is set, and no longer: the call owns it.
class CallTimer : public Timer {
public:
    explicit CallTimer(Clock& clock) noexcept : clock_(&clock) {}

    void start(CallBase& call, TimePoint when);
    /// It is not needed any more. False if it has gone off, or does so right now: that is not waited for.
    bool let_go() noexcept;

    void expired() noexcept final;

private:
    static void release_call(CallBase& call) noexcept;
    /// Somebody else may end the call at this moment.
    virtual void fire(CallBase& call) noexcept = 0;

    // Of the worker: who lets go may do so when that has gone.
    IntrusivePtr<Clock> clock_;
    // Holds a reference on the call, and one on its host. Whoever takes the pointer out has those.
    std::atomic<CallBase*> call_{nullptr};
};

/// The time of the whole call is over.
class CallDeadline final : public CallTimer {
public:
    using CallTimer::CallTimer;

private:
    void fire(CallBase& call) noexcept override;
};

/// The time of one attempt is over.
class AttemptTimer final : public CallTimer {
public:
    /// `repeatable`: that of the call, which the timer's thread must not ask while the attempt runs.
    AttemptTimer(Clock& clock, int number, bool repeatable, const RetryNumbers& numbers, TimePoint deadline) noexcept
        : CallTimer(clock), numbers_{numbers}, deadline_{deadline}, number_{number}, repeatable_{repeatable} {}

    /// The call has begun to wait for what its attempt returned. If the time was over before, the timer has not seen
    /// that wait: the call comes back now. On the thread that ran the attempt.
    void look_again(CallBase& call) noexcept;
    /// The attempt has ended: when this returns, the timer does not touch the call's next steps.
    void retire() noexcept;

private:
    void fire(CallBase& call) noexcept override;

    const RetryNumbers& numbers_;
    TimePoint deadline_;
    int number_;
    bool repeatable_;
    // Set before the timer looks whether the call waits; looked at after the call has begun to. One sees the other.
    std::atomic<bool> is_over_{false};
    std::atomic<bool> is_past_{false};  // the part of it that moves the call
};

/// The backoff of a call that was put aside is over.
class BackoffTimer final : public CallTimer {
public:
    using CallTimer::CallTimer;

private:
    void fire(CallBase& call) noexcept override;
};

/// The future that an attempt returned is done: the call goes back to its worker.
class Arrival final : public Continuation {
public:
    /// `attempts` stay where they are until it is withdrawn.
    Arrival(CallBase& call, Attempts& attempts) noexcept
        : Continuation(Code::library), call_{&call}, attempts_{attempts} {}
    void run(StateBase& source) noexcept override;

    /// The call goes on, or has ended: when this returns, the arrival does not touch it any more, however late the
    /// future comes.
    void withdraw() noexcept;

    void add_ref() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }

private:
    enum class Step : unsigned char { awaited, arriving, past };

    IntrusivePtr<CallBase> call_;
    Attempts& attempts_;
    std::atomic<Step> step_{Step::awaited};
    std::atomic<int> references_{0};
};

/// A call that waits takes its place in the queue again.
void bring_back(CallBase& call) noexcept;

/// Cancels a call when the one that it was made in is asked to stop; until either ends.
class Heir final : public Continuation, public StopListener {
public:
    static void begin(CallBase& call, const IntrusivePtr<StopState>& outer);

    void run(StateBase& source) noexcept override;
    void stop_requested() noexcept override;

private:
    Heir(CallBase& call, const IntrusivePtr<StopState>& outer) noexcept
        : Continuation(Code::library), call_{call}, outer_{outer} {}

    CallBase& call_;  // it is not done yet, or about to run this
    IntrusivePtr<StopState> outer_;
};

}  // namespace concur::detail

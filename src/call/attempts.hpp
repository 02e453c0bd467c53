/// What a call with a policy carries from one attempt to the next.
#pragma once

#include <memory>

#include "call/call_permits.hpp"
#include "call/call_timers.hpp"
#include "concur/call/host.hpp"
#include "concur/retry/rejected_results.hpp"
#include "concur/retry/retry_course.hpp"

namespace concur::detail {

/// On the stack of who runs the call; with the call itself while that is put aside.
class Attempts {
public:
    Attempts(CallHost& host, const CallBase& call, const CallPolicy& policy, TimePoint begin)
        : course(policy.rules, {call.method_name(), host.name(), host.observer().get()}, begin, call.deadline(),
                 host.next_chance()) {}

    /// The call has ended while it was put aside, or on its way back.
    void let_go() noexcept {
        if (arrival) arrival->withdraw();
        permits.release();
        if (permit_wait) permit_wait->let_go();
        if (attempt_timer) attempt_timer->let_go();
        if (backoff_timer) backoff_timer->let_go();
    }

    /// The future that the attempt returned is done. Its outcome is judged later, where the object lives: that may be
    /// busy, or wait for these very permits. What was used of rates is reported then.
    void end_of_returned(TimePoint now) noexcept {
        course.end_attempt(now);
        if (attempt_timer) attempt_timer->retire();
        permits.release_permits();
    }

    RetryCourse course;
    std::unique_ptr<RejectedHistory> rejected;
    /// What the attempt that runs, or whose outcome is waited for, has taken by itself.
    Acquisition permits;
    /// Of the wait for them.
    IntrusivePtr<PermitWait> permit_wait;
    /// Of the attempt that runs, or whose outcome is waited for.
    IntrusivePtr<AttemptTimer> attempt_timer;
    IntrusivePtr<Arrival> arrival;
    /// Of the wait before the next one.
    IntrusivePtr<BackoffTimer> backoff_timer;
    /// An attempt has begun with all that it takes: the call has been charged to its CallLimit.
    bool is_charged = false;
    /// The last attempt was the last possible one, and took its arguments away.
    bool gave_arguments_away = false;
    /// The last attempt returned a future, and its outcome has not been looked at.
    bool follows = false;
};

/// Whether somebody wants the call to end.
[[nodiscard]] inline StopAsked stop_asked(const CallBase& call) noexcept {
    if (call.stop_requested()) return StopAsked::by_cancel;
    return call.host().fails_held_calls() ? StopAsked::by_worker : StopAsked::no;
}

}  // namespace concur::detail

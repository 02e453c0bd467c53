/// The attempts of one call under its policy, for as long as they stay with one worker.
#pragma once

#include <algorithm>
#include <optional>

#include "call/attempts.hpp"
#include "concur/call/runner.hpp"

namespace concur::detail {

/// What the call carries is on the stack here, until the call is put aside. States, owners and waits:
/// docs/design/retries.md.
class PolicyRun final : private KeptArguments {
public:
    using Outcome = Runner::Outcome;

    /// `begin` is when the first attempt began, if that has not been put aside.
    PolicyRun(CallHost& host, CallBase& call, void* object, const CallPolicy& policy, TimePoint begin);

    // When these return, the call has ended, or is put aside.

    void go() noexcept;
    /// The first attempt has ended already.
    void go_on(Outcome outcome) noexcept;

private:
    // The arguments, for the functions of the policy.
    [[nodiscard]] std::size_t count() const noexcept override { return call_.argument_count(); }
    [[nodiscard]] const void* find(std::size_t index, const std::type_info& type) const override;

    /// False if the call has ended or is put aside, while it waited for what the attempt takes of limits.
    [[nodiscard]] bool attempt(Outcome& outcome) noexcept;
    void run_attempt(Outcome& outcome) noexcept;
    void end_attempt(const Outcome& outcome) noexcept;
    [[nodiscard]] RetryDecision judge(const Outcome& outcome) noexcept;
    /// What a retry was decided for may have changed meanwhile.
    [[nodiscard]] RetryDecision look_again(const RetryDecision& decision) noexcept;
    [[nodiscard]] StopAsked stop_asked() const noexcept;
    /// What the move of the result has thrown.
    [[nodiscard]] std::exception_ptr keep_rejected_result() noexcept;
    /// False if the call has ended or is put aside.
    [[nodiscard]] bool await_next_attempt(const RetryDecision& decision) noexcept;
    void conclude(const RetryDecision& decision) noexcept;
    void fail(std::exception_ptr error, StopReason reason) noexcept;
    void give_up() noexcept;
    void leave() noexcept;

    // What an attempt takes of limits by itself: acquired before it, given back at its end.
    [[nodiscard]] bool take_permits(Outcome& outcome) noexcept;
    [[nodiscard]] bool await_permits(LimitCore& core) noexcept;
    /// As which attempt the next one is charged: one that could not acquire what it takes has charged nothing.
    [[nodiscard]] int charged_as() noexcept { return attempts_->is_charged ? course().attempts() + 1 : 1; }
    void give_back_permits(const Outcome& outcome) noexcept;

    // An attempt whose method returned a future. False if the call has ended or is put aside.
    [[nodiscard]] bool take_returned(Outcome& outcome) noexcept;
    [[nodiscard]] bool await_returned(StateBase* returned, Outcome& outcome) noexcept;
    [[nodiscard]] bool await_in_caller(Outcome& outcome) noexcept;
    [[nodiscard]] Outcome outcome_of_returned() noexcept;

    // Waiting: the call is held by its host.
    [[nodiscard]] bool begin_wait() noexcept;
    /// Whether calls that wait are put aside, so that others can run meanwhile.
    [[nodiscard]] bool puts_aside() const noexcept {
        return policy_.order == RetryOrder::overtake && !host_.runs_in_caller();
    }
    [[nodiscard]] bool begin_wait_or_fail() noexcept;
    void end_if_cancelled() noexcept;
    [[nodiscard]] bool end_wait() noexcept;
    /// The call waits already. False if it has ended.
    [[nodiscard]] bool sleep_in_place(TimePoint until) noexcept;
    /// `start` sets what ends the wait.
    template <class Start>
    void put_aside(Start start) noexcept;
    void put_aside_until(TimePoint until) noexcept;
    void hand_over() noexcept;
    void regain() noexcept;

    [[nodiscard]] RetryCourse& course() noexcept { return attempts_->course; }
    [[nodiscard]] TimePoint now() const noexcept { return host_.clock().now(); }

    CallHost& host_;
    CallBase& call_;
    void* object_;
    const CallPolicy& policy_;
    std::optional<Attempts> fresh_;
    std::unique_ptr<Attempts> kept_;
    Attempts* attempts_;
};

}  // namespace concur::detail

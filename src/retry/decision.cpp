#include "concur/retry/decision.hpp"

#include <algorithm>

namespace concur::detail {
namespace {

RetryDecision ended(CallEnd end, StopReason reason) noexcept { return {.again = false, .end = end, .reason = reason}; }

/// The attempt is the last one: its own error, or that of a result which was rejected.
RetryDecision ended_by(StopReason reason, const AttemptReport& report) noexcept {
    return ended(report.end == AttemptEnd::rejected ? CallEnd::validation_error : CallEnd::own_error, reason);
}

RetryDecision ended_by_stop(const AttemptReport& report) noexcept {
    const bool by_worker = report.stop == StopAsked::by_worker;
    const StopReason reason = by_worker ? StopReason::worker_stopped : StopReason::cancelled;
    if (report.end != AttemptEnd::rejected) return ended(CallEnd::own_error, reason);
    return ended(by_worker ? CallEnd::stopped_error : CallEnd::cancelled_error, reason);
}

}  // namespace

std::optional<RetryDecision> end_without_retry(const RetryNumbers& numbers, const AttemptReport& report) noexcept {
    // The deadline has come while the attempt ran: its future has a TimeoutError, or gets one now. Even a value is
    // late.
    if (report.now >= report.deadline) return ended(CallEnd::timeout_error, StopReason::deadline);
    if (report.end == AttemptEnd::accepted) return ended(CallEnd::value, StopReason::none);
    if (report.stop != StopAsked::no) return ended_by_stop(report);
    if (report.end == AttemptEnd::final) return ended(CallEnd::own_error, StopReason::not_retryable);
    if (report.number > numbers.num_retries) return ended_by(StopReason::retries_exhausted, report);
    if (!report.repeatable) return ended_by(StopReason::not_repeatable, report);
    return std::nullopt;
}

RetryDecision decide(const RetryNumbers& numbers, const AttemptReport& report, RetrySources& sources) {
    if (const auto end = end_without_retry(numbers, report)) return *end;
    const Duration own_wait = sources.own_wait();
    if (report.hint && (*report.hint == never || *report.hint > numbers.after_max))
        return ended_by(StopReason::server_hint, report);
    const Duration wait = std::max(own_wait, report.hint.value_or(Duration()));
    const TimePoint until = deadline_after(report.now, wait);
    if (report.deadline != no_deadline && until >= report.deadline) return ended_by(StopReason::deadline, report);
    if (!sources.take_token(report.now)) return ended_by(StopReason::budget, report);
    return {.again = true, .wait = wait, .until = until};
}

}  // namespace concur::detail

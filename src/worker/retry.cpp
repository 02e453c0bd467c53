#include "concur/worker/retry.hpp"

#include "concur/core/errors.hpp"

namespace concur::detail {
namespace {

constexpr std::string_view function_name = "function";

std::optional<RepeatableChance> chance_on(Clock& clock) noexcept {
    const auto enrolment = clock.enroll();
    if (!enrolment) return std::nullopt;
    return RepeatableChance{enrolment->seed, enrolment->number, 1};
}

RetryRules rules_for_here(const RetryPolicy& policy) {
    RetryRules rules = resolve_policy(policy);
    if (rules.numbers.attempt_timeout_hard)
        throw ConfigError("attempt_timeout_hard",
                          "true is not allowed; false in concur::retry, which cannot kill an "
                          "attempt");
    return rules;
}

}  // namespace

FunctionRetry::FunctionRetry(const RetryPolicy& policy, const TimeSource& clock, StopReason* stop_reason)
    : clock_{clock},
      stop_reason_{stop_reason},
      rules_{rules_for_here(policy)},
      course_(rules_, {.method_name = function_name}, this->clock().now(),
              deadline_after(this->clock().now(), rules_.numbers.call_timeout), chance_on(this->clock())) {
    tell_reason(StopReason::none);
    course_.set_arguments(&arguments_);
}

bool FunctionRetry::settle(const RetryDecision& decision) {
    decision_ = decision;
    if (!decision_.again) tell_reason(decision_.reason);
    return decision_.again;
}

bool FunctionRetry::has_waited() {
    if (clock().now() < course_.deadline()) return true;
    // Functions of the policy have taken their time.
    return settle({.end = CallEnd::timeout_error, .reason = StopReason::deadline});
}

void FunctionRetry::stopped_while_waiting() { settle(course_.stopped_while_waiting(StopAsked::by_cancel)); }

BlockingRetry::BlockingRetry(const RetryPolicy& policy, const RetryOptions& options)
    : FunctionRetry(policy, options.clock, options.stop_reason), stop_token_{options.stop_token} {
    if (stop_asked() == StopAsked::no) return;
    tell_reason(StopReason::cancelled);
    throw CancelledError("function: the call was cancelled before its first attempt");
}

bool BlockingRetry::wait() {
    if (sleep_until(wait_end())) return has_waited();
    stopped_while_waiting();
    return false;
}

// False if it was asked to stop.
bool BlockingRetry::sleep_until(TimePoint until) const {
    ParkingWord stopped{0};
    const auto stop_callback = stop_token_.on_stop([&stopped] {
        stopped.store(1, std::memory_order_release);
        wake_all(stopped);
    });
    while (stopped.load(std::memory_order_acquire) == 0) {
        if (until != no_deadline && clock().now() >= until) return true;
        clock().park(stopped, 0, until);
    }
    return false;
}

}  // namespace concur::detail

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

BlockingRetry::BlockingRetry(const RetryPolicy& policy, const RetryOptions& options)
    : options_{options},
      clock_{options_.clock.get()},
      rules_{rules_for_here(policy)},
      course_(rules_, {.method_name = function_name}, clock_.now(),
              deadline_after(clock_.now(), rules_.numbers.call_timeout), chance_on(clock_)) {
    tell_reason(StopReason::none);
    course_.set_arguments(&arguments_);
    if (stop_asked() == StopAsked::no) return;
    tell_reason(StopReason::cancelled);
    throw CancelledError("function: the call was cancelled before its first attempt");
}

bool BlockingRetry::settle(const RetryDecision& decision) {
    decision_ = decision;
    if (decision_.again) {
        if (!sleep_until(decision_.until))
            decision_ = course_.stopped_while_waiting(StopAsked::by_cancel);
        else if (clock_.now() < course_.deadline())
            return true;
        else  // functions of the policy have taken their time
            decision_ = {.end = CallEnd::timeout_error, .reason = StopReason::deadline};
    }
    tell_reason(decision_.reason);
    return false;
}

// False if it was asked to stop.
bool BlockingRetry::sleep_until(TimePoint until) const {
    ParkingWord stopped{0};
    const auto stop_callback = options_.stop_token.on_stop([&stopped] {
        stopped.store(1, std::memory_order_release);
        wake_all(stopped);
    });
    while (stopped.load(std::memory_order_acquire) == 0) {
        if (until != no_deadline && clock_.now() >= until) return true;
        clock_.park(stopped, 0, until);
    }
    return false;
}

void BlockingRetry::tell_reason(StopReason reason) const noexcept {
    if (options_.stop_reason) *options_.stop_reason = reason;
}

}  // namespace concur::detail

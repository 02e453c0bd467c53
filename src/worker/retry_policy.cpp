#include "concur/worker/retry_policy.hpp"

#include <fmt/format.h>

#include "concur/core/errors.hpp"
#include "worker/resolution.hpp"

namespace concur {
namespace detail {

RetryNumbers retry_numbers(const Settings& settings) noexcept {
    return {.num_retries = *settings.num_retries,
            .algorithm = *settings.retry_algorithm,
            .wait = *settings.retry_wait,
            .min_wait = *settings.retry_min_wait,
            .max_wait = settings.retry_max_wait.value_or(never),
            .jitter = *settings.retry_jitter,
            .after_max = *settings.retry_after_max,
            .history = *settings.history,
            .call_timeout = settings.call_timeout.value_or(never),
            .attempt_timeout = settings.attempt_timeout.value_or(never),
            .attempt_timeout_hard = *settings.attempt_timeout_hard};
}

RetryRules retry_rules(const Settings& settings, const RetryFunctions& functions) {
    RetryRules rules{retry_numbers(settings), functions};
    if (rules.numbers.algorithm.curve() != Backoff::Curve::custom)
        rules.functions.backoff = nullptr;  // a later setter named a curve
    else if (!rules.functions.backoff)
        throw ConfigError("retry_algorithm", "custom without a function is not allowed; Backoff::custom(f)");
    return rules;
}

RetryRules resolve_policy(const RetryPolicy& policy) {
    return retry_rules(resolve_values(policy.values_), policy.functions_);
}

}  // namespace detail

Duration RetryPolicy::wait(std::int64_t k) const {
    if (k < 1) throw ConfigError("wait", fmt::format("{} is not allowed; retries count from 1", k));
    return detail::longest_wait(detail::resolve_policy(*this).numbers, k);
}

}  // namespace concur

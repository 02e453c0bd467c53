/// From what was set to a complete set of options.
#pragma once

#include "concur/retry/retry_course.hpp"
#include "concur/worker/option_values.hpp"

namespace concur::detail {

/// Validates what was set and fills in the rest from the library's own defaults, no others. Throws ConfigError.
[[nodiscard]] Settings resolve_values(const OptionValues& values);

/// The rules that follow from settings which are complete. Throws ConfigError for a custom backoff that is missing.
[[nodiscard]] RetryRules retry_rules(const Settings& settings, const RetryFunctions& functions);

}  // namespace concur::detail

/// Values of limits that are allowed; ConfigError for others.
#pragma once

#include <string>

#include "concur/core/duration.hpp"
#include "limits/amount.hpp"

namespace concur::detail {

/// A capacity or burst, in thousandths.
[[nodiscard]] Amount checked_amount(const std::string& option, double value);
[[nodiscard]] Duration checked_window(Duration window);
/// Refuses NaN alone: 0 and less do not wait, `never` does so without an end.
[[nodiscard]] Duration checked_timeout(Duration timeout);

}  // namespace concur::detail

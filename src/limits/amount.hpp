/// Amounts of limits, counted in thousandths.
#pragma once

#include <cstdint>

namespace concur::detail {

/// Thousandths: 1500 is 1.5.
using Amount = std::int64_t;

inline constexpr Amount one_amount = 1000;
/// 4e15 of them: a product with any length of time fits into 127 bits.
inline constexpr Amount most_amount = 4'000'000'000'000'000'000;

/// Exact for all that came from a double: the whole part always fits into one.
[[nodiscard]] constexpr double to_units(Amount amount) noexcept {
    return static_cast<double>(amount / one_amount) +
           static_cast<double>(amount % one_amount) / static_cast<double>(one_amount);
}

}  // namespace concur::detail

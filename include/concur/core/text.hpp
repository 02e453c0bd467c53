/// Values as text, and text as values: for options that come as text, and for errors.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "concur/core/duration.hpp"

namespace concur::detail {

enum class Reading : unsigned char { good, not_one, out_of_range };

// Each reads the whole of `text`, without space around it, and leaves `value` as it was where it fails.

/// "true", "false"
[[nodiscard]] Reading read_text(std::string_view text, bool& value) noexcept;
/// Digits, also with a fraction or exponent that leave a whole number: "4", "-1", "4.0", "1e3"
[[nodiscard]] Reading read_text(std::string_view text, std::int64_t& value) noexcept;
[[nodiscard]] Reading read_text(std::string_view text, std::uint64_t& value) noexcept;
/// Finite numbers.
[[nodiscard]] Reading read_text(std::string_view text, double& value) noexcept;
/// A number and a unit, ns, us, ms, s, min or h; without unit it counts seconds; "never", "unlimited". Saturates.
[[nodiscard]] Reading read_text(std::string_view text, Duration& value) noexcept;

[[nodiscard]] std::string text_of(double value);
/// "0.25 s", "never", "not a number"
[[nodiscard]] std::string text_of(Duration value);
/// In quotes, with escapes for what would not be seen or is no UTF-8, and cut if it is very long.
[[nodiscard]] std::string quoted(std::string_view text);

}  // namespace concur::detail

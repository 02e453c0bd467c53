/// What a line of progress says. Pure: no terminal, no clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace concur::detail {

struct ProgressFacts {
    std::string_view description;
    std::string_view unit;
    std::int64_t count = 0;
    std::int64_t total = 0;  // unknown, if not above zero
    std::chrono::nanoseconds elapsed{};
    std::string_view ending = {};  // empty while it goes on
};

/// One line of at most `columns` columns. Where they do not suffice for all, the bar goes first, then what is least
/// needed; the description is cut.
[[nodiscard]] std::string progress_text(const ProgressFacts& facts, int columns);

/// UTF-8 that a terminal shows in one line as it is: control characters become spaces, what is no UTF-8 becomes "?".
[[nodiscard]] std::string printable(std::string_view text);

/// How many columns a terminal needs for printable text; wide characters take two, combining ones none.
[[nodiscard]] int columns_of(std::string_view printable) noexcept;

/// As many whole characters from the beginning of printable text as fit.
[[nodiscard]] std::string_view cut_to_columns(std::string_view printable, int columns) noexcept;

}  // namespace concur::detail

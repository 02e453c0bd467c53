/// The tables that benchmarks print: ours, the other one, their ratio, the ratio at ten times the size, the target, and
/// whether it is met. A benchmark never fails: the table is its result.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bench {

/// What performance.md asks for.
struct Target {
    enum class Is { at_most, at_least };
    Is is = Is::at_most;
    double limit = 0;

    [[nodiscard]] bool met_by(double value) const noexcept {
        return is == Is::at_most ? value <= limit : value >= limit;
    }
};

[[nodiscard]] constexpr Target at_most(double limit) noexcept { return {Target::Is::at_most, limit}; }
[[nodiscard]] constexpr Target at_least(double limit) noexcept { return {Target::Is::at_least, limit}; }

struct Row {
    std::string what;
    std::string ours;
    std::string other;
    /// The figure that the target is about, and the same at ten times the size.
    double figure = 0;
    std::optional<double> at_ten_times;
    std::optional<Target> target;
    /// Of the figure; "x" for a ratio.
    std::string_view unit = "x";
};

void print_title(std::string_view id, std::string_view what);
void print_row(const Row& row);
/// A line in place of a row: why there is none.
void print_note(std::string_view text);

/// "7.41 M/s", for a time per operation.
[[nodiscard]] std::string per_second(double nanoseconds);
/// "41.3 ns", "6.0 us".
[[nodiscard]] std::string time_text(double nanoseconds);

}  // namespace bench

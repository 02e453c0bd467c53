#include "support/table.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace bench {
namespace {

std::string figure_text(double figure, std::string_view unit) {
    return fmt::format("{:.{}f} {}", figure, figure < 10 ? 2 : 0, unit);
}

}  // namespace

void print_title(std::string_view id, std::string_view what) {
    fmt::print("{}  {}\n", id, what);
    fmt::print("  {:<52} {:>12} {:>12} {:>12} {:>12}   {:<12} {}\n", "", "ours", "other", "figure", "at 10x", "target",
               "met");
    std::fflush(stdout);
}

void print_row(const Row& row) {
    std::string target;
    std::string_view met;
    if (row.target) {
        const bool is_met =
            row.target->met_by(row.figure) && (!row.at_ten_times || row.target->met_by(*row.at_ten_times));
        target =
            fmt::format("{} {:g} {}", row.target->is == Target::Is::at_most ? "<=" : ">=", row.target->limit, row.unit);
        met = is_met ? "yes" : "NO";
    }
    fmt::print("  {:<52} {:>12} {:>12} {:>12} {:>12}   {:<12} {}\n", row.what, row.ours, row.other,
               figure_text(row.figure, row.unit), row.at_ten_times ? figure_text(*row.at_ten_times, row.unit) : "",
               target, met);
    std::fflush(stdout);
}

void print_note(std::string_view text) {
    fmt::print("  {}\n", text);
    std::fflush(stdout);
}

std::string per_second(double nanoseconds) { return fmt::format("{:.2f} M/s", 1e3 / nanoseconds); }

std::string time_text(double nanoseconds) {
    if (nanoseconds < 1e3) return fmt::format("{:.1f} ns", nanoseconds);
    if (nanoseconds < 1e6) return fmt::format("{:.1f} us", nanoseconds / 1e3);
    return fmt::format("{:.1f} ms", nanoseconds / 1e6);
}

}  // namespace bench

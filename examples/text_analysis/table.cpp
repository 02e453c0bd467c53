#include "table.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "utf8.hpp"

namespace {

/// What comes from a file's name must not move the cursor, nor break the terminal's encoding.
std::string printable(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        const auto first = static_cast<unsigned char>(text.front());
        const bool control = first < 0x20 || first == 0x7F ||
                             (first == 0xC2 && length == 2 && static_cast<unsigned char>(text[1]) < 0xA0);
        const std::size_t taken = std::max<std::size_t>(length, 1);
        if (length == 0 || control)
            for (const char byte : text.substr(0, taken))
                result += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
        else
            result += text.substr(0, taken);
        text.remove_prefix(taken);
    }
    return result;
}

double seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

std::string text_of(const std::vector<TermCounts::Term>& terms) {
    std::string text;
    for (const TermCounts::Term& term : terms) {
        if (!text.empty()) text += ", ";
        text += fmt::format("{} {}", term.text, term.count);
    }
    return text;
}

void print_row(std::string_view language, const LanguageTotals& totals, std::string_view terms) {
    const std::string row = fmt::format("{:<12} {:>7} {:>10} {:>10} {:>13}  {}", language, totals.files, totals.lines,
                                        totals.words, totals.longest_line, terms);
    fmt::print("{}\n", std::string_view(row).substr(0, row.find_last_not_of(' ') + 1));
}

}  // namespace

void print_languages(const Summary& summary, std::size_t top) {
    using Row = std::pair<std::string_view, const LanguageTotals*>;
    std::vector<Row> rows;
    LanguageTotals sum;
    for (const auto& [language, totals] : summary.languages) {
        rows.emplace_back(language, &totals);
        sum.files += totals.files;
        sum.lines += totals.lines;
        sum.words += totals.words;
        sum.longest_line = std::max(sum.longest_line, totals.longest_line);
    }
    if (rows.empty()) {
        fmt::print("no text files\n");
        return;
    }
    std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
        return a.second->lines != b.second->lines ? a.second->lines > b.second->lines : a.first < b.first;
    });
    fmt::print("{:<12} {:>7} {:>10} {:>10} {:>13}{}\n", "language", "files", "lines", "words", "longest line",
               top > 0 ? "  most frequent terms" : "");
    for (const auto& [language, totals] : rows) print_row(language, *totals, text_of(totals->terms.top(top)));
    print_row("total", sum, "");
}

void print_problems(const Summary& summary) {
    if (summary.not_utf8 > 0)
        fmt::print("\n{} of them not in UTF-8: letters beyond ASCII count as no part of words there\n",
                   summary.not_utf8);
    std::size_t all = 0;
    for (const auto& [problem, skipped] : summary.problems) all += skipped.files;
    if (all == 0) return;
    fmt::print("\nskipped: {}\n", all);
    for (const auto& [problem, skipped] : summary.problems) {
        fmt::print("  {}: {}\n", problem, skipped.files);
        for (const std::string& path : skipped.paths) fmt::print("    {}\n", printable(path));
        if (skipped.files > skipped.paths.size())
            fmt::print("    ... and {} more\n", skipped.files - skipped.paths.size());
    }
}

void print_times(const Summary& summary, const RunTimes& times) {
    fmt::print("\n{} mode: {:.1f} MB in {:.3f} s\n", times.mode, static_cast<double>(summary.bytes) / 1e6,
               seconds(times.elapsed));
    for (const StageTime& stage : times.stages)
        fmt::print("  {:<10} busy {:.3f} s, {:.0f} % of the time\n", stage.name, seconds(stage.busy),
                   times.elapsed.count() > 0 ? 100 * seconds(stage.busy) / seconds(times.elapsed) : 0.0);
}

#include "aggregator.hpp"

#include <algorithm>

#include "busy_time.hpp"

namespace {

void add_problem(const Report& report, Summary& summary) {
    Skipped& skipped = summary.problems[report.problem];
    ++skipped.files;
    if (skipped.paths.size() < Skipped::most_paths) skipped.paths.push_back(report.path);
}

void add_counts(const Report& report, Summary& summary) {
    LanguageTotals& totals = summary.languages[std::string(report.language)];
    ++totals.files;
    totals.lines += report.lines;
    totals.words += report.words;
    totals.longest_line = std::max(totals.longest_line, report.longest_line);
    totals.terms.add(report.terms);
    summary.bytes += report.bytes;
    if (!report.is_utf8) ++summary.not_utf8;
}

}  // namespace

void Aggregator::add(const std::vector<Report>& reports) {
    const BusyTime busy_time(busy);
    for (const Report& report : reports)
        report.problem.empty() ? add_counts(report, summary) : add_problem(report, summary);
}

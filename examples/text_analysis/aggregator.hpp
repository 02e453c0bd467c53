// Third stage: adds up reports.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "analyser.hpp"

struct LanguageTotals {
    std::size_t files = 0;
    std::size_t lines = 0;
    std::size_t words = 0;
    std::size_t longest_line = 0;
    TermCounts terms;
};

/// The files that were skipped for one reason: how many, and the first of them.
struct Skipped {
    static constexpr std::size_t most_paths = 10;
    std::size_t files = 0;
    std::vector<std::string> paths;
};

struct Summary {
    std::map<std::string, LanguageTotals, std::less<>> languages;
    std::map<std::string, Skipped> problems;
    std::size_t bytes = 0;
    std::size_t not_utf8 = 0;
};

class Aggregator {
public:
    void add(const std::vector<Report>& reports);

    Summary summary;
    std::chrono::nanoseconds busy{0};
};

// Second stage: counts what is in a text.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "reader.hpp"
#include "term_counts.hpp"

/// What is known of one file in the end.
struct Report {
    std::string path;
    /// Why it was skipped; empty if it was not, and only then the rest means something.
    std::string problem;
    std::string_view language;
    std::size_t bytes = 0;
    std::size_t lines = 0;
    std::size_t words = 0;
    std::size_t longest_line = 0;  // in characters
    bool is_utf8 = true;
    TermCounts terms;
};

/// Of a file that was skipped.
[[nodiscard]] Report skipped(std::string path, std::string problem);

class Analyser {
public:
    [[nodiscard]] Report analyse(const Text& text);

    std::chrono::nanoseconds busy{0};
};

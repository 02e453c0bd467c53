// The result, for people.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "aggregator.hpp"

/// How long a stage has worked.
struct StageTime {
    std::string_view name;
    std::chrono::nanoseconds busy;
};

/// What it took to get the result.
struct RunTimes {
    std::string_view mode;
    std::chrono::nanoseconds elapsed;
    std::vector<StageTime> stages;
};

void print_languages(const Summary& summary, std::size_t top);
void print_problems(const Summary& summary);
void print_times(const Summary& summary, const RunTimes& times);

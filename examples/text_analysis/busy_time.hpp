// How long a stage has worked, as opposed to waited for work.
#pragma once

#include <chrono>

/// Adds the time from its construction to the end of its scope to a sum.
class BusyTime {
public:
    explicit BusyTime(std::chrono::nanoseconds& sum) : sum_{sum} {}
    BusyTime(const BusyTime&) = delete;
    BusyTime& operator=(const BusyTime&) = delete;
    ~BusyTime() { sum_ += std::chrono::steady_clock::now() - begin_; }

private:
    std::chrono::nanoseconds& sum_;
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

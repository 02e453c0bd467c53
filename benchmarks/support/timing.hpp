/// Comparing two programs on a machine that others use too.
///
/// The two are run in turns, in short rounds, and both orders: what else the machine does hits both alike, and the
/// ratio stays while the times move.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

namespace bench {

using Nanoseconds = double;

/// The compiler must produce `value`, and knows nothing about memory afterwards.
template <class T>
void keep(const T& value) noexcept {
    asm volatile("" : : "r,m"(value) : "memory");
}

/// A round that has to prepare something returns its time itself.
template <class Round>
[[nodiscard]] Nanoseconds time_of(Round&& round) {
    if constexpr (std::is_same_v<decltype(round()), Nanoseconds>) return round();
    const auto start = std::chrono::steady_clock::now();
    round();
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
}

/// The value that the share `part` of all values is below.
[[nodiscard]] inline double quantile(std::vector<double> values, double part) {
    if (values.empty()) return 0;
    const auto place = values.begin() + static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), place, values.end());
    return *place;
}

/// Most rounds may be disturbed; of what is left, these are not.
inline constexpr double undisturbed = 0.05;

/// Time per operation, of two programs that were run in turns.
struct Comparison {
    Nanoseconds ours = 0;
    Nanoseconds other = 0;
    /// How many times as long as the other one ours takes.
    double ratio = 0;
};

/// All rounds of two programs, neighbours at the same place.
class Rounds {
public:
    void add(Nanoseconds ours, Nanoseconds other) {
        ours_.push_back(ours);
        other_.push_back(other);
    }

    /// The ratio of neighbours: they saw the same machine.
    [[nodiscard]] Comparison median() const { return median(0, ours_.size()); }

    /// For short times, that are lost in the disturbances of a shared machine.
    [[nodiscard]] Comparison undisturbed() const {
        const Nanoseconds ours = quantile(ours_, bench::undisturbed);
        const Nanoseconds other = quantile(other_, bench::undisturbed);
        return {ours, other, ours / other};
    }

    /// For what is only true of a machine that does nothing else: the time when it came closest to that.
    [[nodiscard]] Comparison quietest_time() const {
        constexpr std::size_t rounds = 25;
        Comparison quietest = median();
        for (std::size_t first = 0; first + rounds <= ours_.size(); first += rounds) {
            const Comparison here = median(first, first + rounds);
            if (here.ours + here.other < quietest.ours + quietest.other) quietest = here;
        }
        return quietest;
    }

private:
    [[nodiscard]] Comparison median(std::size_t first, std::size_t last) const {
        std::vector<double> ours, other, ratios;
        for (std::size_t i = first; i < last; ++i) {
            ours.push_back(ours_[i]);
            other.push_back(other_[i]);
            ratios.push_back(ours_[i] / other_[i]);
        }
        return {quantile(ours, 0.5), quantile(other, 0.5), quantile(ratios, 0.5)};
    }

    std::vector<double> ours_;
    std::vector<double> other_;
};

struct Effort {
    std::chrono::milliseconds time{700};
    std::size_t rounds = 2000;  // at most
};

/// Calls `round` until the effort is made, but at least five times.
template <class Round>
void repeat(Effort effort, Round round) {
    const auto end = std::chrono::steady_clock::now() + effort.time;
    for (std::size_t i = 0; i < effort.rounds && (i < 5 || std::chrono::steady_clock::now() < end); ++i) round(i);
}

/// Runs `ours` and `other` in turns; each is one round of `operations` operations.
template <class Ours, class Other>
[[nodiscard]] Rounds compare(double operations, Ours ours, Other other, Effort effort = {}) {
    Rounds rounds;
    ours();  // caches, branch predictors, and whatever is made on first use
    other();
    repeat(effort, [&](std::size_t i) {
        const bool ours_first = i % 2 == 0;
        Nanoseconds our_time = ours_first ? time_of(ours) : 0;
        const Nanoseconds other_time = time_of(other);
        if (!ours_first) our_time = time_of(ours);
        rounds.add(our_time / operations, other_time / operations);
    });
    return rounds;
}

/// Time per operation of one program: the value that the share `part` of all rounds is below.
template <class Round>
[[nodiscard]] Nanoseconds measure(double operations, double part, Round round, Effort effort = {}) {
    std::vector<double> times;
    round();
    repeat(effort, [&](std::size_t) { times.push_back(time_of(round) / operations); });
    return quantile(std::move(times), part);
}

}  // namespace bench

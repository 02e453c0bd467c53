// B11: try_acquire of a RateLimit, granted and refused.
//
// Target: at most 1.6 times as long as a token bucket under a std::mutex, with its look at the clock.
#include <algorithm>
#include <chrono>
#include <concur/concur.hpp>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/table.hpp"
#include "support/timing.hpp"

namespace {

constexpr double most_ratio = 1.6;
constexpr int calls = 1000;
constexpr bench::Effort effort{.rounds = 20000};

/// The floor: tokens as a double.
class TokenBucket {
public:
    TokenBucket(double rate, double burst) : rate_{rate}, burst_{burst}, tokens_{burst} {}

    bool try_take(double amount) {
        const std::lock_guard lock(mutex_);
        const auto now = std::chrono::steady_clock::now();
        tokens_ = std::min(burst_, tokens_ + std::chrono::duration<double>(now - last_).count() * rate_);
        last_ = now;
        if (tokens_ < amount) return false;
        tokens_ -= amount;
        return true;
    }

private:
    std::mutex mutex_;
    double rate_;
    double burst_;
    double tokens_;
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

/// A set with as many limits; the last one is used.
concur::LimitSet set_of(int limits, double capacity, concur::Duration window, concur::RateAlgorithm algorithm) {
    std::vector<concur::Limit> all;
    for (int i = 1; i < limits; ++i) all.push_back(concur::ResourceLimit("limit " + std::to_string(i), 1));
    all.push_back(concur::RateLimit("rows", capacity, window, algorithm));
    return concur::LimitSet(all);
}

void print(concur::RateAlgorithm algorithm, bool granted) {
    const double capacity = granted ? 1e12 : 1;
    const concur::Duration window = granted ? concur::secondly : concur::weekly;
    const auto ratio_with = [&](int limits) {
        concur::LimitSet ours = set_of(limits, capacity, window, algorithm);
        TokenBucket floor(capacity / std::chrono::duration<double>(window.nanoseconds()).count(), capacity);
        static_cast<void>(ours.try_acquire("rows").acquired());
        floor.try_take(1);
        return bench::compare(
                   calls,
                   [&] {
                       for (int i = 0; i < calls; ++i) bench::keep(ours.try_acquire("rows").acquired());
                   },
                   [&] {
                       for (int i = 0; i < calls; ++i) bench::keep(floor.try_take(1));
                   },
                   effort)
            .undisturbed();
    };
    const bench::Comparison one = ratio_with(1);
    bench::print_row({std::string(to_string(algorithm)) + (granted ? ", granted" : ", refused"),
                      bench::time_text(one.ours), bench::time_text(one.other), one.ratio, ratio_with(10).ratio,
                      bench::at_most(most_ratio)});
}

}  // namespace

int main() {
    std::thread([] {}).join();  // before the first thread, glibc's mutex goes without atomic operations
    bench::print_title("B11",
                       "try_acquire of a rate (other: a token bucket under a std::mutex; 10x: a set of ten limits)");
    for (const auto algorithm : {concur::RateAlgorithm::token_bucket, concur::RateAlgorithm::fixed_window,
                                 concur::RateAlgorithm::sliding_window})
        for (const bool granted : {true, false}) print(algorithm, granted);
}

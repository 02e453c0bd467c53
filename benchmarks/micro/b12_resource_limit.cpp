// B12: acquire and release of permits, alone and three at once.
//
// Target: at most 1.5 times as long as a counter under a std::mutex, taken and given back; three limits at once at most
// 4 times as long.
#include <concur/concur.hpp>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/table.hpp"
#include "support/timing.hpp"

namespace {

constexpr double most_ratio = 1.5;
constexpr double most_ratio_of_three = 4;
constexpr int calls = 1000;
constexpr bench::Effort effort{.rounds = 20000};

/// The floor: nothing but the count.
class Counter {
public:
    bool take() {
        const std::lock_guard lock(mutex_);
        if (free_ == 0) return false;
        --free_;
        return true;
    }
    void give_back() {
        const std::lock_guard lock(mutex_);
        ++free_;
    }

private:
    std::mutex mutex_;
    int free_ = 4;
};

template <class Acquire>
void print(std::string what, Acquire acquire, double most) {
    const auto compare = [&](int more_limits) {
        std::vector<concur::Limit> all{concur::ResourceLimit("a", 4), concur::ResourceLimit("b", 4),
                                       concur::ResourceLimit("c", 4)};
        for (int i = 0; i < more_limits; ++i) all.push_back(concur::ResourceLimit("limit " + std::to_string(i), 1));
        concur::LimitSet limits(all);
        Counter floor;
        return bench::compare(
                   calls,
                   [&] {
                       for (int i = 0; i < calls; ++i) {
                           const auto held = acquire(limits);
                           bench::keep(held.acquired());
                       }
                   },
                   [&] {
                       for (int i = 0; i < calls; ++i) {
                           bench::keep(floor.take());
                           floor.give_back();
                       }
                   },
                   effort)
            .undisturbed();
    };
    const bench::Comparison one = compare(0);
    bench::print_row({what, bench::time_text(one.ours), bench::time_text(one.other), one.ratio, compare(27).ratio,
                      bench::at_most(most)});
}

}  // namespace

int main() {
    std::thread([] {}).join();  // before the first thread, glibc's mutex goes without atomic operations
    bench::print_title("B12", "permits (other: a counter under a std::mutex; 10x: a set of thirty limits)");
    print(
        "acquire + release", [](auto& limits) { return limits.acquire("a"); }, most_ratio);
    print(
        "try_acquire + release", [](auto& limits) { return limits.try_acquire("a"); }, most_ratio);
    print(
        "three at once",
        [](auto& limits) {
            return limits.acquire({{"a", 1}, {"b", 1}, {"c", 1}});
        },
        most_ratio_of_three);
}

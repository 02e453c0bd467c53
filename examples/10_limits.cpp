// Limits without workers: a paid service that allows so many connections and so many tokens a minute, shared by all
// threads of a program. The clock is driven by hand, so that a minute takes no time here.
#include <fmt/core.h>

#include <chrono>
#include <concur/concur.hpp>
#include <concur/testing.hpp>
#include <string>

using namespace std::chrono_literals;

int main() {
    concur::testing::ManualClock clock;
    concur::LimitSet service({concur::ResourceLimit("connections", 2),
                              concur::RateLimit("tokens", 1000, 1min, concur::RateAlgorithm::token_bucket)},
                             {.clock = clock});

    // Taken together or not at all; what was not used goes back.
    {
        auto held = service.acquire({{"connections", 1}, {"tokens", 800}});
        held.update({{"tokens", 300}});
    }
    fmt::print("{} tokens left, {} connections in use\n", service.stats("tokens").available,
               service.stats("connections").in_use);

    // Not now, and when.
    const concur::LimitRequests large{{"connections", 1}, {"tokens", 1000}};
    fmt::print("at once: {}; in {} s\n", service.try_acquire(large).acquired(), service.estimate(large) / 1s);
    try {
        const auto held = service.acquire(large, 5s);
    } catch (const concur::LimitTimeoutError& error) {
        fmt::print("missing: {}\n", error.missing().front());
    }

    // As a future: no thread waits.
    auto later = service.async_acquire(large).then(
        [](concur::Acquisition held) { return std::string(held.acquired() ? "granted" : "refused"); });
    clock.advance(12s);
    fmt::print("{}", later.done() ? "too early\n" : "");
    clock.advance(1s);
    fmt::print("{}\n", later.result());

    // Two regions behind one face: the other one serves what the first has no room for.
    concur::LimitPool regions({concur::LimitSet({concur::ResourceLimit("slots", 1)}, {.tag = "east"}),
                               concur::LimitSet({concur::ResourceLimit("slots", 1)}, {.tag = "west"})});
    const auto one = regions.acquire("slots");
    const auto two = regions.acquire("slots");
    fmt::print("{} {}\n", one.tag(), two.tag());
}
/* expected output
700 tokens left, 0 connections in use
at once: false; in 18 s
missing: tokens
granted
east west
*/

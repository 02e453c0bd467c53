#include "concur/limits/limit_pool.hpp"

#include <concur/concur.hpp>
#include <concur/testing.hpp>
#include <set>
#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using concur::Acquisition;
using concur::LimitPool;
using concur::LimitSelection;
using concur::LimitSet;
using concur::RateAlgorithm;
using concur::RateLimit;
using concur::ResourceLimit;

namespace {

LimitSet slots(std::string tag, double count) {
    return LimitSet({ResourceLimit("slots", count)}, {.tag = std::move(tag)});
}

}  // namespace

TEST_CASE("a pool spills to the next set with room", "[limits][L12]") {
    LimitPool regions({slots("east", 1), slots("west", 1)});
    const auto one = regions.acquire({{"slots", 1}});
    const auto two = regions.acquire({{"slots", 1}});
    CHECK(one.tag() == "east");
    CHECK(two.tag() == "west");
    CHECK_FALSE(regions.try_acquire("slots").acquired());
    CHECK_THROWS_AS(regions.acquire("slots", 0s), concur::LimitTimeoutError);
    CHECK(regions.estimate("slots") == concur::never);
    CHECK_THROWS_AS(LimitPool(std::vector<LimitSet>()), concur::ConfigError);
}

TEST_CASE("a pool without spill waits for the chosen set", "[limits][L12]") {
    LimitPool regions({slots("east", 1), slots("west", 1)}, {.spill = false, .offset = 1});
    const auto west = regions.acquire("slots");
    const auto east = regions.acquire("slots");
    CHECK(west.tag() == "west");
    CHECK(east.tag() == "east");
    auto later = regions.async_acquire("slots");
    CHECK(regions.sets()[1].stats("slots").waiting == 1);
    CHECK(regions.sets()[0].stats("slots").waiting == 0);
    CHECK(later.cancel());
}

TEST_CASE("least_wait chooses the set that can serve first", "[limits][L12]") {
    concur::testing::ManualClock clock;
    const auto rows = [&](std::string tag, concur::Duration window) {
        return LimitSet({RateLimit("rows", 1, window, RateAlgorithm::token_bucket)},
                        {.clock = clock, .tag = std::move(tag)});
    };
    LimitPool pool({rows("slow", 10s), rows("fast", 1s)}, {.selection = LimitSelection::least_wait});
    static_cast<void>(pool.acquire("rows").acquired());
    static_cast<void>(pool.acquire("rows").acquired());
    CHECK(pool.estimate("rows") == concur::Duration(1s));
    CHECK(pool.acquire("rows").tag() == "fast");
    CHECK(clock.elapsed() == concur::Duration(1s));
}

TEST_CASE("a random choice reaches every set", "[limits][L12]") {
    LimitPool pool({slots("a", 1000), slots("b", 1000), slots("c", 1000)}, {.selection = LimitSelection::random});
    std::vector<Acquisition> held;
    for (int i = 0; i < 300; ++i) held.push_back(pool.acquire("slots"));
    for (const LimitSet& set : pool.sets()) {
        CHECK(set.stats("slots").in_use > 50);
        CHECK(set.stats("slots").in_use < 150);
    }
}

TEST_CASE("sets that could never serve a request are passed over", "[limits][L12]") {
    LimitPool pool({slots("small", 1), slots("large", 10), LimitSet({ResourceLimit("other", 1)}, {.tag = "other"})});
    for (int i = 0; i < 3; ++i) CHECK(pool.acquire({"slots", 5}).tag() == "large");
    CHECK(pool.try_acquire("other").tag() == "other");
    CHECK_THROWS_AS(pool.acquire({"slots", 11}), concur::LimitUnsatisfiableError);
    CHECK_THROWS_AS(pool.acquire("printers"), concur::UnknownLimitError);
    CHECK_THROWS_AS(pool.acquire({"slots", -1}), concur::ConfigError);
}

TEST_CASE("of sets with the same wait, the one with the fewest waiting is chosen", "[limits][L12]") {
    LimitPool pool({slots("a", 1), slots("b", 1)}, {.selection = LimitSelection::least_wait, .spill = false});
    std::vector<Acquisition> held;
    for (int i = 0; i < 2; ++i) held.push_back(pool.acquire("slots"));
    std::vector<concur::Future<Acquisition>> waiting;
    for (int i = 0; i < 6; ++i) waiting.push_back(pool.async_acquire("slots"));
    for (const LimitSet& set : pool.sets()) CHECK(set.stats("slots").waiting == 3);
    for (auto& future : waiting) CHECK(future.cancel());
}

TEST_CASE("waits in a pool end as waits in a set do", "[limits][L12][L5]") {
    concur::testing::ManualClock clock;
    LimitPool pool({LimitSet({ResourceLimit("slots", 1)}, {.clock = clock})});
    auto held = pool.acquire("slots");
    CHECK_THROWS_AS(pool.acquire("slots", 3s), concur::LimitTimeoutError);
    CHECK(clock.elapsed() == concur::Duration(3s));
    CHECK_THROWS_AS(pool.acquire("slots", clock.now()), concur::LimitTimeoutError);
    auto later = pool.async_acquire("slots");
    held.release();
    CHECK(later.result().acquired());
}

TEST_CASE("a pool that was moved from is as good as a copy", "[limits][L12]") {
    LimitPool pool({slots("east", 1), slots("west", 1)});
    const LimitPool moved = std::move(pool);
    const auto one = moved.acquire("slots");
    CHECK(pool.acquire("slots").acquired());  // NOLINT(bugprone-use-after-move): meant
    CHECK(moved.stats("slots").in_use == 1);
}

#include "concur/limits/limit_set.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <concur/concur.hpp>
#include <concur/testing.hpp>
#include <latch>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/race.hpp"

using namespace std::chrono_literals;
using concur::Acquisition;
using concur::CallLimit;
using concur::Future;
using concur::LimitSet;
using concur::RateAlgorithm;
using concur::RateLimit;
using concur::ResourceLimit;
using concur::test::eventually;
using concur::test::race;
using concur::testing::ManualClock;

namespace {

bool waits(const LimitSet& limits, std::string_view key, int count = 1) {
    return eventually([&] { return limits.stats(key).waiting == count; });
}

template <class T>
bool ends(const Future<T>& future) {
    return eventually([&] { return future.done(); });
}

/// A stop that a test can ask for.
struct Stop {
    concur::detail::IntrusivePtr<concur::detail::StopState> state{
        new concur::detail::StopState(concur::detail::steady_clock())};
    concur::StopToken token{state};
};

struct Nothing {};

/// Runs `f()` as a call of a worker, on this thread.
template <class F>
void in_call(F f) {
    concur::Worker<Nothing>::options().mode(concur::sync).blocking().init().call([&](Nothing&) { f(); });
}

constexpr std::array all_algorithms{RateAlgorithm::sliding_window, RateAlgorithm::token_bucket, RateAlgorithm::gcra,
                                    RateAlgorithm::leaky_bucket, RateAlgorithm::fixed_window};

}  // namespace

// ---- values

TEST_CASE("limits that make no sense are refused", "[limits][L1][L2]") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    for (const double capacity : {0.0, -1.0, nan, 0.0001, 1e300, std::numeric_limits<double>::infinity()}) {
        CAPTURE(capacity);
        CHECK_THROWS_AS(ResourceLimit("a", capacity), concur::ConfigError);
        CHECK_THROWS_AS(RateLimit("a", capacity, 1s), concur::ConfigError);
        CHECK_THROWS_AS(CallLimit(capacity, 1s), concur::ConfigError);
        LimitSet limits({ResourceLimit("a", 2)});
        CHECK_THROWS_AS(limits.reconfigure("a", capacity), concur::ConfigError);
        CHECK(limits.stats("a").capacity == 2);
    }
    CHECK_THROWS_AS(RateLimit("a", 1, 0s), concur::ConfigError);
    CHECK_THROWS_AS(RateLimit("a", 1, -1s), concur::ConfigError);
    CHECK_THROWS_AS(RateLimit("a", 1, std::chrono::duration<double>(nan)), concur::ConfigError);
    CHECK_THROWS_AS(RateLimit("a", 1, 1s, RateAlgorithm::sliding_window, {.burst = 2}), concur::ConfigError);
    CHECK_THROWS_AS(RateLimit("a", 1, 1s, RateAlgorithm::token_bucket, {.pace = true}), concur::ConfigError);
    CHECK_THROWS_AS(RateLimit("a", 1, 1s, RateAlgorithm::gcra, {.burst = -1}), concur::ConfigError);
    CHECK_THROWS_AS(ResourceLimit("", 1), concur::ConfigError);
    CHECK_THROWS_AS(LimitSet({ResourceLimit("a", 1), RateLimit("a", 1, 1s)}), concur::ConfigError);
    CHECK_THROWS_AS(LimitSet(std::vector<concur::Limit>()), concur::ConfigError);
    CHECK_THROWS_AS(LimitSet(std::vector<concur::Limit>(65, ResourceLimit("a", 1))), concur::ConfigError);
    CHECK_THROWS_AS(LimitSet({ResourceLimit("a", 1)}, {.shared = concur::Mode::process}), concur::ConfigError);
    CHECK(CallLimit(2, 1s).key() == "calls");
    CHECK(CallLimit(2, 1s).per_attempt().counts_attempts());
    CHECK_FALSE(CallLimit(2, 1s).counts_attempts());
    CHECK(RateLimit("a", 7, concur::secondly).algorithm() == RateAlgorithm::sliding_window);
    CHECK(RateLimit("a", 7, concur::weekly).window() == concur::Duration(7 * 24h));
}

TEST_CASE("requests are written in many ways", "[limits][L4]") {
    LimitSet limits({ResourceLimit("slots", 10), ResourceLimit("rows", 100)});
    const auto in_use = [&](const char* key) { return limits.stats(key).in_use; };
    {
        const auto one = limits.try_acquire("slots");
        const auto two = limits.try_acquire({"slots", 2});
        const auto both = limits.try_acquire({{"slots", 1}, {"rows", 1.5}});
        const auto sum = limits.try_acquire({{"slots", 1}, {"slots", 1}});
        CHECK(in_use("slots") == 6);
        CHECK(in_use("rows") == 1.5);
    }
    const int some = 3;
    const std::string key = "rows";
    const concur::LimitRequests named{{"slots", some}, {key, some}};
    const concur::LimitRequests copy = named;
    {
        const auto held = limits.try_acquire(copy);
        CHECK(in_use("rows") == 3);
    }
    const auto owned = [] {
        const std::string local = "a long key that lives on the heap, for a while";
        return concur::LimitRequests(local, 1).owned();
    }();
    CHECK(std::string(owned.begin()->key()) == "a long key that lives on the heap, for a while");
    {
        const auto rounded = limits.try_acquire({"rows", 0.0016});
        CHECK(in_use("rows") == 0.002);
    }
    const auto nothing = limits.try_acquire({});
    CHECK(nothing.acquired());
    CHECK(limits.acquire({{"slots", 0}}, 0s).acquired());
    CHECK(in_use("slots") == 0);
}

TEST_CASE("amounts of any size are exact", "[limits][L1][L4][L7]") {
    constexpr long most = 4'000'000'000'000'000;
    for (const long capacity : {most, most - 1, (most / 2) + 1}) {
        CAPTURE(capacity);
        LimitSet limits({ResourceLimit("bytes", static_cast<double>(capacity)),
                         RateLimit("rows", static_cast<double>(capacity), 1s, RateAlgorithm::token_bucket)});
        CHECK(limits.stats("bytes").capacity == static_cast<double>(capacity));
        CHECK_THROWS_AS(limits.try_acquire({"bytes", capacity + 1}), concur::LimitUnsatisfiableError);
        CHECK_THROWS_AS(limits.try_acquire({"rows", static_cast<double>(capacity) + 0.5}),
                        concur::LimitUnsatisfiableError);
        CHECK(limits.try_acquire({{"bytes", capacity}, {"rows", capacity}}).acquired());
        auto held = limits.try_acquire({"bytes", static_cast<unsigned long long>(capacity) - 1});
        CHECK(held.acquired());
        CHECK_FALSE(limits.try_acquire({"bytes", 1.001}).acquired());
        CHECK(limits.try_acquire({"bytes", 1}).acquired());
        held.update({{"bytes", capacity - 2}});
        CHECK(limits.try_acquire({"bytes", 2.0F}).acquired());
        held.release();
        CHECK(limits.stats("bytes").in_use == 0);
    }
    LimitSet halves({ResourceLimit("bytes", static_cast<double>(most) - 1.5)});
    CHECK(halves.stats("bytes").capacity == static_cast<double>(most) - 1.5);
    CHECK(halves.try_acquire({"bytes", static_cast<double>(most) - 1.5}).acquired());
    CHECK(halves.try_acquire({{"bytes", most - 2}, {"bytes", 0.5}}).acquired());
    CHECK_THROWS_AS(halves.try_acquire({{"bytes", most - 2}, {"bytes", 0.501}}), concur::LimitUnsatisfiableError);
}

TEST_CASE("requests that can never be granted are refused at once", "[limits][L4][L5]") {
    LimitSet limits({ResourceLimit("slots", 2), RateLimit("rows", 10, 1s, RateAlgorithm::token_bucket, {.burst = 20})});
    const auto both = [&](auto error, const concur::LimitRequests& requested) {
        using E = decltype(error);
        CHECK_THROWS_AS(limits.acquire(requested), E);
        CHECK_THROWS_AS(limits.try_acquire(requested), E);
        CHECK_THROWS_AS(limits.async_acquire(requested), E);
        CHECK_THROWS_AS(limits.estimate(requested), E);
    };
    both(concur::LimitUnsatisfiableError("", ""), {"slots", 3});
    both(concur::LimitUnsatisfiableError("", ""), {"rows", 20.001});
    both(concur::LimitUnsatisfiableError("", ""), {"slots", 1e300});
    both(concur::LimitUnsatisfiableError("", ""), {"slots", std::numeric_limits<double>::infinity()});
    both(concur::LimitUnsatisfiableError("", ""), {"slots", std::numeric_limits<unsigned long>::max()});
    both(concur::LimitUnsatisfiableError("", ""), {{"slots", 2}, {"slots", 1}});
    both(concur::LimitUnsatisfiableError("", ""),
         {{"slots", std::numeric_limits<long>::max()}, {"slots", std::numeric_limits<long>::max()}});
    both(concur::UnknownLimitError("", ""), "printers");
    both(concur::ConfigError("", ""), {"slots", -1});
    both(concur::ConfigError("", ""), {"slots", std::numeric_limits<long>::min()});
    both(concur::ConfigError("", ""), {"slots", -std::numeric_limits<double>::infinity()});
    both(concur::ConfigError("", ""), {"slots", std::numeric_limits<double>::quiet_NaN()});
    CHECK(limits.try_acquire({"rows", 20}).acquired());
    try {
        static_cast<void>(limits.acquire({"slots", 3}));
    } catch (const concur::LimitUnsatisfiableError& error) {
        CHECK(error.key() == "slots");
        CHECK(std::string(error.what()).find("\"slots\"") != std::string::npos);
    }
}

TEST_CASE("a set that skips unknown keys warns once", "[limits][L4]") {
    struct Count final : concur::Observer {
        void on_warning(const concur::Warning& warning) override {
            warnings += warning.kind == concur::WarningKind::unknown_limit ? 1 : 0;
        }
        std::atomic<int> warnings{0};
    };
    const auto count = std::make_shared<Count>();
    concur::observe_all(count);
    LimitSet limits({ResourceLimit("slots", 2)}, {.unknown_keys = concur::UnknownKeys::skip});
    for (int i = 0; i < 3; ++i) {
        auto held = limits.try_acquire({{"slots", 1}, {"printers", 5}});
        CHECK(held.acquired());
        held.update({{"printers", 2}});
    }
    concur::observe_all(nullptr);
    CHECK(count->warnings == 1);
}

TEST_CASE("a list of limits is a description: each set made of it counts for itself, and copies are one set",
          "[limits][L2]") {
    const std::vector<concur::Limit> description{ResourceLimit("slots", 1), RateLimit("rows", 5, 1s)};
    LimitSet first(description, {.tag = "first", .data = -7});
    LimitSet second(description);
    const LimitSet copy = first;
    const auto held = first.acquire("slots");
    CHECK(second.try_acquire("slots").acquired());
    CHECK(copy == first);
    CHECK_FALSE(copy == second);
    CHECK(copy.stats("slots").in_use == 1);
    CHECK(copy.tag() == "first");
    CHECK(copy.data() == -7);
    CHECK(held.data() == -7);
    const LimitSet moved = std::move(second);
    CHECK_THROWS_AS(second.try_acquire("slots"), concur::NoStateError);  // NOLINT(bugprone-use-after-move)
}

TEST_CASE("token_bucket, gcra and leaky_bucket are one algorithm", "[limits][L3]") {
    ManualClock clock;
    const auto bucket = [&](RateAlgorithm algorithm) {
        return LimitSet({RateLimit("rows", 7, 1s, algorithm, {.burst = 11})}, {.clock = clock});
    };
    LimitSet sets[] = {bucket(RateAlgorithm::token_bucket), bucket(RateAlgorithm::gcra),
                       bucket(RateAlgorithm::leaky_bucket)};
    std::mt19937 random(9);
    int differing = 0;
    int granted = 0;
    for (int i = 0; i < 3'000; ++i) {
        const double amount = static_cast<double>(1 + random() % 11'000) * 0.001;
        const bool first = sets[0].try_acquire({"rows", amount}).acquired();
        granted += first ? 1 : 0;
        for (int other : {1, 2}) {
            differing += sets[other].try_acquire({"rows", amount}).acquired() != first ? 1 : 0;
            differing += sets[other].estimate("rows") != sets[0].estimate("rows") ? 1 : 0;
        }
        clock.advance(concur::Duration::of_nanoseconds(random() % 700'000'000));
    }
    CHECK(differing == 0);
    CHECK(granted > 300);
}

// ---- taking and giving back

TEST_CASE("a refused request changes nothing", "[limits][L4][L5]") {
    ManualClock clock;
    LimitSet limits({ResourceLimit("slots", 2), RateLimit("rows", 10, 1s), ResourceLimit("last", 1)}, {.clock = clock});
    const auto last = limits.try_acquire("last");
    for (int i = 0; i < 5; ++i) {
        auto refused = limits.try_acquire({{"slots", 1}, {"rows", 3}, {"last", 1}});
        CHECK_FALSE(refused.acquired());
        refused.release();
        refused.release();
    }
    CHECK(limits.stats("slots").in_use == 0);
    CHECK(limits.stats("rows").available == 10);
    CHECK(limits.stats("rows").refused == 5);
    CHECK(limits.stats("last").in_use == 1);
}

TEST_CASE("permits come back with the acquisition's end, however it ends", "[limits][L7]") {
    LimitSet limits({ResourceLimit("slots", 2)}, {.tag = "east", .data = 7});
    const auto in_use = [&] { return limits.stats("slots").in_use; };
    try {
        const auto held = limits.acquire({"slots", 2});
        throw 1;
    } catch (int) {
    }
    CHECK(in_use() == 0);
    auto first = limits.acquire("slots");
    CHECK(first.tag() == "east");
    CHECK(first.data() == 7);
    auto second = std::move(first);
    CHECK_FALSE(first.acquired());
    CHECK(in_use() == 1);
    first = limits.acquire("slots");
    CHECK(in_use() == 2);
    first = std::move(second);
    CHECK(in_use() == 1);
    first.release();
    first.release();
    CHECK(in_use() == 0);
    CHECK(first.tag().empty());

    auto outlives = std::make_unique<LimitSet>(std::vector<concur::Limit>{ResourceLimit("slots", 1)});
    auto held = outlives->acquire("slots");
    const LimitSet copy = *outlives;
    outlives.reset();
    CHECK(copy.stats("slots").in_use == 1);
    held.release();
    CHECK(copy.stats("slots").in_use == 0);
}

TEST_CASE("sixty-four limits are taken together or not at all", "[limits][L2][L4]") {
    std::vector<concur::Limit> all;
    std::vector<concur::LimitRequest> requests;
    std::vector<std::string> keys;
    for (int i = 0; i < 64; ++i) keys.push_back("limit " + std::to_string(i));
    for (int i = 63; i >= 0; --i) requests.emplace_back(keys[static_cast<std::size_t>(i)], 1);
    for (const std::string& key : keys) all.push_back(ResourceLimit(key, 1));
    LimitSet limits(all);
    const concur::LimitRequests everything(requests.data(), requests.size());
    {
        const auto held = limits.try_acquire(everything);
        CHECK(held.acquired());
        CHECK_FALSE(limits.try_acquire(keys[40]).acquired());
    }
    const auto one = limits.try_acquire(keys[63]);
    CHECK_FALSE(limits.try_acquire(everything).acquired());
    CHECK(limits.stats(keys[0]).in_use == 0);
}

TEST_CASE("what was not used comes back at once, and what was used beyond is a debt", "[limits][L7]") {
    for (const RateAlgorithm algorithm : all_algorithms) {
        CAPTURE(to_string(algorithm));
        ManualClock clock;
        LimitSet limits({ResourceLimit("slots", 4), RateLimit("rows", 10, 1s, algorithm)}, {.clock = clock});
        auto held = limits.acquire({{"slots", 3}, {"rows", 8}});
        held.update({{"rows", 3}});
        CHECK(limits.stats("rows").available == 7);
        CHECK(limits.stats("rows").refunded == 5);
        held.update({{"rows", 5}, {"slots", 1}});
        CHECK(limits.stats("rows").available == 5);
        CHECK(limits.stats("rows").debt == 2);
        CHECK(limits.stats("slots").in_use == 1);
        held.update({{"rows", 15}});
        CHECK(limits.stats("rows").available == 0);
        CHECK_FALSE(limits.try_acquire({"rows", 0.001}).acquired());
        clock.advance(1s);
        CHECK(limits.try_acquire({"rows", 5}).acquired());
        CHECK_THROWS_AS(held.update({{"slots", 2}}), concur::ConfigError);
        CHECK_THROWS_AS(held.update({{"slots", -1}}), concur::ConfigError);
        CHECK_THROWS_AS(held.update({{"slots", 1}, {"slots", 1}}), concur::ConfigError);
        CHECK(limits.stats("slots").in_use == 1);
        CHECK_THROWS_AS(held.update({{"rows", 1}, {"printers", 1}}), concur::UnknownLimitError);
        held.release();
        CHECK_THROWS_AS(held.update({{"rows", 1}}), concur::ConfigError);
        CHECK(limits.stats("rows").unreported == 1);  // of the one above that was taken and let go
        CHECK(limits.stats("slots").in_use == 0);
    }
}

TEST_CASE("paced grants keep their distance", "[limits][L3]") {
    ManualClock clock;
    LimitSet limits({RateLimit("calls", 4, 1s, RateAlgorithm::leaky_bucket, {.pace = true})}, {.clock = clock});
    clock.advance(24h);
    for (int i = 0; i < 3; ++i) {
        CHECK(limits.try_acquire("calls").acquired());
        CHECK(limits.estimate("calls") == concur::Duration(250ms));
        clock.advance(249'999'999ns);
        CHECK_FALSE(limits.try_acquire("calls").acquired());
        clock.advance(1ns);
    }
    CHECK(limits.try_acquire({"calls", 4}).acquired());
    CHECK(limits.estimate("calls") == concur::Duration(1s));
}

TEST_CASE("an acquisition that nobody updates hides no exception, and counts as unreported", "[limits][L7]") {
    LimitSet limits({RateLimit("rows", 10, 1h), ResourceLimit("slots", 1)});
    const auto fail_while_holding = [&] {
        const auto held = limits.acquire({{"rows", 3}, {"slots", 1}});
        throw std::out_of_range("mine");
    };
    CHECK_THROWS_AS(fail_while_holding(), std::out_of_range);
    CHECK(limits.stats("rows").unreported == 1);
    CHECK(limits.stats("rows").available == 7);
    CHECK(limits.stats("slots").unreported == 0);
    CHECK(limits.stats("slots").in_use == 0);
    {
        auto held = limits.acquire({"rows", 3});
        held.update({{"rows", 3}});
    }
    CHECK(limits.stats("rows").unreported == 1);
}

TEST_CASE("an estimate for several limits is exact: refused a nanosecond before, granted then", "[limits][L5]") {
    std::mt19937 random(21);
    int early = 0;
    int late = 0;
    int waited = 0;
    for (int round = 0; round < 200; ++round) {
        ManualClock clock;
        std::vector<concur::Limit> description;
        const char* const keys[] = {"a", "b", "c"};
        for (const char* key : keys)
            description.push_back(RateLimit(key, static_cast<double>(1 + random() % 9),
                                            std::chrono::nanoseconds(1 + random() % 999'983),
                                            all_algorithms[random() % all_algorithms.size()]));
        LimitSet limits(description, {.clock = clock});
        for (int step = 0; step < 20; ++step) {
            std::vector<concur::LimitRequest> requests;
            for (std::size_t i = 0; i < 3; ++i)
                if (random() % 2)
                    requests.emplace_back(keys[i], 1 + random() % static_cast<unsigned>(description[i].capacity()));
            const concur::LimitRequests requested(requests.data(), requests.size());
            const concur::Duration estimate = limits.estimate(requested);
            if (estimate > 0ns) {
                ++waited;
                clock.advance(estimate - 1ns);
                early += limits.try_acquire(requested).acquired() ? 1 : 0;
                clock.advance(1ns);
            }
            late += limits.try_acquire(requested).acquired() ? 0 : 1;
        }
    }
    CHECK(early == 0);
    CHECK(late == 0);
    CHECK(waited > 1'000);
}

// ---- waiting

TEST_CASE("a wait for a permit ends when it comes back", "[limits][L4]") {
    LimitSet limits({ResourceLimit("slots", 1)});
    auto held = limits.acquire("slots");
    std::thread waiter([&] { static_cast<void>(limits.acquire("slots").acquired()); });
    const bool waited = waits(limits, "slots");
    held.release();
    waiter.join();
    CHECK(waited);
    CHECK(limits.stats("slots").granted == 2);
    CHECK(limits.stats("slots").in_use == 0);
    CHECK(limits.stats("slots").wait_time > 0s);
}

TEST_CASE("a wait with a time ends with it, and says what is missing", "[limits][L5]") {
    ManualClock clock;
    LimitSet limits({ResourceLimit("slots", 1), RateLimit("rows", 10, 10s, RateAlgorithm::token_bucket)},
                    {.clock = clock});
    const auto held = limits.acquire({{"slots", 1}, {"rows", 10}});
    for (const auto timeout : {0s, -5s}) {
        try {
            static_cast<void>(limits.acquire({"rows", 3}, timeout));
            FAIL("acquired");
        } catch (const concur::LimitTimeoutError& error) {
            CHECK(error.missing() == std::vector<std::string>{"rows"});
            CHECK(error.estimate() == 3s);
            CHECK(error.after() == 0s);
        }
    }
    const auto before = clock.elapsed();
    try {
        static_cast<void>(limits.acquire({{"rows", 9}, {"slots", 1}}, 4s));
        FAIL("acquired");
    } catch (const concur::TimeoutError& error) {
        CHECK(error.after() == 4s);
        const auto& limit_error = dynamic_cast<const concur::LimitTimeoutError&>(error);
        CHECK(limit_error.missing() == std::vector<std::string>{"slots", "rows"});
        CHECK(limit_error.estimate() == concur::never.nanoseconds());
    }
    CHECK(clock.elapsed() - before == concur::Duration(4s));
    CHECK_THROWS_AS(limits.acquire("slots", clock.now() + 1s), concur::LimitTimeoutError);
    CHECK(limits.stats("rows").timeouts == 3);
    CHECK(limits.stats("slots").waiting == 0);
}

TEST_CASE("times to wait mean the same for sets and pools, whatever they are", "[limits][L5][L12]") {
    ManualClock clock;
    const LimitSet set({ResourceLimit("slots", 1)}, {.clock = clock});
    const LimitSet other({ResourceLimit("slots", 1)}, {.clock = clock});
    const concur::LimitPool pool({set, other});
    const auto both = [&](auto f) {
        f(LimitSet(set));
        f(pool);
    };
    const std::chrono::duration<double> nan(std::nan(""));
    both([&](auto limits) {  // at once, there is no need to wait
        CHECK_THROWS_AS(limits.acquire("slots", nan), concur::ConfigError);
        for (const concur::Duration timeout : {concur::Duration(-1s), -concur::never, concur::Duration()})
            CHECK(limits.acquire("slots", timeout).acquired());
        CHECK(limits.acquire("slots", std::chrono::steady_clock::time_point::min()).acquired());
    });
    auto held = pool.acquire("slots");
    auto also_held = pool.acquire("slots");
    both([&](auto limits) {
        const auto before = clock.elapsed();
        CHECK_THROWS_AS(limits.acquire("slots", nan), concur::ConfigError);
        for (const concur::Duration timeout : {concur::Duration(-1s), -concur::never, concur::Duration()})
            CHECK_THROWS_AS(limits.acquire("slots", timeout), concur::LimitTimeoutError);
        CHECK_THROWS_AS(limits.acquire("slots", std::chrono::steady_clock::time_point::min()),
                        concur::LimitTimeoutError);
        CHECK(clock.elapsed() == before);
    });
    CHECK(pool.stats("slots").timeouts == 8);
    CHECK(pool.stats("slots").waiting == 0);
    LimitSet real({ResourceLimit("slots", 1)});
    const auto grants = [&](auto time) {
        auto slot = real.acquire("slots");
        std::thread release([&] {
            static_cast<void>(waits(real, "slots"));
            slot.release();
        });
        const bool granted = real.acquire("slots", time).acquired();
        release.join();
        return granted;
    };
    CHECK(grants(concur::never));
    CHECK(grants(std::chrono::hours::max()));
    CHECK(grants(std::chrono::duration<double>(std::numeric_limits<double>::infinity())));
    CHECK(grants(std::chrono::steady_clock::time_point::max()));
}

TEST_CASE("a wait for a rate ends to the nanosecond", "[limits][L3][L15]") {
    for (const RateAlgorithm algorithm : all_algorithms) {
        CAPTURE(to_string(algorithm));
        ManualClock clock;
        LimitSet limits({RateLimit("rows", 7, 1s, algorithm)}, {.clock = clock});
        const auto held = limits.acquire({"rows", 7});
        const concur::Duration estimate = limits.estimate("rows");
        auto later = limits.async_acquire("rows");
        clock.advance(estimate - 1ns);
        CHECK_FALSE(later.done());
        clock.advance(1ns);
        clock.settle();
        CHECK(later.done());
        // A thread of the application that waits moves the clock itself.
        const auto before = clock.elapsed();
        const auto next = limits.estimate({"rows", 7});
        static_cast<void>(limits.acquire({"rows", 7}).acquired());
        CHECK(clock.elapsed() - before == next);
    }
}

TEST_CASE("steps of a year", "[limits][L15]") {
    for (const RateAlgorithm algorithm : all_algorithms) {
        CAPTURE(to_string(algorithm));
        ManualClock clock;
        LimitSet limits({RateLimit("rows", 3, concur::daily, algorithm)}, {.clock = clock});
        for (int i = 0; i < 5; ++i) {
            CHECK(limits.try_acquire({"rows", 3}).acquired());
            CHECK_FALSE(limits.try_acquire({"rows", 0.001}).acquired());
            auto later = limits.async_acquire({"rows", 3});
            clock.advance(24h * 365);
            CHECK(later.done());
            CHECK(limits.try_acquire({"rows", 3}).acquired());
            clock.advance(24h * 365);
        }
    }
}

TEST_CASE("a large request is not starved by small ones, and those behind it wait", "[limits][L6]") {
    LimitSet limits({ResourceLimit("slots", 10), ResourceLimit("other", 1)});
    std::vector<Acquisition> small;
    for (int i = 0; i < 10; ++i) small.push_back(limits.acquire("slots"));
    auto large = limits.async_acquire({"slots", 6});
    auto behind = limits.async_acquire("slots");
    for (std::size_t i = 0; i < 5; ++i) {
        small[i].release();
        CHECK_FALSE(limits.try_acquire("slots").acquired());
        CHECK_FALSE(large.done());
    }
    CHECK(limits.try_acquire("other").acquired());
    small[5].release();
    CHECK(ends(large));
    CHECK_FALSE(behind.done());
    CHECK(limits.stats("slots").in_use == 10);
    small[6].release();
    CHECK(ends(behind));
}

TEST_CASE("whoever leaves the queue lets those behind it go", "[limits][L6]") {
    LimitSet limits({ResourceLimit("slots", 2)});
    const auto held = limits.acquire("slots");
    auto large = limits.async_acquire({"slots", 2});
    auto small = limits.async_acquire("slots");
    CHECK_FALSE(small.done());
    CHECK(large.cancel());
    CHECK(ends(small));
    CHECK(limits.stats("slots").cancelled == 1);
    CHECK(limits.stats("slots").waiting == 0);
    CHECK_THROWS_AS(large.result(), concur::CancelledError);
}

TEST_CASE("a stop ends the wait", "[limits][L6]") {
    LimitSet limits({ResourceLimit("slots", 1)});
    auto held = limits.acquire("slots");
    Stop stop;
    std::thread stopper([&] {
        static_cast<void>(waits(limits, "slots"));
        stop.state->request();
    });
    CHECK_THROWS_AS(limits.acquire("slots", stop.token), concur::CancelledError);
    stopper.join();
    CHECK_THROWS_AS(limits.acquire("slots", stop.token), concur::CancelledError);
    held.release();
    CHECK(limits.acquire("slots", stop.token).acquired());
    CHECK(limits.stats("slots").in_use == 0);
    CHECK(limits.stats("slots").cancelled == 2);
}

TEST_CASE("a grant in the instant of a cancel, a stop or a time-out is not lost", "[limits][L6]") {
    LimitSet limits({ResourceLimit("slots", 1)});
    Acquisition held;
    Future<Acquisition> future;
    std::optional<Stop> stop;
    int lost = 0;
    race(
        300,
        [&](int) {
            held = limits.acquire("slots");
            future = limits.async_acquire("slots");
            stop.emplace();
        },
        [&](int) {
            lost += ends(future) ? 0 : 1;
            future = {};
            lost += eventually([&] { return limits.stats("slots").in_use == 0; }) ? 0 : 1;
            lost += limits.stats("slots").waiting;
        },
        [&](int) { held.release(); }, [&](int) { future.cancel(); },
        [&](int round) {
            try {
                static_cast<void>(round % 2 ? limits.acquire("slots", stop->token) : limits.acquire("slots", 20us));
            } catch (const concur::CancelledError&) {
            } catch (const concur::LimitTimeoutError&) {
            }
        },
        [&](int) { stop->state->request(); });
    CHECK(lost == 0);
}

TEST_CASE("the future of an acquisition is one as all others", "[limits][L5]") {
    LimitSet limits({ResourceLimit("slots", 1)});
    auto first = limits.async_acquire("slots");
    CHECK(first.done());
    auto second = limits.async_acquire("slots").then([](Acquisition held) { return held.acquired(); });
    CHECK_FALSE(second.done());
    first.result();  // looked at, not taken
    CHECK_FALSE(second.done());
    first = {};
    CHECK(second.result());
    CHECK(limits.stats("slots").in_use == 0);
    {
        const auto held = limits.acquire("slots");
        static_cast<void>(limits.async_acquire("slots"));  // nobody wants it: it passes through the queue
    }
    CHECK(eventually([&] { return limits.stats("slots").in_use == 0 && limits.stats("slots").waiting == 0; }));
    {
        const auto held = limits.acquire("slots");
        auto orphan = LimitSet({ResourceLimit("slots", 1)});
        auto kept = orphan.async_acquire("slots");
        auto waiting = orphan.async_acquire("slots");
        orphan = limits;  // the set lives on in its futures
        kept = {};
        CHECK(waiting.result().acquired());
    }
}

TEST_CASE("more than half of all permits are granted against requests for one that never end", "[limits][L6]") {
    constexpr int capacity = 8;
    LimitSet limits({ResourceLimit("slots", capacity)});
    std::atomic<bool> done{false};
    std::vector<std::thread> crowd;
    for (int t = 0; t < 3; ++t)
        crowd.emplace_back([&] {
            while (!done) static_cast<void>(limits.acquire("slots").acquired());
        });
    int granted = 0;
    for (; granted < 200; ++granted) static_cast<void>(limits.acquire({"slots", capacity / 2 + 1}).acquired());
    done = true;
    for (std::thread& thread : crowd) thread.join();
    CHECK(granted == 200);
    CHECK(limits.stats("slots").in_use == 0);
}

// ---- changing and looking

TEST_CASE("a limit changes while it is in use", "[limits][L13]") {
    ManualClock clock;
    LimitSet limits({ResourceLimit("slots", 1), RateLimit("rows", 10, 1s)}, {.clock = clock});
    auto held = limits.acquire({{"slots", 1}, {"rows", 10}});
    auto slot = limits.async_acquire("slots");
    auto rows = limits.async_acquire({"rows", 5});
    limits.reconfigure("slots", 2);
    CHECK(ends(slot));
    limits.reconfigure("rows", 15);
    CHECK(ends(rows));
    limits.reconfigure("rows", 5, 10s);
    CHECK(limits.stats("rows").capacity == 5);
    CHECK(limits.stats("rows").available == 0);
    CHECK(limits.estimate("rows") == concur::Duration(10s));
    limits.reconfigure("slots", 1);
    CHECK(limits.stats("slots").in_use == 2);
    CHECK_FALSE(limits.try_acquire("slots").acquired());
    held.release();
    CHECK_FALSE(limits.try_acquire("slots").acquired());
    slot = {};
    CHECK(limits.try_acquire("slots").acquired());
    CHECK_THROWS_AS(limits.reconfigure("slots", 0), concur::ConfigError);
    CHECK_THROWS_AS(limits.reconfigure("slots", 1, 1s), concur::ConfigError);
    CHECK_THROWS_AS(limits.reconfigure("rows", 1, 0s), concur::ConfigError);
    CHECK_THROWS_AS(limits.reconfigure("printers", 1), concur::UnknownLimitError);
}

TEST_CASE("a request that outgrew its limit waits until that is raised again", "[limits][L13]") {
    LimitSet limits({ResourceLimit("slots", 4)});
    auto held = limits.acquire("slots");
    auto large = limits.async_acquire({"slots", 4});
    limits.reconfigure("slots", 3);
    held.release();
    CHECK_FALSE(large.done());
    limits.reconfigure("slots", 4);
    CHECK(ends(large));
}

TEST_CASE("statistics name every limit", "[limits][L14]") {
    ManualClock clock;
    LimitSet limits({ResourceLimit("slots", 4), CallLimit(10, 1s)}, {.clock = clock});
    static_cast<void>(limits.acquire({{"slots", 1}, {"calls", 1}}).acquired());
    const auto all = limits.stats();
    REQUIRE(all.size() == 2);
    CHECK(all[0].first == "slots");
    CHECK(all[1].first == "calls");
    CHECK(all[1].second.in_use == 1);
    CHECK(all[1].second.available == 9);
    CHECK(all[1].second.granted == 1);
    CHECK(all[1].second.unreported == 0);
    CHECK_THROWS_AS(limits.stats("printers"), concur::UnknownLimitError);
}

TEST_CASE("statistics count every way in which a request can end", "[limits][L14]") {
    ManualClock clock;
    LimitSet limits({ResourceLimit("slots", 2), RateLimit("rows", 10, 1s)}, {.clock = clock});
    auto held = limits.acquire({{"slots", 1}, {"rows", 10}});
    auto waiting = limits.async_acquire({{"slots", 1}, {"rows", 5}});
    auto cancelled = limits.async_acquire({"rows", 1});
    CHECK(limits.stats("rows").waiting == 2);
    CHECK(cancelled.cancel());
    CHECK_FALSE(limits.try_acquire({"slots", 2}).acquired());
    CHECK_THROWS_AS(limits.acquire({"slots", 2}, 0s), concur::LimitTimeoutError);
    held.update({{"rows", 8}});
    clock.advance(1s);
    CHECK(ends(waiting));
    std::move(waiting).result().update({{"rows", 7}});
    const concur::LimitStats rows = limits.stats("rows");
    CHECK(rows.capacity == 10);
    CHECK(rows.in_use == 7);
    CHECK(rows.available == 3);
    CHECK(rows.waiting == 0);
    CHECK(rows.granted == 2);
    CHECK(rows.cancelled == 1);
    CHECK(rows.refunded == 2);
    CHECK(rows.debt == 2);
    CHECK(rows.unreported == 0);
    CHECK(rows.wait_time == concur::Duration(1s));
    const concur::LimitStats slots = limits.stats("slots");
    CHECK(slots.in_use == 1);
    CHECK(slots.refused == 1);
    CHECK(slots.timeouts == 1);
    CHECK(slots.granted == 2);
    CHECK(slots.wait_time == concur::Duration(1s));
}

// ---- nested acquisition

TEST_CASE("nested acquisition takes only what it names", "[limits][L8]") {
    LimitSet limits({ResourceLimit("a", 2), ResourceLimit("b", 1)});
    in_call([&] {
        const auto outer = limits.acquire("a");
        const auto inner = limits.acquire({{"a", 1}, {"b", 1}});
        CHECK(limits.stats("a").in_use == 2);
    });
}

TEST_CASE("a call that waits for itself is told so", "[limits][L8]") {
    LimitSet limits({ResourceLimit("a", 1)});
    in_call([&] {
        const auto outer = limits.acquire("a");
        CHECK_THROWS_AS(limits.acquire("a"), concur::LimitDeadlockError);
        CHECK_THROWS_AS(limits.acquire("a", 1h), concur::LimitDeadlockError);
        CHECK_THROWS_AS(limits.acquire("a", 0s), concur::LimitTimeoutError);
        in_call([&] { CHECK_THROWS_AS(limits.acquire("a"), concur::LimitDeadlockError); });
    });
    CHECK(limits.stats("a").waiting == 0);
}

TEST_CASE("the youngest of calls that wait for each other gives up", "[limits][L8]") {
    for (int round = 0; round < 20; ++round) {
        LimitSet limits({ResourceLimit("a", 1), ResourceLimit("b", 1)});
        std::latch older_holds(1);
        std::latch younger_holds(1);
        int older_failed = 0;
        int younger_failed = 0;
        const auto acquire_other = [&](const char* key, int& failed) {
            try {
                const auto other = limits.acquire(key);
            } catch (const concur::LimitDeadlockError&) {
                ++failed;
            }
        };
        std::thread older([&] {
            in_call([&] {
                const auto a = limits.acquire("a");
                older_holds.count_down();
                younger_holds.wait();
                acquire_other("b", older_failed);
            });
        });
        std::thread younger([&] {
            older_holds.wait();
            in_call([&] {
                const auto b = limits.acquire("b");
                younger_holds.count_down();
                acquire_other("a", younger_failed);
            });
        });
        older.join();
        younger.join();
        CHECK(older_failed == 0);
        CHECK(younger_failed == 1);
        CHECK(limits.stats("a").in_use + limits.stats("b").in_use == 0);
    }
}

TEST_CASE("a call behind a large request that waits for that call is in a deadlock", "[limits][L8]") {
    LimitSet limits({ResourceLimit("a", 2)});
    in_call([&] {
        auto held = limits.acquire("a");
        auto large = limits.async_acquire({"a", 2});
        CHECK_THROWS_AS(limits.acquire("a"), concur::LimitDeadlockError);
        held.release();
        CHECK(ends(large));
    });
}

TEST_CASE("whatever could end the wait, there is no false alarm", "[limits][L8]") {
    ManualClock clock;
    LimitSet limits({ResourceLimit("a", 2), RateLimit("rate", 1, 1s)}, {.clock = clock});
    auto outside = limits.acquire("a");
    in_call([&] {
        {
            // Others that are in no call.
            const auto held = limits.acquire("a");
            CHECK_THROWS_AS(limits.acquire("a", 1ms), concur::LimitTimeoutError);
        }
        outside.release();
        {
            // Time.
            const auto held = limits.acquire({{"a", 2}, {"rate", 1}});
            CHECK(limits.acquire("rate").acquired());
        }
        {
            // Something that has been moved, and may be anywhere.
            auto held = limits.acquire({"a", 2});
            const auto moved = std::make_unique<Acquisition>(std::move(held));
            CHECK_THROWS_AS(limits.acquire("a", 1ms), concur::LimitTimeoutError);
        }
    });
    CHECK(limits.stats("a").in_use == 0);
}

TEST_CASE("what outlives its call is not judged, whoever runs at its place then", "[limits][L8]") {
    struct Kept {
        Acquisition acquisition;
    };
    LimitSet limits({ResourceLimit("a", 1)});
    std::unique_ptr<Kept> kept;
    const auto call = [&](bool waits_for_it) {
        in_call([&] {
            if (waits_for_it)
                CHECK_THROWS_AS(limits.acquire("a", 1ms), concur::LimitTimeoutError);
            else
                kept.reset(new Kept{limits.acquire("a")});
        });
    };
    call(false);
    call(true);
    kept.reset();
    CHECK(limits.stats("a").in_use == 0);
}

TEST_CASE("calls that wait for each other once a limit is lowered are told so", "[limits][L8][L13]") {
    LimitSet limits({ResourceLimit("a", 4)});
    auto outside = limits.acquire({"a", 2});
    std::latch both_hold(2);
    std::atomic<int> failed{0};
    const auto hold_and_acquire = [&] {
        in_call([&] {
            const auto held = limits.acquire("a");
            both_hold.arrive_and_wait();
            try {
                const auto other = limits.acquire("a");
            } catch (const concur::LimitDeadlockError&) {
                ++failed;
            }
        });
    };
    std::thread one(hold_and_acquire);
    std::thread other(hold_and_acquire);
    CHECK(waits(limits, "a", 2));
    CHECK(failed == 0);
    limits.reconfigure("a", 2);
    outside.release();
    one.join();
    other.join();
    CHECK(failed == 1);
    CHECK(limits.stats("a").in_use == 0);
}

TEST_CASE("the search for deadlocks looks at each of those that wait a few times", "[limits][L8]") {
    LimitSet limits({ResourceLimit("a", 1), ResourceLimit("b", 1)});
    auto outside = limits.acquire("b");
    std::vector<Future<Acquisition>> others;
    std::thread call([&] {
        in_call([&] {
            const auto a = limits.acquire("a");
            for (int i = 0; i < 10'000; ++i) others.push_back(limits.async_acquire("a"));
            const auto b = limits.acquire("b");
        });
    });
    REQUIRE(waits(limits, "b"));
    // Each of them searches; with a look at all others for each it would take minutes.
    for (int i = 0; i < 100; ++i) others.push_back(limits.async_acquire("a"));
    outside.release();
    call.join();
    for (const auto& other : others) other.cancel();
    others.clear();
    CHECK(eventually([&] { return limits.stats("a").in_use == 0; }));
}

// ---- fork

TEST_CASE("in the child of a fork a set is dead, and what was held is the parent's", "[limits][L16]") {
    LimitSet limits({ResourceLimit("slots", 1)});
    std::optional<Acquisition> held(limits.acquire("slots"));
    const pid_t child = ::fork();
    if (child == 0) {
        int errors = 0;
        try {
            static_cast<void>(limits.try_acquire("slots"));
        } catch (const concur::ForkedHandleError&) {
            ++errors;
        }
        try {
            static_cast<void>(limits.stats());
        } catch (const concur::ForkedHandleError&) {
            ++errors;
        }
        held.reset();
        ::_exit(errors == 2 ? 0 : 1);
    }
    int status = -1;
    CHECK(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    CHECK(limits.stats("slots").in_use == 1);
}

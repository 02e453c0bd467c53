// The lines of the contract program 07_limits.cpp that need neither processes nor pools, in every mode.
#include <concur/testing.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/worker_support.hpp"

using namespace concur::test;

namespace {

struct Database {
    int query(concur::CallContext& context, int rows) {
        auto held = context.limits().acquire({{"connections", 1}, {"rows", 100}});
        held.update({{"rows", rows}});
        return rows;
    }
    int flaky(concur::CallContext& context) {
        auto held = context.limits().acquire({{"connections", 1}});
        if (context.attempt().number < 3) throw std::runtime_error("lost");
        return context.attempt().number;
    }
    void hold() { auto held = concur::this_worker::limits().acquire({{"connections", 1}}); }
};

std::string end_of_attempt(concur::Acquisition (*attempt)(concur::LimitSet&), concur::LimitSet& limits) {
    try {
        const auto held = attempt(limits);
        return "acquired";
    } catch (const concur::LimitTimeoutError&) {
        return "timeout";
    } catch (const concur::LimitUnsatisfiableError&) {
        return "unsatisfiable";
    } catch (const concur::UnknownLimitError&) {
        return "unknown";
    }
}

}  // namespace

TEST_CASE("the contract's limits of a database", "[contract][limits][L4][L7][R17]") {
    const concur::Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    concur::testing::ManualClock clock;
    concur::LimitSet limits({concur::ResourceLimit("connections", 2),
                             concur::RateLimit("rows", 200, 60s, concur::RateAlgorithm::token_bucket)},
                            {.clock = clock});
    auto db = concur::Worker<Database>::options().mode(mode).limits(limits).init();
    CHECK(db.call<&Database::query>(30).result() == 30);
    CHECK(limits.stats("rows").available == 170);

    auto all = limits.try_acquire({{"connections", 2}});
    CHECK(all.acquired());
    CHECK_FALSE(limits.try_acquire({{"connections", 1}, {"rows", 1}}).acquired());
    CHECK(limits.stats("rows").available == 170);
    CHECK(end_of_attempt([](concur::LimitSet& s) { return s.acquire({{"connections", 1}}, 0s); }, limits) == "timeout");
    CHECK(end_of_attempt(
              [](concur::LimitSet& s) {
                  return s.acquire({{"connections", 3}});
              },
              limits) == "unsatisfiable");
    CHECK(end_of_attempt([](concur::LimitSet& s) { return s.acquire({{"printers", 1}}); }, limits) == "unknown");
    all.release();
    CHECK(limits.stats("connections").in_use == 0);

    auto retrying = concur::Worker<Database>::options().mode(mode).num_retries(3).retry_wait(1ms).limits(limits).init();
    CHECK(retrying.call<&Database::flaky>().result() == 3);
    retrying.call<&Database::hold>().result();
    CHECK(limits.stats("connections").in_use == 0);
}

TEST_CASE("the contract's calls that are counted", "[contract][limits][L1][L10]") {
    const concur::Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    concur::testing::ManualClock clock;
    auto counted = concur::Worker<Database>::options()
                       .mode(mode)
                       .clock(clock)
                       .limits({concur::CallLimit(2, 1s), concur::ResourceLimit("connections", 1),
                                concur::RateLimit("rows", 1e9, 1s)})
                       .init();
    std::vector<concur::Future<int>> calls;
    for (int i = 0; i < 4; ++i) calls.push_back(counted.call<&Database::query>(1));
    clock.run_until([&] { return calls.back().done(); });
    CHECK(clock.elapsed() / 1s == 1);
}

TEST_CASE("the contract's pool of sets", "[contract][limits][L12]") {
    concur::LimitPool regions({concur::LimitSet({concur::ResourceLimit("slots", 1)}, {.tag = "east"}),
                               concur::LimitSet({concur::ResourceLimit("slots", 1)}, {.tag = "west"})});
    auto one = regions.acquire({{"slots", 1}});
    auto two = regions.acquire({{"slots", 1}});
    CHECK(one.tag() == "east");
    CHECK(two.tag() == "west");
    CHECK_FALSE(regions.try_acquire({{"slots", 1}}).acquired());
}

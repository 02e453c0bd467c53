// Limits of workers, and acquisitions inside their methods. L2, L8, L9
#include <chrono>
#include <stdexcept>
#include <vector>

#include "concur/testing.hpp"
#include "support/worker_support.hpp"

using namespace concur;
using namespace concur::test;

namespace {

struct Database {
    int query(CallContext& context, int rows) {
        auto held = context.limits().acquire({{"connections", 1}, {"rows", 100}});
        held.update({{"rows", rows}});
        return rows;
    }
    double connections_in_use() { return this_worker::limits().stats("connections").in_use; }
    void wait_for_connection() { static_cast<void>(this_worker::limits().acquire("connections").acquired()); }
    std::string served_by() { return std::string(this_worker::limits().acquire("connections").tag()); }
};

Options<Database> database(Mode mode) { return Worker<Database>::options().mode(mode); }

bool waits(const LimitSet& limits, std::string_view key) {
    return eventually([&] { return limits.stats(key).waiting == 1; });
}

}  // namespace

TEST_CASE("a method takes from the limits of its worker", "[limits][L2][L7]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    LimitSet limits({ResourceLimit("connections", 2), RateLimit("rows", 200, 1h, RateAlgorithm::token_bucket)});
    const auto db = database(mode).limits(limits).init();
    CHECK(db.call<&Database::query>(30).result() == 30);
    CHECK(limits.stats("rows").refunded == 70);
    CHECK(limits.stats("connections").in_use == 0);
    CHECK(db.call<&Database::connections_in_use>().result() == 0);
}

TEST_CASE("limits given as values belong to one worker, also from a builder that is used again", "[limits][L2]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto builder = database(mode).limits({ResourceLimit("connections", 1), RateLimit("rows", 100, 1h)});
    const auto first = builder.init();
    const auto second = builder.init();
    CHECK(first.call<&Database::query>(100).result() == 100);
    CHECK(second.call<&Database::query>(100).result() == 100);
    const std::vector<Limit> list{ResourceLimit("connections", 1)};
    CHECK(database(mode).limits(list).init().call<&Database::connections_in_use>().result() == 0);
}

TEST_CASE("limits given as values are on the worker's clock", "[limits][L2][L15]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    testing::ManualClock clock;
    const auto db =
        database(mode).clock(clock).limits({ResourceLimit("connections", 1), RateLimit("rows", 100, 1h)}).init();
    for (int i = 0; i < 3; ++i) {
        const auto call = db.call<&Database::query>(100);
        clock.run_until([&] { return call.done(); });
        CHECK(clock.elapsed() == Duration(1h * i));
    }
}

TEST_CASE("a pool of sets serves a worker", "[limits][L12]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    LimitSet east({ResourceLimit("connections", 1)}, {.tag = "east"});
    LimitSet west({ResourceLimit("connections", 1)}, {.tag = "west"});
    const auto db = database(mode).limits({east, west}).init();
    CHECK(db.call<&Database::served_by>().result() == "east");
    CHECK(db.call<&Database::served_by>().result() == "west");
    const auto other = database(mode).limits(LimitPool({west, east}, {.offset = 1})).init();
    CHECK(other.call<&Database::served_by>().result() == "east");
    const auto held = east.acquire("connections");
    CHECK(other.call<&Database::served_by>().result() == "west");
    CHECK(other.call<&Database::served_by>().result() == "west");
}

TEST_CASE("limits that cannot be are refused by init", "[limits][L1][L2]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    CHECK_THROWS_AS(database(mode).limits({ResourceLimit("a", 1), ResourceLimit("a", 1)}).init(), ConfigError);
    CHECK_THROWS_AS(database(mode).limits(std::vector<Limit>()).init(), ConfigError);
}

TEST_CASE("a worker without limits grants every request", "[limits][W31]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto db = database(mode).init();
    for (int i = 0; i < 3; ++i) CHECK(db.call<&Database::query>(1'000'000).result() == 1'000'000);
    CHECK(db.call([](Database&) { return this_worker::limits().acquire("anything").acquired(); }).result());
    CHECK_THROWS_AS(this_worker::limits(), NotOnWorkerError);
}

namespace {

struct Cautious {
    Cautious() : held(this_worker::limits().acquire("connections")) {}
    Acquisition held;
};
struct Owner {
    Owner() = default;
    double in_use_of_other() {
        const auto other =
            Worker<Cautious>::options().mode(concur::sync).limits({ResourceLimit("connections", 3)}).init();
        return other.call([](Cautious&) { return this_worker::limits().stats("connections").in_use; }).result();
    }
};

}  // namespace

TEST_CASE("a constructor knows the limits of its worker", "[limits][W31]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    LimitSet limits({ResourceLimit("connections", 2)});
    {
        const auto worker = Worker<Cautious>::options().mode(mode).limits(limits).init();
        CHECK(limits.stats("connections").in_use == 1);
        // Also one that is made inside another worker's call.
        CHECK(Worker<Owner>::options().mode(mode).limits(limits).init().call<&Owner::in_use_of_other>().result() == 1);
        CHECK(limits.stats("connections").in_use == 1);
    }
    CHECK(limits.stats("connections").in_use == 0);
}

TEST_CASE("a wait for a permit inside a method ends when its call is cancelled", "[limits][L9]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    LimitSet limits({ResourceLimit("connections", 1)});
    const auto held = limits.acquire("connections");
    const auto db = database(mode).limits(limits).init();
    const auto call = db.call<&Database::wait_for_connection>();
    REQUIRE(waits(limits, "connections"));
    static_cast<void>(call.cancel());
    CHECK_THROWS_AS(call.result(), CancelledError);
    CHECK(limits.stats("connections").waiting == 0);
    CHECK(limits.stats("connections").cancelled == 1);
}

TEST_CASE("a wait for a permit inside a method ends when its worker is stopped", "[limits][L9]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    LimitSet limits({ResourceLimit("connections", 1)});
    const auto held = limits.acquire("connections");
    auto db = database(mode).init();
    // A set that the worker does not know is no different.
    const auto call = db.call([limits](Database&) mutable { static_cast<void>(limits.acquire("connections")); });
    REQUIRE(waits(limits, "connections"));
    db.stop(Stop::now);
    CHECK_THROWS_AS(call.result(), CancelledError);
    CHECK(limits.stats("connections").waiting == 0);
}

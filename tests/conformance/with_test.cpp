// Handles with options of their own, and keys. W34
#include <chrono>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "support/worker_support.hpp"

using namespace concur;
using namespace concur::test;

namespace {

struct Counter {
    int add(int amount) { return value += amount; }
    int value = 0;
};

enum class Colour : unsigned char { red, green };

}  // namespace

TEST_CASE("options of single calls say nothing unless set, and have their members in the documented order",
          "[worker][W34]") {
    STATIC_REQUIRE(std::is_aggregate_v<CallOptions>);
    const CallOptions nothing;
    CHECK_FALSE(nothing.when_full);
    CHECK_FALSE(nothing.num_retries);
    CHECK_FALSE(nothing.call_timeout);
    CHECK_FALSE(nothing.attempt_timeout);
    // Designated initialisers compile in this order only.
    const CallOptions all{.when_full = WhenFull::wait, .num_retries = 1, .call_timeout = 2s, .attempt_timeout = 1s};
    CHECK(all.attempt_timeout == Duration(1s));
}

TEST_CASE("with and with_key give handles on the same worker", "[worker][W34]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto worker = Worker<Counter>::options().mode(mode).init();
    CHECK(worker.with({}).call<&Counter::add>(1).result() == 1);
    CHECK(
        worker.with({.when_full = WhenFull::reject, .num_retries = 0, .call_timeout = never, .attempt_timeout = never})
            .call<&Counter::add>(1)
            .result() == 2);
    CHECK(worker.with_key("alice").call<&Counter::add>(1).result() == 3);
    CHECK(worker.with_key(7).with({.num_retries = 0}).with_key("bob").call<&Counter::add>(1).result() == 4);
    CHECK(worker.with_key(Colour::green).call([](Counter& c) { return c.value; }).result() == 4);
    CHECK(worker.with_key(std::string("carol")).call(&Counter::add, 1).result() == 5);
    const auto kept = worker.with({.num_retries = 0});
    const auto copy = kept;
    CHECK(kept.call<&Counter::add>(1).result() == 6);
    CHECK(copy.call<&Counter::add>(1).result() == 7);
}

TEST_CASE("a handle of with owns the worker as a copy does", "[worker][W34]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    std::optional<Proxy<Counter>> worker = Worker<Counter>::options().mode(mode).init();
    auto light = worker->with_key(1);
    worker.reset();
    CHECK(light.call<&Counter::add>(1).result() == 1);
    auto moved = std::move(light);
    CHECK(moved.call<&Counter::add>(1).result() == 2);
    CHECK_THROWS_AS(light.call<&Counter::add>(1), NoStateError);
    CHECK_THROWS_AS(static_cast<void>(light.with({})), NoStateError);

    auto stopped = Worker<Counter>::options().mode(mode).init();
    const auto late = stopped.with({});
    stopped.stop();
    CHECK_THROWS_AS(late.call<&Counter::add>(1), WorkerStoppedError);
}

TEST_CASE("with of a blocking proxy blocks", "[worker][W34]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto worker = Worker<Counter>::options().mode(mode).blocking().init();
    const int sum = worker.with({}).call<&Counter::add>(2);
    CHECK(sum == 2);
    CHECK(worker.with_key(2).call<&Counter::add>(2) == 4);
}

TEST_CASE("an empty proxy has no handles to give", "[worker][W34]") {
    const Proxy<Counter> empty;
    CHECK_THROWS_AS(static_cast<void>(empty.with({})), NoStateError);
    CHECK_THROWS_AS(static_cast<void>(empty.with_key(1)), NoStateError);
}

TEST_CASE("with refuses what is not allowed, and what this version does not have", "[worker][W34]") {
    const auto worker = Worker<Counter>::options().mode(Mode::sync).init();
    const auto refused = [&](const CallOptions& options) {
        try {
            static_cast<void>(worker.with(options));
        } catch (const ConfigError& error) {
            return error.option();
        }
        return std::string();
    };
    CHECK(refused({.num_retries = -1}) == "num_retries");
    CHECK(refused({.num_retries = unlimited}).empty());
    CHECK(refused({.call_timeout = 0s}) == "call_timeout");
    CHECK(refused({.call_timeout = -1s}) == "call_timeout");
    CHECK(refused({.attempt_timeout = std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN())}) ==
          "attempt_timeout");
    CHECK(refused({.call_timeout = 1ns, .attempt_timeout = 1ns}).empty());
    CHECK(refused({.when_full = static_cast<WhenFull>(9)}) == "when_full");
    CHECK(refused({.when_full = WhenFull::drop_oldest}).empty());
    CHECK(contains(text_of_error([&] { return worker.with({.num_retries = -1}); }), "-1"));
    const auto light = worker.with_key(1);
    CHECK_THROWS_AS(static_cast<void>(light.with({.num_retries = -1})), ConfigError);
}

TEST_CASE("equal keys have equal hashes, however they are spelled", "[worker][W34]") {
    using detail::hash_of_key;
    const char* const pointer = "alice";
    CHECK(hash_of_key("alice") == hash_of_key(std::string("alice")));
    CHECK(hash_of_key("alice") == hash_of_key(std::string_view("alice")));
    CHECK(hash_of_key("alice") == hash_of_key(pointer));
    CHECK(hash_of_key("alice") != hash_of_key("bob"));
    CHECK(hash_of_key("") != hash_of_key("a"));
    CHECK(hash_of_key(1) == hash_of_key(1L));
    CHECK(hash_of_key(-1) == hash_of_key(-1L));
    CHECK(hash_of_key(Colour::green) == hash_of_key(1U));
    CHECK(hash_of_key(1) != hash_of_key(2));
    CHECK(hash_of_key(0) != 0);
}

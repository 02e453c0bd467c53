#include <concur/concur.hpp>

#include <array>
#include <chrono>
#include <list>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"
#include "support/promises.hpp"
#include "support/race.hpp"
#include "support/tracked.hpp"

using concur::Cancel;
using concur::failed;
using concur::Future;
using concur::Promise;
using concur::ready;
using concur::when_any;
using concur::test::futures_of;
using concur::test::MoveOnly;
using namespace std::chrono_literals;

TEST_CASE("options of when_any have defaults", "[when_any][F35]") {
    STATIC_REQUIRE(std::is_aggregate_v<concur::WhenAnyOptions>);
    CHECK_FALSE(concur::WhenAnyOptions().cancel_rest);
    const concur::WhenAnyOptions options{.cancel_rest = true};
    CHECK(options.cancel_rest);
}

TEST_CASE("when_any gives index and value of the first success", "[when_any][F32]") {
    std::vector<Promise<int>> promises(4);
    const auto futures = futures_of(promises);
    const auto any = when_any(futures);
    STATIC_REQUIRE(std::is_same_v<decltype(any), const Future<concur::WhenAnyResult<int>>>);
    promises[1].set_exception(std::range_error("no success"));
    CHECK_FALSE(any.done());
    promises[2].set_value(20);
    REQUIRE(any.done());
    CHECK(any.result().index == 2);
    CHECK(any.result().value == 20);
    CHECK_FALSE(futures[0].done());  // the losers go on
    promises[0].set_value(0);
    CHECK(any.result().index == 2);
    static_cast<void>(futures[1].exception());
}

TEST_CASE("when_any of what is done takes the first in the range", "[when_any][F32]") {
    CHECK(when_any(std::vector{failed<int>(1), ready(5), ready(6)}).result().index == 1);
    CHECK(when_any(std::vector{ready()}).result().index == 0);
}

TEST_CASE("when_any takes ranges, braced lists and several futures", "[when_any][F32]") {
    const Future<int> a = ready(1);
    const Future<int> b = ready(2);
    CHECK(when_any(std::list{a, b}).result().value == 1);
    CHECK(when_any(std::array{b, a}).result().value == 2);
    CHECK(when_any(std::set{a}).result().value == 1);
    CHECK(when_any({a, b}).result().value == 1);
    CHECK(when_any({a, b}, {.cancel_rest = true}).result().value == 1);
    CHECK(when_any(b, a).result().value == 2);
}

TEST_CASE("when_any fails with all failures if none succeeds", "[when_any][F32]") {
    std::vector<Promise<int>> promises(3);
    const auto futures = futures_of(promises);
    const auto any = when_any(futures);
    promises[2].set_exception(std::range_error("two"));
    promises[0].set_exception(std::out_of_range("zero"));
    futures[1].cancel();
    REQUIRE(any.done());
    CHECK(any.stop_reason() == concur::StopReason::input_failed);
    try {
        any.result();
        FAIL("no AggregateError");
    } catch (const concur::AggregateError& error) {
        REQUIRE(error.errors().size() == 3);
        CHECK_THROWS_AS(std::rethrow_exception(error.errors()[0]), std::out_of_range);
        CHECK_THROWS_AS(std::rethrow_exception(error.errors()[1]), concur::CancelledError);
        CHECK_THROWS_AS(std::rethrow_exception(error.errors()[2]), std::range_error);
        CHECK(std::string(error.what()).find("all of 3") != std::string::npos);
    }
}

TEST_CASE("when_any of nothing is a ConfigError, at once", "[when_any][F32]") {
    CHECK_THROWS_AS(when_any(std::vector<Future<int>>()), concur::ConfigError);
    CHECK_THROWS_AS(when_any(std::vector<Future<void>>(), {.cancel_rest = true}), concur::ConfigError);
    CHECK_THROWS_AS(when_any(std::vector{ready(1), Future<int>()}), concur::NoStateError);
}

TEST_CASE("when_any cancels the losers only if it is asked to", "[when_any][F5][F32]") {
    for (const bool cancel : {false, true}) {
        std::vector<Promise<int>> promises(4);
        const auto futures = futures_of(promises);
        const auto any = when_any(futures, {.cancel_rest = cancel});
        promises[3].set_exception(std::range_error("a failure cancels nobody"));
        CHECK_FALSE(futures[0].done());
        promises[1].set_value(1);
        CHECK(any.result().index == 1);
        CHECK(futures[0].cancelled() == cancel);
        CHECK(futures[2].cancelled() == cancel);
        static_cast<void>(futures[3].exception());
    }
}

TEST_CASE("cancelling when_any leaves its futures alone, with their sources it does not", "[when_any][F5]") {
    std::vector<Promise<int>> promises(2);
    const auto futures = futures_of(promises);
    CHECK(when_any(futures).cancel());
    CHECK_FALSE(futures[0].done());
    const auto any = when_any(futures);
    CHECK(any.cancel(Cancel::sources));
    CHECK(futures[0].cancelled());
    CHECK(futures[1].cancelled());
}

TEST_CASE("when_any moves values that cannot be copied", "[when_any][F2][F32]") {
    std::vector<Future<MoveOnly>> futures;
    futures.push_back(ready(MoveOnly(7)));
    const auto taken = when_any(futures).result();
    CHECK(taken.value.value() == 7);
    CHECK_THROWS_AS(when_any(futures).result(), concur::FutureTakenError);
}

TEST_CASE("exactly one of several that succeed at once wins", "[when_any][F32][race]") {
    std::vector<Promise<int>> promises;
    Future<concur::WhenAnyResult<int>> any;
    int wrong = 0;
    const auto set = [&](std::size_t index) {
        return [&promises, index](int) { promises[index].set_value(static_cast<int>(index)); };
    };
    concur::test::race(
        1000,
        [&](int round) {
            promises = std::vector<Promise<int>>(3);
            any = when_any(futures_of(promises), {.cancel_rest = round % 2 == 0});
        },
        [&](int) {
            if (static_cast<int>(any.result().index) != any.result().value) ++wrong;
        },
        set(0), set(1), set(2));
    CHECK(wrong == 0);
}

// ---- cost, F34

TEST_CASE("when_any over a million leaves them in linear time", "[when_any][F34]") {
    constexpr std::size_t count = 1'000'000;
    std::vector<Promise<int>> promises(count);
    const auto any = when_any(futures_of(promises));
    promises[count / 2].set_value(1);
    CHECK(any.result().index == count / 2);
    for (std::size_t i = 0; i < count; ++i)
        if (i != count / 2) promises[i].set_value(1);  // faster than a million broken promises
}

TEST_CASE("when_any cancels a hundred thousand losers in linear time", "[when_any][F5][F34]") {
    constexpr std::size_t count = 100'000;
    std::vector<Promise<int>> promises(count);
    const auto futures = futures_of(promises);
    const auto any = when_any(futures, {.cancel_rest = true});
    promises[count / 2].set_value(1);
    CHECK(any.result().index == count / 2);
    CHECK(futures.front().cancelled());
    CHECK(futures.back().cancelled());
}

TEST_CASE("a future that is in many races is left in linear time", "[when_any][F34]") {
    const Promise<int> shutdown;
    const Future<int> stop = shutdown.future();
    std::vector<Promise<int>> promises(100'000);
    std::vector<Future<concur::WhenAnyResult<int>>> races;
    for (const auto& promise : promises) races.push_back(when_any({promise.future(), stop}));
    const auto start = std::chrono::steady_clock::now();
    for (auto& promise : promises) promise.set_value(1);  // oldest first
    CHECK(races.back().result().index == 0);
    CHECK(std::chrono::steady_clock::now() - start < 20s);  // minutes, if each were looked for among all
}

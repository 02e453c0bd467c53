#include <concur/concur.hpp>

#include <array>
#include <chrono>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "support/catch.hpp"
#include "support/promises.hpp"
#include "support/race.hpp"
#include "support/tracked.hpp"

using concur::failed;
using concur::Future;
using concur::gather;
using concur::Promise;
using concur::ready;
using concur::test::futures_of;
using concur::test::MoveOnly;
using concur::test::Tracked;
using concur::test::Tracks;
using namespace std::chrono_literals;

TEST_CASE("options of gather have defaults, and their members in the documented order", "[gather][F35]") {
    STATIC_REQUIRE(std::is_aggregate_v<concur::GatherOptions>);
    const concur::GatherOptions defaults;
    CHECK(defaults.timeout == concur::never);
    CHECK_FALSE(defaults.cancel_rest);
    // Designated initialisers compile in this order only.
    const concur::GatherOptions options{.timeout = 1.5s, .cancel_rest = true};
    CHECK(options.timeout == 1500ms);
}

TEST_CASE("gather gives the values in the shape of the input", "[gather][F31]") {
    const Future<int> a = ready(1);
    const Future<int> b = ready(2);
    const Future<std::string> text = ready(std::string("text"));
    CHECK(gather(std::vector{a, b}) == std::vector{1, 2});
    CHECK(gather(std::deque{b, a}) == std::deque{2, 1});
    CHECK(gather(std::list{b, a}) == std::list{2, 1});
    CHECK(gather(std::array{a, b}) == std::array{1, 2});
    CHECK(gather(std::map<std::string, Future<int>>{{"a", a}, {"b", b}}) ==
          std::map<std::string, int>{{"a", 1}, {"b", 2}});
    CHECK(gather(std::unordered_map<int, Future<int>>{{7, a}}) == std::unordered_map<int, int>{{7, 1}});
    CHECK(gather(std::tuple{a, text}) == std::tuple{1, std::string("text")});
    CHECK(gather(std::pair{a, text}) == std::pair{1, std::string("text")});
    CHECK(gather(std::optional{a}) == std::optional{1});
    CHECK(gather(std::optional<Future<int>>()) == std::nullopt);
    CHECK(gather(std::set{a, b}) == std::set{1, 2});
    CHECK(gather(a) == 1);
    CHECK(gather({a, b, a}) == std::vector{1, 2, 1});
    CHECK(gather(a, text) == std::tuple{1, std::string("text")});
    CHECK(gather(a, b, text, a) == std::tuple{1, 2, std::string("text"), 1});
    const std::variant<Future<int>, Future<std::string>> variant = text;
    CHECK(std::get<1>(gather(variant)) == "text");
}

TEST_CASE("gather reaches futures at any depth and keeps what is none", "[gather][F31]") {
    const Future<int> a = ready(1);
    const Future<int> b = ready(2);
    CHECK(gather(std::map<std::string, std::vector<Future<int>>>{{"k", {a, b}}}) ==
          std::map<std::string, std::vector<int>>{{"k", {1, 2}}});
    using Nested = std::vector<std::tuple<int, std::optional<std::map<int, Future<int>>>, std::string>>;
    const Nested nested{{7, std::map<int, Future<int>>{{1, b}}, "text"}, {8, std::nullopt, ""}};
    const auto values = gather(nested);
    CHECK(std::get<0>(values[0]) == 7);
    CHECK(std::get<1>(values[0])->at(1) == 2);
    CHECK(std::get<2>(values[0]) == "text");
    CHECK_FALSE(std::get<1>(values[1]).has_value());
    CHECK(gather(std::pair{a, std::string("kept")}) == std::pair{1, std::string("kept")});
}

TEST_CASE("gather of nothing gives nothing at once", "[gather][F31]") {
    CHECK(gather(std::vector<Future<int>>()).empty());
    CHECK(gather(std::map<int, Future<int>>()).empty());
    CHECK_NOTHROW(gather(std::vector<Future<void>>()));
    CHECK(gather(std::vector<std::vector<Future<int>>>(3)).size() == 3);
}

TEST_CASE("gather of futures of void gives nothing, or a monostate in its place", "[gather][F31]") {
    STATIC_REQUIRE(std::is_void_v<decltype(gather(std::vector<Future<void>>()))>);
    STATIC_REQUIRE(std::is_void_v<decltype(gather(std::declval<Future<void>>()))>);
    CHECK_NOTHROW(gather(std::vector{ready(), ready()}));
    const auto [nothing, value] = gather(ready(), ready(1));
    STATIC_REQUIRE(std::is_same_v<decltype(nothing), const std::monostate>);
    CHECK(value == 1);
    CHECK(gather(std::map<int, Future<void>>{{1, ready()}}).size() == 1);
    CHECK_THROWS_AS(gather(std::vector{ready(), failed<void>(1)}), int);
}

TEST_CASE("gather waits for what is not done", "[gather][F31]") {
    std::vector<Promise<int>> promises(5);
    const auto futures = futures_of(promises);
    std::jthread completing([&] {
        for (int i = 4; i >= 0; --i) promises[static_cast<std::size_t>(i)].set_value(i);
    });
    CHECK(gather(futures) == std::vector{0, 1, 2, 3, 4});
}

TEST_CASE("gather throws the first failure in time, and at once", "[gather][F31]") {
    std::vector<Promise<int>> promises(3);  // the first one never ends
    const auto futures = futures_of(promises);
    promises[2].set_exception(std::range_error("first in time"));
    promises[1].set_exception(std::out_of_range("later"));
    std::vector<Promise<int>> later(3);
    const auto pending = futures_of(later);
    std::jthread completing([&] { later[1].set_exception(std::range_error("while waiting")); });
    CHECK_THROWS_WITH(gather(pending), "while waiting");
    CHECK_FALSE(pending[0].done());
    CHECK_FALSE(pending[2].done());
    CHECK_FALSE(later[0].stop_requested());  // the others go on
    CHECK_THROWS_AS(gather(futures), std::exception);
    for (const auto& future : futures) static_cast<void>(future.done() && future.exception());
}

TEST_CASE("gather with cancel_rest cancels the others after a failure, and only then", "[gather][F5][F31]") {
    std::vector<Promise<int>> promises(3);
    const auto futures = futures_of(promises);
    std::jthread completing([&] { promises[1].set_exception(std::range_error("range")); });
    CHECK_THROWS_AS(gather(futures, {.cancel_rest = true}), std::range_error);
    CHECK(futures[0].cancelled());
    CHECK(futures[2].cancelled());
    CHECK_FALSE(futures[1].cancelled());

    std::vector<Promise<int>> slow(2);
    const auto pending = futures_of(slow);
    CHECK_THROWS_AS(gather(pending, {.timeout = 0s, .cancel_rest = true}), concur::TimeoutError);
    CHECK_FALSE(pending[0].cancelled());
}

TEST_CASE("gather throws TimeoutError when its time is over, and the futures go on", "[gather][F31]") {
    std::vector<Promise<int>> promises(3);
    const auto futures = futures_of(promises);
    promises[0].set_value(1);
    const auto start = std::chrono::steady_clock::now();
    try {
        gather(futures, {.timeout = 5ms});
        FAIL("no TimeoutError");
    } catch (const concur::TimeoutError& error) {
        CHECK(error.after() == 5ms);
        CHECK(std::string(error.what()).find("2 of 3") != std::string::npos);
    }
    CHECK(std::chrono::steady_clock::now() - start >= 5ms);
    promises[1].set_value(2);
    promises[2].set_value(3);
    CHECK(gather(futures, {.timeout = 0s}) == std::vector{1, 2, 3});  // done already: no time is needed
    CHECK(gather(futures, {.timeout = -1s}) == std::vector{1, 2, 3});
    CHECK(gather(futures, {.timeout = concur::never}) == std::vector{1, 2, 3});
}

TEST_CASE("gather refuses an empty future", "[gather][F1][F31]") {
    CHECK_THROWS_AS(gather(std::vector{ready(1), Future<int>()}), concur::NoStateError);
    CHECK_THROWS_AS(gather(Future<int>()), concur::NoStateError);
    CHECK_THROWS_AS(gather(ready(1), Future<void>()), concur::NoStateError);
}

TEST_CASE("gather copies from an lvalue and moves from an rvalue", "[gather][F2][F31]") {
    Tracks tracks;
    {
        std::vector<Future<Tracked>> futures;
        futures.push_back(ready(Tracked(tracks, 1)));
        futures.push_back(ready(Tracked(tracks, 2)));
        const int copies = tracks.copies;
        CHECK(gather(futures)[1].value == 2);
        CHECK(tracks.copies == copies + 2);
        CHECK(futures[1].result().value == 2);
        const int before = tracks.copies;
        CHECK(gather(std::move(futures))[0].value == 1);
        CHECK(tracks.copies == before);
    }
    CHECK(tracks.alive() == 0);
}

TEST_CASE("gather takes values that cannot be copied, once", "[gather][F2][F31]") {
    std::vector<Future<MoveOnly>> futures;
    for (int i = 0; i < 3; ++i) futures.push_back(ready(MoveOnly(i)));
    const std::vector<MoveOnly> values = gather(futures);
    CHECK(values[2].value() == 2);
    CHECK_THROWS_AS(gather(futures), concur::FutureTakenError);
    const Future<MoveOnly> twice = ready(MoveOnly(1));
    CHECK_THROWS_AS(gather(std::vector{twice, twice}), concur::FutureTakenError);
}

TEST_CASE("a copy that throws comes out of gather and leaves the futures as they are", "[gather][F31]") {
    const std::vector futures{ready(concur::test::ThrowsOnCopy(1)), ready(concur::test::ThrowsOnCopy(2))};
    CHECK_THROWS_AS(gather(futures), concur::test::ValueRefused);
    CHECK(futures[1].result().value == 2);
}

TEST_CASE("gather with cancel_rest races with the others' values", "[gather][F5][F31][race]") {
    std::vector<Promise<int>> promises;
    std::vector<Future<int>> futures;
    int wrong = 0;
    concur::test::race(
        800,
        [&](int) {
            promises = std::vector<Promise<int>>(4);
            futures = futures_of(promises);
        },
        [&](int) {
            for (const auto& future : futures) wrong += future.done() ? 0 : 1;
        },
        [&](int) {
            promises[0].set_value(0);
            promises[1].set_exception(std::range_error("range"));
            promises[2].set_value(2);
            promises[3].set_value(3);
        },
        [&](int) {
            try {
                gather(futures, {.cancel_rest = true});
                ++wrong;
            } catch (const std::range_error&) {
            } catch (...) {
                ++wrong;
            }
        });
    CHECK(wrong == 0);
}

TEST_CASE("a gather that gives up leaves nothing behind, and takes no values", "[gather][F31][race]") {
    std::optional<Promise<MoveOnly>> promise;
    std::vector<Future<MoveOnly>> futures;
    int wrong = 0;
    concur::test::race(
        1000,
        [&](int) {
            promise.emplace();
            futures = {promise->future()};
        },
        [&](int) {
            // Whoever saw TimeoutError can still have the value.
            if (!futures.empty() && std::move(futures[0]).result().value() != 1) ++wrong;
        },
        [&](int) { promise->set_value(MoveOnly(1)); },
        [&](int round) {
            try {
                const auto time = concur::Duration(std::chrono::nanoseconds(round % 50 * 100));
                if (gather(futures, {.timeout = time})[0].value() != 1) ++wrong;
                futures.clear();
            } catch (const concur::TimeoutError&) {
            }
        });
    CHECK(wrong == 0);
}

// ---- gather_outcomes

TEST_CASE("gather_outcomes keeps every outcome in its place", "[gather][F31]") {
    const Future<int> good = ready(1);
    const Future<int> bad = failed<int>(std::range_error("range"));
    const auto in_vector = concur::gather_outcomes(std::vector{good, bad});
    STATIC_REQUIRE(std::is_same_v<decltype(in_vector), const std::vector<concur::Outcome<int>>>);
    CHECK(in_vector[0].value() == 1);
    CHECK_THROWS_AS(in_vector[1].value(), std::range_error);
    const auto in_map = concur::gather_outcomes(std::map<std::string, std::vector<Future<int>>>{{"k", {bad, good}}});
    CHECK_FALSE(in_map.at("k")[0].has_value());
    CHECK(in_map.at("k")[1].value() == 1);
    const auto [value, nothing, failure] = concur::gather_outcomes(good, ready(), failed<void>(1));
    CHECK(value.value() == 1);
    CHECK(nothing.has_value());
    CHECK_THROWS_AS(failure.value(), int);
    CHECK(concur::gather_outcomes({good, bad, good}).size() == 3);
    CHECK(concur::gather_outcomes(good).value() == 1);
    CHECK_FALSE(concur::gather_outcomes(std::optional(bad))->has_value());
    CHECK(concur::gather_outcomes(std::array{bad, good})[1].value() == 1);
    CHECK(concur::gather_outcomes(std::vector<Future<int>>()).empty());
    CHECK(concur::gather_outcomes(std::vector{ready(), failed<void>(1)}).size() == 2);
}

TEST_CASE("gather_outcomes waits for all, also after a failure", "[gather][F31]") {
    std::vector<Promise<int>> promises(3);
    const auto futures = futures_of(promises);
    promises[0].set_exception(std::range_error("range"));
    CHECK_THROWS_AS(concur::gather_outcomes(futures, {.timeout = 1ms}), concur::TimeoutError);
    std::jthread completing([&] {
        promises[2].set_value(2);
        promises[1].set_value(1);
    });
    const auto outcomes = concur::gather_outcomes(futures);
    CHECK_FALSE(outcomes[0].has_value());
    CHECK(outcomes[1].value() == 1);
    CHECK(outcomes[2].value() == 2);
}

TEST_CASE("gather_outcomes with cancel_rest cancels the others after the first failure", "[gather][F31]") {
    std::vector<Promise<int>> promises(3);
    const auto futures = futures_of(promises);
    promises[0].set_value(0);
    std::jthread completing([&] { promises[1].set_exception(std::range_error("range")); });
    const auto outcomes = concur::gather_outcomes(futures, {.cancel_rest = true});
    CHECK(outcomes[0].value() == 0);
    CHECK_THROWS_AS(outcomes[1].value(), std::range_error);
    CHECK_THROWS_AS(outcomes[2].value(), concur::CancelledError);
}

TEST_CASE("a value that was taken is an outcome, too", "[gather][F2][F31]") {
    const Future<MoveOnly> future = ready(MoveOnly(1));
    const auto outcomes = concur::gather_outcomes(std::vector{future, future});
    CHECK(outcomes[0].value().value() == 1);
    CHECK_THROWS_AS(outcomes[1].value(), concur::FutureTakenError);
}

// ---- cost, F34

TEST_CASE("a million futures are gathered and waited for in linear time", "[gather][F34]") {
    constexpr int count = 1'000'000;
    std::vector<Promise<int>> promises(count);
    std::vector<Future<int>> futures = futures_of(promises);
    CHECK(concur::wait(futures, {.timeout = 0s}).not_done.size() == count);
    std::jthread completing([&] {
        for (int i = 0; i < count; ++i) promises[static_cast<std::size_t>(i)].set_value(i);
    });
    const std::vector<int> values = gather(futures);
    CHECK(values.size() == count);
    CHECK(values.back() == count - 1);
    CHECK(concur::wait(futures).done.size() == count);
}

#include <concur/concur.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <latch>
#include <list>
#include <map>
#include <memory>
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
#include "support/failure_log.hpp"
#include "support/race.hpp"
#include "support/tracked.hpp"

using concur::failed;
using concur::Future;
using concur::gather;
using concur::Promise;
using concur::ready;
using concur::ReturnWhen;
using concur::test::MoveOnly;
using concur::test::Tracked;
using concur::test::Tracks;
using namespace std::chrono_literals;

namespace {

std::vector<Future<int>> futures_of(const std::vector<Promise<int>>& promises) {
    std::vector<Future<int>> futures;
    for (const auto& promise : promises) futures.push_back(promise.future());
    return futures;
}

}  // namespace

// ---- option structs, F35

TEST_CASE("options of wait and gather have defaults, and their members in the documented order", "[combine][F35]") {
    STATIC_REQUIRE(std::is_aggregate_v<concur::WaitOptions>);
    STATIC_REQUIRE(std::is_aggregate_v<concur::GatherOptions>);
    const concur::WaitOptions wait_defaults;
    CHECK(wait_defaults.timeout == concur::never);
    CHECK(wait_defaults.return_when == ReturnWhen::all_completed);
    const concur::GatherOptions gather_defaults;
    CHECK(gather_defaults.timeout == concur::never);
    CHECK_FALSE(gather_defaults.cancel_rest);
    // Designated initialisers compile in this order only.
    const concur::WaitOptions wait_options{.timeout = 5s, .return_when = ReturnWhen::first_exception};
    const concur::GatherOptions gather_options{.timeout = 1.5s, .cancel_rest = true};
    CHECK(wait_options.timeout == 5s);
    CHECK(gather_options.timeout == 1500ms);
}

// ---- wait, F30

TEST_CASE("wait gives what is done and what is not, in the order of the input", "[combine][F30]") {
    std::vector<Promise<int>> promises(6);
    const auto futures = futures_of(promises);
    promises[4].set_value(4);
    promises[1].set_exception(std::range_error("range"));
    promises[3].set_value(3);
    const auto [done, not_done] = concur::wait(futures, {.timeout = 1ms});
    CHECK(done == std::vector{futures[1], futures[3], futures[4]});
    CHECK(not_done == std::vector{futures[0], futures[2], futures[5]});
}

TEST_CASE("wait returns at once for nothing, for what is done, and with a time that is over", "[combine][F30]") {
    CHECK(concur::wait(std::vector<Future<int>>()).done.empty());
    CHECK(concur::wait(std::vector<Future<int>>(), {.return_when = ReturnWhen::first_completed}).not_done.empty());
    CHECK(concur::wait(std::vector{ready(1), ready(2)}).done.size() == 2);
    const Promise<int> promise;
    for (const concur::Duration time : {concur::Duration(0s), concur::Duration(-1s), -concur::never}) {
        const auto result = concur::wait(std::vector{promise.future(), ready(1)}, {.timeout = time});
        CHECK(result.done.size() == 1);
        CHECK(result.not_done.size() == 1);
    }
}

TEST_CASE("wait takes ranges, braced lists and several futures", "[combine][F30]") {
    const Future<int> a = ready(1);
    const Future<int> b = ready(2);
    const Future<void> c = ready();
    CHECK(concur::wait({a, b, a}).done.size() == 3);
    CHECK(concur::wait({a, b}, {.timeout = 5s, .return_when = ReturnWhen::first_completed}).done.size() == 2);
    CHECK(concur::wait(a).done.size() == 1);
    CHECK(concur::wait(a, b, a).done.size() == 3);
    CHECK(concur::wait(c, c).done.size() == 2);
    CHECK(concur::wait(std::set{a, b}).done.size() == 2);
    CHECK(concur::wait(std::list{a, b}).done.size() == 2);
    CHECK(concur::wait(std::array{a, b}).done.size() == 2);
    const std::deque constant{a, b};
    CHECK(concur::wait(constant).done.size() == 2);
}

TEST_CASE("wait for the first completed returns with the first, whatever it is", "[combine][F30]") {
    for (const bool fails : {false, true}) {
        std::vector<Promise<int>> promises(3);
        const auto futures = futures_of(promises);
        std::jthread completing([&] {
            if (fails)
                promises[1].set_exception(1);
            else
                promises[1].set_value(1);
        });
        const auto result = concur::wait(futures, {.return_when = ReturnWhen::first_completed});
        CHECK(result.done == std::vector{futures[1]});
        CHECK(result.not_done.size() == 2);
    }
}

TEST_CASE("wait for the first exception returns with it, or when all are done", "[combine][F30]") {
    {
        std::vector<Promise<int>> promises(3);
        const auto futures = futures_of(promises);
        std::jthread completing([&] {
            promises[0].set_value(1);
            promises[2].set_exception(std::range_error("range"));
        });
        const auto result = concur::wait(futures, {.return_when = ReturnWhen::first_exception});
        CHECK(result.done == std::vector{futures[0], futures[2]});
        CHECK(result.not_done == std::vector{futures[1]});
    }
    std::vector<Promise<int>> promises(3);
    const auto futures = futures_of(promises);
    std::jthread completing([&] {
        for (auto& promise : promises) promise.set_value(1);
    });
    CHECK(concur::wait(futures, {.return_when = ReturnWhen::first_exception}).done.size() == 3);
}

TEST_CASE("a cancel counts as an exception and as an end", "[combine][F5][F30]") {
    std::vector<Promise<int>> promises(2);
    const auto futures = futures_of(promises);
    std::jthread cancelling([&] { futures[1].cancel(); });
    const auto result = concur::wait(futures, {.return_when = ReturnWhen::first_exception});
    CHECK(result.done == std::vector{futures[1]});
}

TEST_CASE("wait refuses an empty future", "[combine][F1][F30]") {
    CHECK_THROWS_AS(concur::wait(std::vector{ready(1), Future<int>()}), concur::NoStateError);
    CHECK_THROWS_AS(concur::wait(Future<int>(), ready(1)), concur::NoStateError);
}

TEST_CASE("the same future may be waited for several times at once", "[combine][F30]") {
    Promise<int> promise;
    const Future<int> future = promise.future();
    CHECK(concur::wait(std::vector(100, future), {.timeout = 0s}).not_done.size() == 100);
    std::jthread completing([&] { promise.set_value(1); });
    CHECK(concur::wait(std::vector(100, future)).done.size() == 100);
}

TEST_CASE("several threads wait for the same futures", "[combine][F30]") {
    std::vector<Promise<int>> promises(20);
    const auto futures = futures_of(promises);
    std::latch waiting(4);
    std::atomic<int> all{0};
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&, i] {
            waiting.count_down();
            const auto how = i % 2 == 0 ? ReturnWhen::all_completed : ReturnWhen::first_exception;
            if (concur::wait(futures, {.return_when = how}).done.size() == 20) ++all;
        });
    waiting.wait();
    for (auto& promise : promises) promise.set_value(1);
    threads.clear();
    CHECK(all == 4);
}

TEST_CASE("a wait that gives up while futures end loses none of them", "[combine][F30][race]") {
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
            for (auto& promise : promises) promise.set_value(1);
        },
        [&](int round) {
            const auto result =
                concur::wait(futures, {.timeout = concur::Duration(std::chrono::microseconds(round % 40))});
            if (result.done.size() + result.not_done.size() != 4) ++wrong;
            for (const auto& future : result.done)
                if (!future.done()) ++wrong;
        });
    CHECK(wrong == 0);
}

// ---- gather, F31

TEST_CASE("gather gives the values in the shape of the input", "[combine][F31]") {
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

TEST_CASE("gather reaches futures at any depth and keeps what is none", "[combine][F31]") {
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

TEST_CASE("gather of nothing gives nothing at once", "[combine][F31]") {
    CHECK(gather(std::vector<Future<int>>()).empty());
    CHECK(gather(std::map<int, Future<int>>()).empty());
    CHECK_NOTHROW(gather(std::vector<Future<void>>()));
    CHECK(gather(std::vector<std::vector<Future<int>>>(3)).size() == 3);
}

TEST_CASE("gather of futures of void gives nothing, or a monostate in its place", "[combine][F31]") {
    STATIC_REQUIRE(std::is_void_v<decltype(gather(std::vector<Future<void>>()))>);
    STATIC_REQUIRE(std::is_void_v<decltype(gather(std::declval<Future<void>>()))>);
    CHECK_NOTHROW(gather(std::vector{ready(), ready()}));
    const auto [nothing, value] = gather(ready(), ready(1));
    STATIC_REQUIRE(std::is_same_v<decltype(nothing), const std::monostate>);
    CHECK(value == 1);
    CHECK(gather(std::map<int, Future<void>>{{1, ready()}}).size() == 1);
    CHECK_THROWS_AS(gather(std::vector{ready(), failed<void>(1)}), int);
}

TEST_CASE("gather waits for what is not done", "[combine][F31]") {
    std::vector<Promise<int>> promises(5);
    const auto futures = futures_of(promises);
    std::jthread completing([&] {
        for (int i = 4; i >= 0; --i) promises[static_cast<std::size_t>(i)].set_value(i);
    });
    CHECK(gather(futures) == std::vector{0, 1, 2, 3, 4});
}

TEST_CASE("gather throws the first failure in time, and at once", "[combine][F31]") {
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

TEST_CASE("gather with cancel_rest cancels the others after a failure, and only then", "[combine][F5][F31]") {
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

TEST_CASE("gather throws TimeoutError when its time is over, and the futures go on", "[combine][F31]") {
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

TEST_CASE("gather refuses an empty future", "[combine][F1][F31]") {
    CHECK_THROWS_AS(gather(std::vector{ready(1), Future<int>()}), concur::NoStateError);
    CHECK_THROWS_AS(gather(Future<int>()), concur::NoStateError);
    CHECK_THROWS_AS(gather(ready(1), Future<void>()), concur::NoStateError);
}

TEST_CASE("gather copies from an lvalue and moves from an rvalue", "[combine][F2][F31]") {
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

TEST_CASE("gather takes values that cannot be copied, once", "[combine][F2][F31]") {
    std::vector<Future<MoveOnly>> futures;
    for (int i = 0; i < 3; ++i) futures.push_back(ready(MoveOnly(i)));
    const std::vector<MoveOnly> values = gather(futures);
    CHECK(values[2].value() == 2);
    CHECK_THROWS_AS(gather(futures), concur::FutureTakenError);
    const Future<MoveOnly> twice = ready(MoveOnly(1));
    CHECK_THROWS_AS(gather(std::vector{twice, twice}), concur::FutureTakenError);
}

TEST_CASE("a copy that throws comes out of gather and leaves the futures as they are", "[combine][F31]") {
    const std::vector futures{ready(concur::test::ThrowsOnCopy(1)), ready(concur::test::ThrowsOnCopy(2))};
    CHECK_THROWS_AS(gather(futures), concur::test::ValueRefused);
    CHECK(futures[1].result().value == 2);
}

TEST_CASE("gather with cancel_rest races with the others' values", "[combine][F5][F31][race]") {
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

// ---- list and as_is, F20 and F24

TEST_CASE("list mixes values and futures of one type", "[combine][F20]") {
    const Future<int> a = ready(1);
    const auto mixed = concur::list(a, 20, 30);
    STATIC_REQUIRE(std::is_same_v<decltype(mixed), const std::vector<Future<int>>>);
    CHECK(gather(mixed) == std::vector{1, 20, 30});
    CHECK(mixed[0] == a);
    CHECK(gather(concur::list(1, 2)) == std::vector{1, 2});
    CHECK(gather(concur::list(ready(std::string("a")), "b")) == std::vector<std::string>{"a", "b"});
    CHECK(gather(concur::list(MoveOnly(1), ready(MoveOnly(2))))[1].value() == 2);
}

TEST_CASE("as_is keeps the future", "[combine][F24]") {
    const Future<int> future = ready(1);
    CHECK(concur::as_is(future).future == future);
}

// ---- cost, F34

TEST_CASE("a million futures are gathered and waited for in linear time", "[combine][F34]") {
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

TEST_CASE("one future that is waited for a hundred thousand times is left in linear time", "[combine][F34]") {
    const Promise<int> promise;
    const std::vector futures(100'000, promise.future());
    const auto start = std::chrono::steady_clock::now();
    CHECK(concur::wait(futures, {.timeout = 0s}).not_done.size() == 100'000);
    // A few milliseconds; with every one looked for in the list of all it takes a good deal longer than this.
    CHECK(std::chrono::steady_clock::now() - start < 5s);
}

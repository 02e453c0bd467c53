#include <concur/concur.hpp>

#include <atomic>
#include <chrono>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
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
using concur::StopReason;
using concur::when_all;
using concur::when_all_outcomes;
using concur::test::futures_of;
using concur::test::MoveOnly;
using concur::test::Tracked;
using concur::test::Tracks;
using namespace std::chrono_literals;

TEST_CASE("a cancelled joint leaves its sources before it lets go of those that are done", "[future][F32]") {
    Promise<int> never_set;
    auto all = when_all(std::vector{ready(1), never_set.future(), ready(2)});
    CHECK(all.cancel());
    CHECK(all.cancelled());
}

TEST_CASE("when_all is a future of the values in the shape of the input", "[when_all][F32]") {
    const Future<int> a = ready(1);
    const Future<std::string> text = ready(std::string("text"));
    STATIC_REQUIRE(std::is_same_v<decltype(when_all(std::vector{a})), Future<std::vector<int>>>);
    STATIC_REQUIRE(std::is_same_v<decltype(when_all(a, text)), Future<std::tuple<int, std::string>>>);
    STATIC_REQUIRE(std::is_same_v<decltype(when_all(std::vector{ready()})), Future<void>>);
    STATIC_REQUIRE(std::is_same_v<decltype(when_all(ready(), a)), Future<std::tuple<std::monostate, int>>>);
    CHECK(when_all(std::vector{a, a}).result() == std::vector{1, 1});
    CHECK(when_all({a, a}).result() == std::vector{1, 1});
    CHECK(when_all(a, text).result() == std::tuple{1, std::string("text")});
    CHECK(when_all(a).result() == 1);
    CHECK(when_all(std::map<int, std::optional<Future<int>>>{{7, a}, {8, std::nullopt}}).result() ==
          std::map<int, std::optional<int>>{{7, 1}, {8, std::nullopt}});
    CHECK(when_all(std::vector<Future<int>>()).done());
    CHECK(when_all(std::vector<Future<void>>()).done());
}

TEST_CASE("when_all is done with the last of its futures, on the thread that completes it", "[when_all][F32]") {
    std::vector<Promise<int>> promises(3);
    const auto all = when_all(futures_of(promises));
    std::atomic<bool> on_completing_thread{false};
    std::thread completing([&] {
        const auto self = std::this_thread::get_id();
        all.on_done([&, self](const auto&) { on_completing_thread = std::this_thread::get_id() == self; });
        promises[2].set_value(2);
        promises[0].set_value(0);
        promises[1].set_value(1);
    });
    completing.join();
    CHECK(all.result() == std::vector{0, 1, 2});
    CHECK(on_completing_thread);
}

TEST_CASE("when_all fails with the first failure in time, before the others are done", "[when_all][F32]") {
    std::vector<Promise<int>> promises(4);
    const auto futures = futures_of(promises);
    const auto all = when_all(futures);
    promises[0].set_value(0);
    CHECK_FALSE(all.done());
    promises[2].set_exception(std::range_error("first"));
    REQUIRE(all.done());
    CHECK_THROWS_WITH(all.result(), "first");
    CHECK(all.stop_reason() == futures[2].stop_reason());
    promises[1].set_exception(std::range_error("second"));
    CHECK_THROWS_WITH(all.result(), "first");
    CHECK_FALSE(futures[3].done());
    static_cast<void>(futures[1].exception());
}

TEST_CASE("when_all passes the record of the failure on", "[when_all][F4][F32]") {
    const Future<int> bad = failed<int>(std::range_error("range"));
    const auto all = when_all(std::vector{ready(1), bad});
    REQUIRE(all.failure().has_value());
    CHECK(all.failure()->time == bad.failure()->time);
    CHECK(all.exception() == bad.exception());
}

TEST_CASE("cancelling when_all leaves its futures alone, with their sources it does not", "[when_all][F5]") {
    std::vector<Promise<int>> promises(3);
    const auto futures = futures_of(promises);
    const auto one = when_all(futures);
    const auto other = when_all(futures);
    CHECK(one.cancel());
    CHECK(one.cancelled());
    CHECK_FALSE(other.done());
    promises[0].set_value(0);
    CHECK(other.cancel(Cancel::sources));
    CHECK(other.cancelled());
    CHECK(futures[0].result() == 0);
    CHECK(futures[1].cancelled());
    CHECK(futures[2].cancelled());
    CHECK_FALSE(other.cancel(Cancel::sources));
}

TEST_CASE("cancelling with the sources goes through all levels, and meets each source once", "[when_all][F5]") {
    std::vector<Promise<int>> promises(2);
    const auto futures = futures_of(promises);
    const auto left = when_all(futures).then([](const std::vector<int>& values) { return values[0]; });
    const auto right = when_all(std::tuple{futures[0], futures[1].then([](int value) { return value; })});
    const auto top = when_all(left, right);
    CHECK(top.cancel(Cancel::sources));
    CHECK(left.cancelled());
    CHECK(right.cancelled());
    CHECK(futures[0].cancelled());
    CHECK(futures[1].cancelled());
}

TEST_CASE("a source that two ways lead to does not hide the others behind it from a cancel", "[when_all][F5]") {
    // Whichever way is taken first: cancelling the future that both have makes the other side forget its own.
    for (const bool shared_first : {true, false}) {
        std::vector<Promise<int>> own(2);
        Promise<int> shared;
        const auto pair = when_all(std::tuple{shared.future(), own[0].future(), own[1].future()});
        const auto single = when_all(std::vector{shared.future()});
        const bool withdrawn = shared_first ? when_all(single, pair).cancel(Cancel::sources)
                                            : when_all(pair, single).cancel(Cancel::sources);
        CHECK(withdrawn);
        CHECK(shared.future().cancelled());
        for (const auto& promise : own) CHECK(promise.future().cancelled());
    }
}

TEST_CASE("what when_all kept is gone when it is done or cancelled", "[when_all][F32]") {
    Tracks tracks;
    {
        Promise<int> pending;
        auto first = when_all(std::tuple{ready(Tracked(tracks, 1)), pending.future()});
        auto second = when_all(std::tuple{ready(Tracked(tracks, 2)), pending.future()});
        CHECK(tracks.alive() == 2);
        first.cancel();
        CHECK(tracks.alive() == 1);
        const int copies = tracks.copies;
        pending.set_value(7);
        CHECK(tracks.copies == copies);  // moved: nobody else had the future
        CHECK(std::get<0>(second.result()).value == 2);
        CHECK(tracks.alive() == 1);
    }
    CHECK(tracks.alive() == 0);
}

TEST_CASE("when_all of values that cannot be copied", "[when_all][F2][F32]") {
    std::vector<Future<MoveOnly>> futures;
    for (int i = 0; i < 3; ++i) futures.push_back(ready(MoveOnly(i)));
    auto all = when_all(std::move(futures));
    CHECK(all.result()[2].value() == 2);
    const std::vector<MoveOnly> values = std::move(all).result();
    CHECK(values[1].value() == 1);
    std::vector<Future<std::vector<MoveOnly>>> nested;
    nested.push_back(ready(std::vector<MoveOnly>()));
    CHECK(when_all_outcomes(std::move(nested)).then([](auto outcomes) { return outcomes.size(); }).result() == 1);
}

TEST_CASE("a value that throws while it is copied fails when_all", "[when_all][F32]") {
    Promise<concur::test::ThrowsOnCopy> promise;
    const auto future = promise.future();
    const auto all = when_all(std::vector{future});
    promise.set_value(concur::test::ThrowsOnCopy(1));
    CHECK_THROWS_AS(all.result(), concur::test::ValueRefused);
    CHECK(future.result().value == 1);
}

TEST_CASE("when_all refuses an empty future, at once", "[when_all][F1][F32]") {
    CHECK_THROWS_AS(when_all(std::vector{ready(1), Future<int>()}), concur::NoStateError);
    CHECK_THROWS_AS(when_all_outcomes(Future<int>(), ready(1)), concur::NoStateError);
}

TEST_CASE("when_all_outcomes does not fail, and waits for all", "[when_all][F31][F32]") {
    std::vector<Promise<int>> promises(3);
    const auto futures = futures_of(promises);
    const auto all = when_all_outcomes(futures);
    promises[1].set_exception(std::range_error("range"));
    promises[0].set_value(0);
    CHECK_FALSE(all.done());
    futures[2].cancel();
    REQUIRE(all.done());
    CHECK(all.result()[0].value() == 0);
    CHECK_THROWS_AS(all.result()[1].value(), std::range_error);
    CHECK_THROWS_AS(all.result()[2].value(), concur::CancelledError);
}

TEST_CASE("the same future may be among the inputs many times", "[when_all][F32]") {
    Promise<int> promise;
    const std::vector futures(1000, promise.future());
    const auto all = when_all(futures);
    const auto dropped = when_all(futures);
    CHECK(dropped.cancel());
    promise.set_value(1);
    CHECK(all.result() == std::vector(1000, 1));
}

TEST_CASE("when_all futures are inputs and sources like any other", "[when_all][F12][F32]") {
    Promise<int> promise;
    const auto inner = when_all(std::vector{promise.future(), ready(2)});
    const auto outer = when_all(inner, ready(3));
    const auto flattened = ready(1).then([inner](int) { return inner; });
    promise.set_value(1);
    CHECK(std::get<0>(outer.result()) == std::vector{1, 2});
    CHECK(flattened.result() == std::vector{1, 2});
}

TEST_CASE("cancelling when_all races with the end of its futures", "[when_all][F5][F32][race]") {
    std::vector<Promise<int>> promises;
    std::vector<Future<int>> futures;
    Future<std::vector<int>> all;
    std::atomic<int> withdrawn{0};
    int wrong = 0;
    concur::test::race(
        1000,
        [&](int) {
            promises = std::vector<Promise<int>>(4);
            futures = futures_of(promises);
            all = when_all(futures);
            withdrawn = 0;
        },
        [&](int) {
            if (!all.done() || all.cancelled() != (withdrawn == 1)) ++wrong;
            for (const auto& future : futures) wrong += future.done() ? 0 : 1;
        },
        [&](int) {
            promises[0].set_value(0);
            promises[1].set_value(1);
        },
        [&](int) {
            promises[2].set_value(2);
            promises[3].set_value(3);
        },
        [&](int) { withdrawn += all.cancel() ? 1 : 0; });
    CHECK(wrong == 0);
}

TEST_CASE("when_all begins while its futures end on other threads", "[when_all][F32][race]") {
    std::vector<Promise<int>> promises;
    std::vector<Future<int>> futures;
    Future<std::vector<int>> all;
    int wrong = 0;
    concur::test::race(
        1000,
        [&](int) {
            promises = std::vector<Promise<int>>(8);
            futures = futures_of(promises);
        },
        [&](int round) {
            all.wait();
            if ((all.exception() != nullptr) != (round % 2 == 0)) ++wrong;
            for (const auto& future : futures) future.wait();
        },
        [&](int round) {
            for (std::size_t i = 0; i < promises.size(); ++i) {
                if (i == 3 && round % 2 == 0)
                    promises[i].set_exception(std::range_error("range"));
                else
                    promises[i].set_value(1);
            }
        },
        [&](int) { all = when_all(futures); });
    CHECK(wrong == 0);
}

// ---- cost, F34

TEST_CASE("a million futures are joined in linear time, whatever they end in", "[when_all][F34]") {
    constexpr std::size_t count = 1'000'000;
    std::vector<Promise<int>> promises(count);
    const std::vector<Future<int>> futures = futures_of(promises);
    const auto given_up = when_all(futures);
    const auto dropped = when_all(futures);
    const auto sum = when_all(futures).then([](const std::vector<int>& values) {
        long total = 0;
        for (const int value : values) total += value;
        return total;
    });
    const auto outcomes = when_all_outcomes(futures);
    CHECK(given_up.cancel());
    for (auto& promise : promises) promise.set_value(1);
    CHECK(sum.result() == static_cast<long>(count));
    CHECK(outcomes.result().size() == count);
}

TEST_CASE("a hundred thousand futures are cancelled through when_all in linear time", "[when_all][F5][F34]") {
    constexpr std::size_t count = 100'000;
    std::vector<Promise<int>> promises(count);
    const std::vector<Future<int>> futures = futures_of(promises);
    CHECK(when_all(futures).cancel(Cancel::sources));
    CHECK(futures.front().cancelled());
    CHECK(futures.back().cancelled());
}

TEST_CASE("a hundred thousand when_all in a chain need no deep stack", "[when_all][F34]") {
    Promise<int> promise;
    Future<int> last = promise.future();
    for (int i = 0; i < 100'000; ++i)
        last = when_all(std::vector{last, ready(1)}).then([](const std::vector<int>& v) { return v[0] + v[1]; });
    promise.set_value(0);
    CHECK(last.result() == 100'000);
    Promise<int> never_set;
    last = never_set.future();
    for (int i = 0; i < 100'000; ++i) last = when_all(last);
    CHECK(last.cancel(Cancel::sources));
    CHECK(never_set.stop_requested());
}

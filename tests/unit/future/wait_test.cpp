#include <concur/concur.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <latch>
#include <list>
#include <set>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"
#include "support/promises.hpp"
#include "support/race.hpp"

using concur::Future;
using concur::Promise;
using concur::ready;
using concur::ReturnWhen;
using concur::test::futures_of;
using namespace std::chrono_literals;

TEST_CASE("options of wait have defaults, and their members in the documented order", "[wait][F35]") {
    STATIC_REQUIRE(std::is_aggregate_v<concur::WaitOptions>);
    const concur::WaitOptions defaults;
    CHECK(defaults.timeout == concur::never);
    CHECK(defaults.return_when == ReturnWhen::all_completed);
    // Designated initialisers compile in this order only.
    const concur::WaitOptions options{.timeout = 5s, .return_when = ReturnWhen::first_exception};
    CHECK(options.timeout == 5s);
}

TEST_CASE("wait gives what is done and what is not, in the order of the input", "[wait][F30]") {
    std::vector<Promise<int>> promises(6);
    const auto futures = futures_of(promises);
    promises[4].set_value(4);
    promises[1].set_exception(std::range_error("range"));
    promises[3].set_value(3);
    const auto [done, not_done] = concur::wait(futures, {.timeout = 1ms});
    CHECK(done == std::vector{futures[1], futures[3], futures[4]});
    CHECK(not_done == std::vector{futures[0], futures[2], futures[5]});
}

TEST_CASE("wait returns at once for nothing, for what is done, and with a time that is over", "[wait][F30]") {
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

TEST_CASE("wait takes ranges, braced lists and several futures", "[wait][F30]") {
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

TEST_CASE("wait for the first completed returns with the first, whatever it is", "[wait][F30]") {
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

TEST_CASE("wait for the first exception returns with it, or when all are done", "[wait][F30]") {
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

TEST_CASE("a cancel counts as an exception and as an end", "[wait][F5][F30]") {
    std::vector<Promise<int>> promises(2);
    const auto futures = futures_of(promises);
    std::jthread cancelling([&] { futures[1].cancel(); });
    const auto result = concur::wait(futures, {.return_when = ReturnWhen::first_exception});
    CHECK(result.done == std::vector{futures[1]});
}

TEST_CASE("wait refuses an empty future", "[wait][F1][F30]") {
    CHECK_THROWS_AS(concur::wait(std::vector{ready(1), Future<int>()}), concur::NoStateError);
    CHECK_THROWS_AS(concur::wait(Future<int>(), ready(1)), concur::NoStateError);
}

TEST_CASE("the same future may be waited for several times at once", "[wait][F30]") {
    Promise<int> promise;
    const Future<int> future = promise.future();
    CHECK(concur::wait(std::vector(100, future), {.timeout = 0s}).not_done.size() == 100);
    std::jthread completing([&] { promise.set_value(1); });
    CHECK(concur::wait(std::vector(100, future)).done.size() == 100);
}

TEST_CASE("several threads wait for the same futures", "[wait][F30]") {
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

TEST_CASE("a wait that gives up while futures end loses none of them", "[wait][F30][race]") {
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

TEST_CASE("one future that is waited for a hundred thousand times is left in linear time", "[wait][F34]") {
    const Promise<int> promise;
    const std::vector futures(100'000, promise.future());
    const auto start = std::chrono::steady_clock::now();
    CHECK(concur::wait(futures, {.timeout = 0s}).not_done.size() == 100'000);
    // A few milliseconds; with every one looked for in the list of all it takes a good deal longer than this.
    CHECK(std::chrono::steady_clock::now() - start < 5s);
}

TEST_CASE("many continuations of one future are taken back in linear time, in any order", "[wait][F5][F34]") {
    constexpr std::size_t count = 100'000;
    const auto start = std::chrono::steady_clock::now();
    for (const std::size_t stride : {std::size_t{1}, count - 1, std::size_t{7}}) {  // oldest first, newest first, mixed
        Promise<int> promise;
        std::vector<Future<int>> derived;
        for (std::size_t i = 0; i < count; ++i)
            derived.push_back(promise.future().then([](int value) { return value; }));
        for (std::size_t i = 0; i < count; i += 2) derived[i * stride % count].cancel();
        promise.set_value(1);
        std::size_t cancelled = 0;
        for (const Future<int>& future : derived) cancelled += future.cancelled() ? 1 : 0;
        CHECK(cancelled == count / 2);
    }
    CHECK(std::chrono::steady_clock::now() - start < 60s);  // each one looked for among all takes many minutes
}

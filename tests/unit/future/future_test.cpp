#include <concur/concur.hpp>

#include <atomic>
#include <chrono>
#include <concepts>
#include <latch>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/race.hpp"
#include "support/tracked.hpp"

using concur::Duration;
using concur::failed;
using concur::Future;
using concur::Promise;
using concur::ready;
using concur::StopReason;
using concur::test::MoveOnly;
using concur::test::Tracked;
using concur::test::Tracks;
using namespace std::chrono_literals;

namespace {

const std::string long_text = "a text that is longer than any small string buffer";

}  // namespace

// ---- the handle, F1

TEST_CASE("a future is one pointer, copied and moved without a throw", "[future][F1]") {
    STATIC_REQUIRE(sizeof(Future<int>) == sizeof(void*));
    STATIC_REQUIRE(sizeof(Future<std::string>) == sizeof(void*));
    STATIC_REQUIRE(sizeof(Future<void>) == sizeof(void*));
    STATIC_REQUIRE(std::is_nothrow_copy_constructible_v<Future<int>>);
    STATIC_REQUIRE(std::is_nothrow_move_constructible_v<Future<int>>);
    STATIC_REQUIRE(std::is_nothrow_copy_assignable_v<Future<int>>);
    STATIC_REQUIRE(std::is_nothrow_default_constructible_v<Future<int>>);
    STATIC_REQUIRE(std::is_copy_constructible_v<Future<MoveOnly>>);
    STATIC_REQUIRE(std::totally_ordered<Future<int>>);
    STATIC_REQUIRE(std::is_same_v<Future<std::string>::value_type, std::string>);
}

TEST_CASE("copies of a future see one result and are equal", "[future][F1]") {
    Promise<int> promise;
    const Future<int> future = promise.future();
    const Future<int> copy = future;
    const Future<int> other = ready(1);
    CHECK(copy == future);
    CHECK_FALSE(copy < future);
    CHECK(std::hash<Future<int>>()(copy) == std::hash<Future<int>>()(future));
    CHECK(copy != other);
    CHECK((copy < other) != (other < copy));
    promise.set_value(5);
    CHECK(copy.result() == 5);
    CHECK(&copy.result() == &future.result());
}

TEST_CASE("futures are keys of ordered and unordered containers", "[future][F1]") {
    std::vector<Future<int>> futures;
    for (int i = 0; i < 50; ++i) futures.push_back(ready(i));
    std::map<Future<int>, int> ordered;
    std::unordered_map<Future<int>, int> hashed;
    std::set<Future<int>> set;
    std::unordered_set<Future<int>> unordered;
    for (int round = 0; round < 2; ++round)
        for (int i = 0; i < 50; ++i) {
            ordered[futures[static_cast<std::size_t>(i)]] = i;
            hashed[futures[static_cast<std::size_t>(i)]] = i;
            set.insert(futures[static_cast<std::size_t>(i)]);
            unordered.insert(futures[static_cast<std::size_t>(i)]);
        }
    CHECK(ordered.size() == 50);
    CHECK(hashed.size() == 50);
    CHECK(set.size() == 50);
    CHECK(unordered.size() == 50);
    for (const auto& [future, i] : ordered) CHECK(future.result() == i);
    CHECK(hashed.at(futures[7]) == 7);
}

TEST_CASE("an id belongs to one state and is never used again", "[future][F1]") {
    std::set<std::uint64_t> ids;
    for (int i = 0; i < 1000; ++i) {
        const Future<int> future = ready(i);  // the memory is used again, the number is not
        const Future<int> copy = future;
        CHECK(future.id() == copy.id());
        ids.insert(future.id());
    }
    CHECK(ids.size() == 1000);
    CHECK(ids.count(0) == 0);
}

TEST_CASE("several threads that ask for an id at once get the same", "[future][F1][race]") {
    Future<int> future;
    std::uint64_t first = 0;
    std::uint64_t second = 0;
    int different = 0;
    concur::test::race(
        500, [&](int) { future = ready(1); }, [&](int) { different += first == second ? 0 : 1; },
        [&](int) { first = future.id(); }, [&](int) { second = future.id(); });
    CHECK(different == 0);
}

TEMPLATE_TEST_CASE("an empty future throws NoStateError for every use", "[future][F1]", int, void, MoveOnly) {
    const Future<TestType> empty;
    CHECK_FALSE(empty.valid());
    CHECK(empty == Future<TestType>());
    CHECK(std::hash<Future<TestType>>()(empty) == std::hash<Future<TestType>>()(Future<TestType>()));
    CHECK_THROWS_AS(empty.id(), concur::NoStateError);
    CHECK_THROWS_AS(empty.result(), concur::NoStateError);
    CHECK_THROWS_AS(empty.result(1ms), concur::NoStateError);
    CHECK_THROWS_AS(Future<TestType>().result(), concur::NoStateError);
    CHECK_THROWS_AS(Future<TestType>().result(1ms), concur::NoStateError);
    CHECK_THROWS_AS(empty.get(), concur::NoStateError);
    CHECK_THROWS_AS(Future<TestType>().get(), concur::NoStateError);
    CHECK_THROWS_AS(empty.wait(), concur::NoStateError);
    CHECK_THROWS_AS(empty.wait_for(0s), concur::NoStateError);
    CHECK_THROWS_AS(empty.wait_until(std::chrono::steady_clock::now()), concur::NoStateError);
    CHECK_THROWS_AS(empty.done(), concur::NoStateError);
    CHECK_THROWS_AS(empty.cancelled(), concur::NoStateError);
    CHECK_THROWS_AS(empty.running(), concur::NoStateError);
    CHECK_THROWS_AS(empty.exception(), concur::NoStateError);
    CHECK_THROWS_AS(empty.failure(), concur::NoStateError);
    CHECK_THROWS_AS(Future<TestType>().outcome(), concur::NoStateError);
    CHECK_THROWS_AS(empty.stop_reason(), concur::NoStateError);
    CHECK_THROWS_AS(empty.attempts(), concur::NoStateError);
    CHECK_THROWS_AS(empty.method_name(), concur::NoStateError);
    CHECK_THROWS_AS(empty.cancel(), concur::NoStateError);
    CHECK_THROWS_AS(empty.cancel(concur::Cancel::sources), concur::NoStateError);
    CHECK_THROWS_AS(empty.on_done([](Future<TestType>) {}), concur::NoStateError);
    CHECK_THROWS_AS(empty.then([](Future<TestType>) {}), concur::NoStateError);
}

TEST_CASE("recover of an empty future throws NoStateError", "[future][F1]") {
    CHECK_THROWS_AS(Future<int>().recover([](std::exception_ptr) { return 1; }), concur::NoStateError);
}

TEST_CASE("a moved-from future is empty", "[future][F1]") {
    Future<int> future = ready(1);
    const Future<int> other = std::move(future);
    CHECK_FALSE(future.valid());  // NOLINT(bugprone-use-after-move)
    CHECK_THROWS_AS(future.result(), concur::NoStateError);
    CHECK(other.result() == 1);
    future = other;
    CHECK(future.result() == 1);
    Future<int>& same = future;
    future = same;
    CHECK(future.result() == 1);
    future = std::move(same);
    CHECK(future.result() == 1);
}

// ---- result, F2

TEST_CASE("a result from an lvalue is a reference, any number of times", "[future][F2]") {
    const Future<std::string> future = ready(long_text);
    STATIC_REQUIRE(std::is_same_v<decltype(future.result()), const std::string&>);
    STATIC_REQUIRE(std::is_same_v<decltype(future.result(1s)), const std::string&>);
    STATIC_REQUIRE(std::is_same_v<decltype(ready(1).result()), int>);
    STATIC_REQUIRE(std::is_void_v<decltype(ready().result())>);
    CHECK(&future.result() == &future.result());
    CHECK(future.get() == long_text);
    CHECK(future.result(0s) == long_text);
    CHECK(future.valid());
}

TEST_CASE("a result from the last handle is moved out and leaves it empty", "[future][F2]") {
    Tracks tracks;
    {
        Promise<Tracked> promise;  // the promise's own reference is no handle
        Future<Tracked> future = promise.future();
        promise.set_value(Tracked(tracks, 7));
        const Tracked value = std::move(future).result();
        CHECK(value.value == 7);
        CHECK(tracks.copies == 0);
        CHECK_FALSE(future.valid());  // NOLINT(bugprone-use-after-move)
    }
    CHECK(tracks.alive() == 0);
}

TEST_CASE("a result from one of several handles is copied", "[future][F2]") {
    Tracks tracks;
    {
        Promise<Tracked> promise;
        Future<Tracked> future = promise.future();
        const Future<Tracked> other = future;
        promise.set_value(Tracked(tracks, 7));
        const Tracked& seen = other.result();
        CHECK(std::move(future).result().value == 7);
        CHECK(tracks.copies == 1);
        CHECK(seen.value == 7);
        CHECK_FALSE(future.valid());  // NOLINT(bugprone-use-after-move)
    }
    CHECK(tracks.alive() == 0);
}

TEST_CASE("get and result with a time limit move as result does", "[future][F2][F3]") {
    CHECK(ready(MoveOnly(1)).get().value() == 1);
    CHECK(ready(MoveOnly(2)).result(1s).value() == 2);
    Future<std::string> future = ready(long_text);
    CHECK(std::move(future).result(concur::never) == long_text);
    CHECK_FALSE(future.valid());  // NOLINT(bugprone-use-after-move)
}

TEST_CASE("an exception is rethrown any number of times, from every handle", "[future][F2]") {
    const Future<int> future = failed<int>(std::range_error("range"));
    Future<int> copy = future;
    CHECK_THROWS_AS(future.result(), std::range_error);
    CHECK_THROWS_WITH(future.get(), "range");
    CHECK_THROWS_AS(std::move(copy).result(), std::range_error);
    CHECK_FALSE(copy.valid());  // NOLINT(bugprone-use-after-move)
    CHECK_THROWS_AS(future.result(0s), std::range_error);
    CHECK(future.exception() == future.exception());
}

TEST_CASE("a value that cannot be copied is taken once, and FutureTakenError comes after", "[future][F2]") {
    Future<MoveOnly> future = ready(MoveOnly(3));
    Future<MoveOnly> copy = future;
    CHECK(future.result().value() == 3);
    CHECK(future.result().value() == 3);
    CHECK(std::move(future).result().value() == 3);
    CHECK_THROWS_AS(copy.result(), concur::FutureTakenError);
    CHECK_THROWS_AS(copy.result(1s), concur::FutureTakenError);
    CHECK_THROWS_AS(copy.get(), concur::FutureTakenError);
    CHECK_THROWS_AS(std::move(copy).result(), concur::FutureTakenError);
}

TEST_CASE("a value that says it can be copied but cannot is taken too", "[future][F2]") {
    std::vector<std::unique_ptr<int>> values;
    values.push_back(std::make_unique<int>(3));
    const Future<std::vector<std::unique_ptr<int>>> future = ready(std::move(values));
    CHECK(*future.result()[0] == 3);
    CHECK(*Future(future).result()[0] == 3);
    CHECK_THROWS_AS(future.result(), concur::FutureTakenError);

    std::map<int, std::pair<std::string, std::vector<std::unique_ptr<int>>>> nested;
    nested[1].second.push_back(std::make_unique<int>(4));
    const auto deep = ready(std::move(nested));
    const auto copy = deep;
    CHECK(*Future(deep).result().at(1).second[0] == 4);
    CHECK_THROWS_AS(Future(copy).result(), concur::FutureTakenError);
}

TEST_CASE("a copy that throws comes out of result, and the value stays for the others", "[future][F2]") {
    Future<concur::test::ThrowsOnCopy> future = ready(concur::test::ThrowsOnCopy(3));
    Future<concur::test::ThrowsOnCopy> copy = future;
    CHECK_THROWS_AS(std::move(copy).result(), concur::test::ValueRefused);
    CHECK(future.result().value == 3);
    CHECK(std::move(future).result().value == 3);  // the last handle: moved
}

TEST_CASE("several threads read one result at once", "[future][F2]") {
    Promise<std::string> promise;
    const Future<std::string> future = promise.future();
    std::atomic<int> right{0};
    std::vector<std::jthread> threads;
    for (int i = 0; i < 6; ++i)
        threads.emplace_back([&, copy = future] {
            if (future.result() == long_text && copy.result(concur::never) == long_text) ++right;
        });
    promise.set_value(long_text);
    threads.clear();
    CHECK(right == 6);
}

TEST_CASE("threads that each take the result from a handle of their own all get it", "[future][F2][race]") {
    Tracks tracks;
    Future<Tracked> handles[3];
    int values[3] = {};
    int wrong = 0;
    const auto take = [&](int i) { values[i] = std::move(handles[i]).result().value; };
    concur::test::race(
        2000,
        [&](int round) {
            handles[0] = ready(Tracked(tracks, round));
            handles[1] = handles[2] = handles[0];
        },
        [&](int round) {
            for (const int value : values) wrong += value == round ? 0 : 1;
        },
        [&](int) { take(0); }, [&](int) { take(1); }, [&](int) { take(2); });
    CHECK(wrong == 0);
    CHECK(tracks.alive() == 0);
}

TEST_CASE("of threads that take what cannot be copied one gets it", "[future][F2][race]") {
    Future<MoveOnly> handles[2];
    int taken[2] = {};
    int wrong = 0;
    const auto take = [&](int i) {
        try {
            taken[i] = std::move(handles[i]).result().value();
        } catch (const concur::FutureTakenError&) {
            taken[i] = -1;
        }
    };
    concur::test::race(
        2000,
        [&](int round) {
            handles[0] = ready(MoveOnly(round));
            handles[1] = handles[0];
        },
        [&](int round) {
            const bool one = (taken[0] == round && taken[1] == -1) || (taken[0] == -1 && taken[1] == round);
            wrong += one ? 0 : 1;
        },
        [&](int) { take(0); }, [&](int) { take(1); });
    CHECK(wrong == 0);
}

TEST_CASE("an outcome is a copy from an lvalue and taken from an rvalue", "[future][F10]") {
    Tracks tracks;
    Future<Tracked> future = ready(Tracked(tracks, 3));
    const int copies = tracks.copies;
    CHECK(future.outcome().value().value == 3);
    CHECK(tracks.copies > copies);
    CHECK(future.result().value == 3);
    const int copies_before = tracks.copies;
    CHECK(std::move(future).outcome().value().value == 3);
    CHECK(tracks.copies - copies_before <= 1);  // the copy is value()'s, out of the temporary outcome
    CHECK_FALSE(future.valid());                // NOLINT(bugprone-use-after-move)

    CHECK(ready(MoveOnly(1)).outcome().value().value() == 1);
    CHECK_THROWS_AS(failed<int>(std::range_error("")).outcome().value(), std::range_error);
    CHECK(ready().outcome());
    CHECK_FALSE(failed<void>(std::range_error("")).outcome());
}

// ---- waiting with a limit, F3

TEST_CASE("a wait that is over throws TimeoutError and leaves the future usable", "[future][F3]") {
    Promise<int> promise;
    const Future<int> future = promise.future();
    const auto start = std::chrono::steady_clock::now();
    try {
        static_cast<void>(future.result(5ms));
        FAIL("no TimeoutError");
    } catch (const concur::TimeoutError& error) {
        CHECK(error.after() == 5ms);
        CHECK(std::string(error.what()).find('5') != std::string::npos);
    }
    CHECK(std::chrono::steady_clock::now() - start >= 5ms);
    CHECK_FALSE(future.done());
    Future<int> other = future;
    CHECK_THROWS_AS(std::move(other).result(0s), concur::TimeoutError);
    CHECK(other.valid());  // NOLINT(bugprone-use-after-move): the wait failed, so nothing was taken
    promise.set_value(1);
    CHECK(future.result(0s) == 1);
    CHECK(std::move(other).result(-1s) == 1);
}

TEST_CASE("zero, negative and unusable times only look", "[future][F3]") {
    Promise<int> promise;
    const Future<int> future = promise.future();
    const Duration nan = std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN());
    for (const Duration time :
         {Duration(0s), Duration(-1s), Duration(std::chrono::hours::min()), -concur::never, nan}) {
        CHECK_FALSE(future.wait_for(time));
        CHECK_THROWS_AS(future.result(time), concur::TimeoutError);
    }
    CHECK_FALSE(future.wait_until(std::chrono::steady_clock::time_point::min()));
    CHECK_FALSE(future.wait_until(std::chrono::steady_clock::now()));
    promise.set_value(1);
    for (const Duration time : {Duration(0s), Duration(-1s), Duration(std::chrono::hours::min()), concur::never}) {
        CHECK(future.wait_for(time));
        CHECK(future.result(time) == 1);
    }
    CHECK(future.wait_until(std::chrono::steady_clock::time_point::min()));
}

TEST_CASE("a wait for ever or for longer than time lasts ends with the result", "[future][F3]") {
    for (const Duration time :
         {concur::never, Duration(std::chrono::hours::max()), Duration::of_nanoseconds(INT64_MAX - 1)}) {
        Promise<int> promise;
        const Future<int> future = promise.future();
        std::jthread setting([&] { promise.set_value(3); });
        CHECK(future.wait_for(time));
        CHECK(future.result() == 3);
    }
    Promise<void> promise;
    const Future<void> future = promise.future();
    std::jthread setting([&] { promise.set_value(); });
    CHECK(future.wait_until(std::chrono::steady_clock::time_point::max()));
    CHECK_NOTHROW(future.result(concur::never));
}

TEST_CASE("a sleeping waiter is woken by a value, an exception, a cancel and a broken promise", "[future][F3]") {
    for (int how = 0; how < 4; ++how) {
        Promise<int> promise;
        const Future<int> future = promise.future();
        std::latch about_to_wait(2);
        std::atomic<int> woken{0};
        std::vector<std::jthread> waiting;
        for (int i = 0; i < 2; ++i)
            waiting.emplace_back([&, i] {
                about_to_wait.count_down();
                if (i == 0) {
                    future.wait();
                    ++woken;
                } else if (future.wait_for(1h)) {
                    ++woken;
                }
            });
        about_to_wait.wait();
        if (how % 2 == 0) std::this_thread::sleep_for(1ms);  // so that some rounds find it parked, not spinning
        if (how == 0) promise.set_value(1);
        if (how == 1) promise.set_exception(std::runtime_error("error"));
        if (how == 2) future.cancel();
        if (how == 3) promise = Promise<int>();
        waiting.clear();
        CHECK(woken == 2);
    }
}

TEST_CASE("a wait that times out while the value arrives is never wrong", "[future][F3][race]") {
    Promise<int> promise;
    Future<int> future;
    bool in_time = false;
    int wrong = 0;
    concur::test::race(
        1000,
        [&](int) {
            promise = Promise<int>();
            future = promise.future();
        },
        [&](int round) { wrong += future.done() && future.result() == round ? 0 : 1; },
        [&](int round) { promise.set_value(round); },
        [&](int round) {
            in_time = future.wait_for(Duration(std::chrono::microseconds(round % 60)));
            if (in_time && !future.done()) ++wrong;
        });
    CHECK(wrong == 0);
}

// ---- what it tells about its end, F4

TEST_CASE("a pending future tells that nothing has happened yet", "[future][F4]") {
    const Promise<int> promise;
    const Future<int> future = promise.future();
    CHECK_FALSE(future.done());
    CHECK_FALSE(future.cancelled());
    CHECK_FALSE(future.running());
    CHECK(future.stop_reason() == StopReason::none);
    CHECK(future.attempts() == 0);
    CHECK(future.method_name().empty());
    future.cancel();
}

TEST_CASE("a success has no exception, no failure and no stop reason", "[future][F4]") {
    const Future<int> future = ready(1);
    CHECK(future.done());
    CHECK_FALSE(future.cancelled());
    CHECK_FALSE(future.running());
    CHECK(future.exception() == nullptr);
    CHECK_FALSE(future.failure().has_value());
    CHECK(future.stop_reason() == StopReason::none);
}

TEST_CASE("a failure tells where and when", "[future][F4]") {
    const auto before = std::chrono::steady_clock::now();
    const Future<int> future = failed<int>(std::range_error("range"));
    CHECK(future.exception() != nullptr);
    CHECK(future.stop_reason() != StopReason::none);
    CHECK_FALSE(future.cancelled());
    const auto failure = future.failure();
    REQUIRE(failure.has_value());
    CHECK(failure->pid > 0);
    CHECK(failure->time >= before);
    CHECK(failure->time <= std::chrono::steady_clock::now());
}

TEST_CASE("a future that holds a CancelledError counts as cancelled, whoever threw it", "[future][F4]") {
    CHECK(failed<int>(concur::CancelledError("asked to stop")).cancelled());
    CHECK_FALSE(failed<int>(concur::TimeoutError("late", 1s)).cancelled());
    CHECK_FALSE(failed<int>(42).cancelled());
}

TEST_CASE("exception, failure and outcome wait for the end", "[future][F4]") {
    Promise<int> promise;
    const Future<int> future = promise.future();
    std::jthread setting([&] { promise.set_exception(std::range_error("range")); });
    CHECK(future.exception() != nullptr);

    Promise<int> second;
    const Future<int> slow = second.future();
    std::jthread other([&] { second.set_value(2); });
    CHECK_FALSE(slow.failure().has_value());
    CHECK(slow.outcome().value() == 2);
}

TEST_CASE("every stop reason has a name, also for fmt", "[future][F4]") {
    CHECK(concur::to_string(StopReason::none) == "none");
    CHECK(concur::to_string(StopReason::retries_exhausted) == "retries_exhausted");
    CHECK(concur::to_string(StopReason::deadline) == "deadline");
    CHECK(concur::to_string(StopReason::budget) == "budget");
    CHECK(concur::to_string(StopReason::not_retryable) == "not_retryable");
    CHECK(concur::to_string(StopReason::not_repeatable) == "not_repeatable");
    CHECK(concur::to_string(StopReason::cancelled) == "cancelled");
    CHECK(concur::to_string(StopReason::server_hint) == "server_hint");
    CHECK(concur::to_string(StopReason::worker_died) == "worker_died");
    CHECK(concur::to_string(StopReason::worker_stopped) == "worker_stopped");
    CHECK(fmt::format("{}", StopReason::input_failed) == "input_failed");
}

// ---- cancel, F5

TEST_CASE("a pending future that is cancelled holds CancelledError at once", "[future][F5]") {
    const Promise<int> promise;
    const Future<int> future = promise.future();
    const Future<int> copy = future;
    CHECK(future.cancel());
    CHECK(copy.done());
    CHECK(copy.cancelled());
    CHECK(copy.stop_reason() == StopReason::cancelled);
    CHECK_THROWS_AS(copy.result(), concur::CancelledError);
    REQUIRE(copy.failure().has_value());
    CHECK_FALSE(copy.cancel());  // has ended
    CHECK_FALSE(future.cancel(concur::Cancel::sources));
}

TEST_CASE("cancelling what has ended changes nothing", "[future][F5]") {
    const Future<int> success = ready(1);
    CHECK_FALSE(success.cancel());
    CHECK(success.result() == 1);
    CHECK(success.stop_reason() == StopReason::none);
    const Future<int> failure = failed<int>(std::range_error("range"));
    CHECK_FALSE(failure.cancel(concur::Cancel::sources));
    CHECK_FALSE(failure.cancelled());
}

TEST_CASE("two threads that cancel at once withdraw one time", "[future][F5][race]") {
    Promise<int> promise;
    Future<int> future;
    bool withdrawn[2] = {};
    int wrong = 0;
    concur::test::race(
        1000,
        [&](int) {
            promise = Promise<int>();
            future = promise.future();
        },
        [&](int) { wrong += withdrawn[0] != withdrawn[1] && future.cancelled() ? 0 : 1; },
        [&](int) { withdrawn[0] = future.cancel(); }, [&](int) { withdrawn[1] = future.cancel(); });
    CHECK(wrong == 0);
}

// ---- lifetime

TEST_CASE("a value outlives the promise and goes with the last handle, on that thread", "[future]") {
    struct Marker {
        explicit Marker(std::thread::id& id) : place{&id} {}
        Marker(Marker&& other) noexcept : place{std::exchange(other.place, nullptr)} {}
        Marker(const Marker&) = delete;
        ~Marker() {
            if (place) *place = std::this_thread::get_id();
        }
        std::thread::id* place;
    };
    std::thread::id destroyed_by;
    Future<Marker> future = ready(Marker(destroyed_by));
    CHECK(destroyed_by == std::thread::id());
    std::thread last([moved = std::exchange(future, {})] {});
    const std::thread::id id = last.get_id();
    last.join();
    CHECK(destroyed_by == id);
}

TEST_CASE("handles that many threads copy and drop at once leave nothing behind", "[future][race]") {
    Tracks tracks;
    Future<Tracked> future;
    const auto churn = [&](int) {
        Future<Tracked> mine = future;
        for (int i = 0; i < 20; ++i) {
            Future<Tracked> copy = mine;
            mine = std::move(copy);
        }
    };
    concur::test::race(
        300, [&](int round) { future = ready(Tracked(tracks, round)); }, [](int) {}, churn, churn, churn);
    future = {};
    CHECK(tracks.alive() == 0);
}

TEST_CASE("the last handle and the promise may go at the same time", "[future][race]") {
    Tracks tracks;
    auto promise = std::make_unique<Promise<Tracked>>();
    Future<Tracked> future;
    concur::test::race(
        2000,
        [&](int round) {
            promise = std::make_unique<Promise<Tracked>>();
            future = promise->future();
            if (round % 2 == 0) promise->set_value(Tracked(tracks, round));
        },
        [](int) {}, [&](int) { promise.reset(); }, [&](int) { future = {}; });
    CHECK(tracks.alive() == 0);
}

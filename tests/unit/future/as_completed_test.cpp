#include <concur/concur.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <iterator>
#include <latch>
#include <list>
#include <optional>
#include <ranges>
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

using concur::as_completed;
using concur::AsCompleted;
using concur::failed;
using concur::Future;
using concur::Promise;
using concur::ready;
using concur::test::futures_of;
using namespace std::chrono_literals;

static_assert(std::input_iterator<AsCompleted<int>::Iterator>);
static_assert(std::ranges::input_range<AsCompleted<void>>);

namespace {

template <class Range>
std::vector<int> values_of(Range&& range) {
    std::vector<int> values;
    for (auto& future : range) values.push_back(future.result());
    return values;
}

/// A clock that only moves when somebody sleeps on it, and then to the deadline at once.
class JumpingClock final : public concur::detail::Clock {
public:
    [[nodiscard]] concur::detail::TimePoint now() const noexcept override { return now_; }
    void park(concur::detail::ParkingWord&, std::uint32_t, concur::detail::TimePoint deadline) noexcept override {
        ++parks;
        now_ = deadline;
    }
    void schedule(concur::detail::IntrusivePtr<concur::detail::Timer>, concur::detail::TimePoint) override {}
    void unschedule(concur::detail::Timer&) noexcept override {}

    int parks = 0;

private:
    concur::detail::TimePoint now_{1h};
};

}  // namespace

TEST_CASE("options of as_completed have defaults", "[as_completed][F35]") {
    STATIC_REQUIRE(std::is_aggregate_v<concur::AsCompletedOptions>);
    CHECK(concur::AsCompletedOptions().timeout == concur::never);
    const concur::AsCompletedOptions options{.timeout = 1.5s};
    CHECK(options.timeout == 1500ms);
}

TEST_CASE("as_completed hands futures out in the order in which they are done", "[as_completed][F33]") {
    std::vector<Promise<int>> promises(4);
    const auto futures = futures_of(promises);
    promises[3].set_value(3);  // before
    AsCompleted<int> queue(futures);
    promises[1].set_value(1);
    promises[2].set_value(2);
    std::jthread completing([&] { promises[0].set_value(0); });
    CHECK(values_of(queue) == std::vector{3, 1, 2, 0});
}

TEST_CASE("as_completed takes ranges, braced lists and several futures", "[as_completed][F33]") {
    const Future<int> a = ready(1);
    const Future<int> b = ready(2);
    CHECK(values_of(as_completed(std::vector{a, b})) == std::vector{1, 2});
    CHECK(values_of(as_completed(std::list{b, a})) == std::vector{2, 1});
    CHECK(values_of(as_completed(std::array{b, a})) == std::vector{2, 1});
    CHECK(values_of(as_completed(std::set{a})) == std::vector{1});
    CHECK(values_of(as_completed({a, b})) == std::vector{1, 2});
    CHECK(values_of(as_completed({a, b}, {.timeout = 5s})) == std::vector{1, 2});
    CHECK(values_of(as_completed(a, b)) == std::vector{1, 2});
    CHECK(values_of(AsCompleted<int>({a, b}, {.timeout = 5s})) == std::vector{1, 2});
    CHECK(values_of(AsCompleted<int>{a, b}) == std::vector{1, 2});
    AsCompleted deduced(std::vector{a, b});
    STATIC_REQUIRE(std::is_same_v<decltype(deduced), AsCompleted<int>>);
    CHECK(values_of(deduced) == std::vector{1, 2});
    int count = 0;
    for (const Future<void>& future : as_completed(std::vector{ready(), ready()})) count += future.done() ? 1 : 0;
    CHECK(count == 2);
}

TEST_CASE("as_completed of nothing ends at once", "[as_completed][F33]") {
    AsCompleted<int> queue;
    CHECK(queue.begin() == queue.end());
    CHECK(queue.pending() == 0);
    AsCompleted<int> limited({}, {.timeout = 0s});
    CHECK(limited.begin() == limited.end());
}

TEST_CASE("futures are added while iterating, and after the end", "[as_completed][F33]") {
    AsCompleted<int> queue({ready(1)});
    std::vector<int> values;
    for (auto& future : queue) {
        values.push_back(future.result());
        if (values.size() < 4) queue.add(ready(static_cast<int>(values.size()) + 1));
    }
    CHECK(values == std::vector{1, 2, 3, 4});
    CHECK(queue.begin() == queue.end());
    queue.add(ready(5));
    CHECK(queue.pending() == 1);
    CHECK(values_of(queue) == std::vector{5});
}

TEST_CASE("a future that is given twice comes twice", "[as_completed][F33]") {
    Promise<int> promise;
    AsCompleted<int> queue({promise.future(), ready(1), promise.future()});
    queue.add(promise.future());
    std::jthread completing([&] { promise.set_value(7); });
    CHECK(values_of(queue) == std::vector{1, 7, 7, 7});
}

TEST_CASE("failed and cancelled futures are handed out like others", "[as_completed][F5][F33]") {
    Promise<int> promise;
    promise.future().cancel();
    int failures = 0;
    for (const auto& future : as_completed({failed<int>(1), promise.future()})) failures += future.exception() ? 1 : 0;
    CHECK(failures == 2);
}

TEST_CASE("the result of a future that was handed out may be taken", "[as_completed][F2][F33]") {
    using concur::test::MoveOnly;
    std::vector<Future<MoveOnly>> futures;
    for (int i = 0; i < 3; ++i) futures.push_back(ready(MoveOnly(i)));
    int sum = 0;
    for (auto& future : as_completed(std::move(futures))) sum += std::move(future).result().value();
    CHECK(sum == 3);
}

TEST_CASE("pending counts what was not handed out", "[as_completed][F33]") {
    const Promise<int> promise;
    AsCompleted<int> queue({ready(1), promise.future(), ready(2)});
    CHECK(queue.pending() == 3);
    auto iterator = queue.begin();
    CHECK(queue.pending() == 2);
    ++iterator;
    CHECK(iterator->result() == 2);
    CHECK(queue.pending() == 1);
}

TEST_CASE("the timeout covers the whole iteration", "[as_completed][F33]") {
    Promise<int> promise;
    AsCompleted<int> queue({promise.future(), ready(1)}, {.timeout = 20ms});
    const auto start = std::chrono::steady_clock::now();
    auto iterator = queue.begin();
    CHECK(iterator->result() == 1);
    try {
        ++iterator;
        FAIL("no TimeoutError");
    } catch (const concur::TimeoutError& error) {
        CHECK(error.after() == 20ms);
        CHECK(std::string(error.what()).find("1 futures") != std::string::npos);
    }
    CHECK(std::chrono::steady_clock::now() - start >= 20ms);
    CHECK(queue.pending() == 1);
    CHECK_THROWS_AS(queue.begin(), concur::TimeoutError);
    queue.add(ready(2));  // what is done needs no time
    CHECK(queue.begin()->result() == 2);
    promise.set_value(3);
    CHECK(values_of(queue) == std::vector{3});
    CHECK(queue.begin() == queue.end());
}

TEST_CASE("a time that is over before it begins lets out what is done", "[as_completed][F33]") {
    const Promise<int> promise;
    for (const concur::Duration time : {concur::Duration(0s), concur::Duration(-1s), -concur::never}) {
        AsCompleted<int> queue({promise.future(), ready(1)}, {.timeout = time});
        auto iterator = queue.begin();
        CHECK(iterator->result() == 1);
        CHECK_THROWS_AS(++iterator, concur::TimeoutError);
    }
    AsCompleted<int> endless({ready(1)}, {.timeout = concur::never});
    CHECK(values_of(endless) == std::vector{1});
}

TEST_CASE("the wait for the next future is a wait on the clock", "[as_completed][F33]") {
    JumpingClock clock;
    const Promise<int> promise;
    concur::detail::Completions completions({}, clock, 5s);
    CHECK(completions.next() == nullptr);
    completions.add(promise.future().release_state());
    const auto before = clock.now();
    CHECK_THROWS_AS(completions.next(), concur::TimeoutError);
    CHECK(clock.parks == 1);
    CHECK(clock.now() - before == 5s);
}

TEST_CASE("as_completed refuses an empty future", "[as_completed][F1][F33]") {
    CHECK_THROWS_AS(as_completed(std::vector{ready(1), Future<int>()}), concur::NoStateError);
    CHECK_THROWS_AS(as_completed(std::vector{Future<int>(), ready(1)}), concur::NoStateError);
    AsCompleted<int> queue;
    CHECK_THROWS_AS(queue.add(Future<int>()), concur::NoStateError);
}

TEST_CASE("as_completed that goes away keeps nothing alive and cancels nothing", "[as_completed][F33]") {
    concur::test::Tracks tracks;
    Promise<concur::test::Tracked> promise;
    const auto pending = promise.future();
    {
        AsCompleted<concur::test::Tracked> queue({pending, ready(concur::test::Tracked(tracks, 1))});
        CHECK(queue.begin()->result().value == 1);
        queue.add(ready(concur::test::Tracked(tracks, 2)));
        CHECK(tracks.alive() == 2);
    }
    CHECK(tracks.alive() == 0);
    CHECK_FALSE(pending.done());
    promise.set_value(concur::test::Tracked(tracks, 3));
    CHECK(pending.result().value == 3);
}

TEST_CASE("other threads add while one iterates", "[as_completed][F33]") {
    constexpr int threads = 3;
    constexpr int each = 2000;
    AsCompleted<int> queue;
    Promise<int> last;
    queue.add(last.future());  // keeps the iteration going until all threads have added
    std::atomic<int> adding{threads};
    std::vector<std::jthread> adders;
    for (int t = 0; t < threads; ++t)
        adders.emplace_back([&] {
            for (int i = 0; i < each; ++i) {
                Promise<int> promise;
                queue.add(promise.future());
                promise.set_value(1);
            }
            if (--adding == 0) last.set_value(0);
        });
    int sum = 0;
    for (const auto& future : queue) sum += future.result();
    CHECK(sum == threads * each);
}

TEST_CASE("as_completed goes away while its futures end", "[as_completed][F33][race]") {
    std::vector<Promise<int>> promises;
    std::vector<Future<int>> futures;
    std::optional<AsCompleted<int>> queue;
    concur::test::race(
        1000,
        [&](int) {
            promises = std::vector<Promise<int>>(4);
            futures = futures_of(promises);
            queue.emplace(futures);
        },
        [&](int) { futures.clear(); },
        [&](int) {
            for (auto& promise : promises) promise.set_value(1);
        },
        [&](int round) {
            auto iterator = queue->begin();
            for (int i = 0; i < round % 4; ++i) ++iterator;
            queue.reset();
        });
    CHECK(futures.empty());
}

TEST_CASE("each future comes once when several threads end them", "[as_completed][F33][race]") {
    std::vector<Promise<int>> promises;
    std::optional<AsCompleted<int>> queue;
    int wrong = 0;
    const auto half = [&](std::size_t first) {
        return [&promises, first](int) {
            for (std::size_t i = first; i < promises.size(); i += 2) promises[i].set_value(static_cast<int>(i));
        };
    };
    concur::test::race(
        500,
        [&](int) {
            promises = std::vector<Promise<int>>(32);
            queue.emplace(futures_of(promises));
        },
        [&](int) { wrong += queue->pending() == 0 ? 0 : 1; }, half(0), half(1),
        [&](int) {
            int sum = 0;
            for (const auto& future : *queue) sum += future.result();
            if (sum != 31 * 16) ++wrong;
        });
    CHECK(wrong == 0);
}

// ---- cost, F34

TEST_CASE("a million futures are handed out in linear time", "[as_completed][F34]") {
    constexpr int count = 1'000'000;
    std::vector<Promise<int>> promises(count);
    AsCompleted<int> queue(futures_of(promises));
    std::jthread completing([&] {
        for (int i = count - 1; i >= 0; --i) promises[static_cast<std::size_t>(i)].set_value(i);
    });
    int expected = count;
    int out_of_order = 0;
    for (const auto& future : queue)
        if (future.result() != --expected) ++out_of_order;
    CHECK(expected == 0);
    CHECK(out_of_order == 0);
}

TEST_CASE("a million pending futures are dropped in linear time, also if they are all the same",
          "[as_completed][F34]") {
    constexpr std::size_t count = 1'000'000;
    std::vector<Promise<int>> promises(count);
    CHECK(as_completed(futures_of(promises)).pending() == count);
    for (auto& promise : promises) promise.set_value(1);  // faster than a million broken promises
    const Promise<int> promise;
    CHECK(as_completed(std::vector(count, promise.future())).pending() == count);
}

TEST_CASE("a long iteration with few futures at a time keeps nothing of those before", "[as_completed][F34]") {
    concur::test::Tracks tracks;
    AsCompleted<concur::test::Tracked> queue({ready(concur::test::Tracked(tracks, 0))});
    int most = 0;
    for (auto& future : queue) {
        const int number = future.result().value;
        most = std::max(most, tracks.alive());
        if (number < 10'000) queue.add(ready(concur::test::Tracked(tracks, number + 1)));
    }
    CHECK(most == 1);
}

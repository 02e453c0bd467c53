#include <concur/asio.hpp>
#include <concur/concur.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "support/asio.hpp"
#include "support/catch.hpp"
#include "support/tracked.hpp"

namespace net = boost::asio;

using concur::async_gather;
using concur::async_gather_outcomes;
using concur::Future;
using concur::Outcome;
using concur::Promise;
using concur::test::failure_of;
using concur::test::is_aborted;
using concur::test::MoveOnly;
using concur::test::run;
using concur::test::RunningLoop;
using concur::test::Tracked;
using concur::test::Tracks;
using namespace std::chrono_literals;

namespace {

/// Who is under way, and how they ended.
struct Log {
    int begun = 0;
    int aborted = 0;
    int most_at_once = 0;
    int now = 0;
};

class UnderWay {
public:
    explicit UnderWay(Log& log) : log_{log} {
        ++log_.begun;
        log_.most_at_once = std::max(log_.most_at_once, ++log_.now);
    }
    ~UnderWay() { --log_.now; }
    UnderWay(const UnderWay&) = delete;
    UnderWay& operator=(const UnderWay&) = delete;

private:
    Log& log_;
};

net::awaitable<void> sleep_for(std::chrono::milliseconds time) {
    net::steady_timer timer(co_await net::this_coro::executor, time);
    co_await timer.async_wait(net::use_awaitable);
}

net::awaitable<int> after(Future<int> future, Log& log) {
    const UnderWay under_way(log);
    try {
        co_return co_await future.async_result();
    } catch (const boost::system::system_error&) {
        ++log.aborted;
        throw;
    }
}

net::awaitable<int> at_once(int value) { co_return value; }
net::awaitable<MoveOnly> odd(int value) { co_return MoveOnly(value); }
net::awaitable<void> nothing() { co_return; }
net::awaitable<int> fails() {
    throw std::out_of_range("no");
    co_return 0;
}

template <class T>
std::vector<net::awaitable<T>> list() {
    return {};
}

}  // namespace

TEST_CASE("async_gather gives the values in their order", "[asio][A10]") {
    run([]() -> net::awaitable<void> {
        auto all = list<int>();
        for (int i = 0; i < 5; ++i) all.push_back(at_once(i));
        auto gathered = async_gather(std::move(all));
        const std::vector<int> values = co_await std::move(gathered);
        CHECK(values == std::vector{0, 1, 2, 3, 4});

        auto mixed = async_gather(at_once(1), nothing(), odd(2));
        const auto [one, none, two] = co_await std::move(mixed);
        CHECK(one == 1);
        CHECK(std::is_same_v<decltype(none), const std::monostate>);
        CHECK(two.value() == 2);

        auto voids = list<void>();
        voids.push_back(nothing());
        auto ended = async_gather(std::move(voids));
        co_await std::move(ended);

        auto empty = async_gather(list<int>());
        const std::vector<int> no_values = co_await std::move(empty);
        CHECK(no_values.empty());
        auto empty_void = async_gather(list<void>());
        co_await std::move(empty_void);
        auto empty_outcomes = async_gather_outcomes(list<void>());
        const std::vector<Outcome<void>> no_outcomes = co_await std::move(empty_outcomes);
        CHECK(no_outcomes.empty());
    }());
}

TEST_CASE("gathered coroutines run together, on the executor of the one that awaits them", "[asio][A10]") {
    net::io_context io;
    std::vector<Promise<int>> promises(3);
    Log log;
    std::vector<int> values;
    auto strand = net::make_strand(io);
    net::co_spawn(
        strand,
        [&]() -> net::awaitable<void> {
            auto all = list<int>();
            for (auto& promise : promises) all.push_back(after(promise.future(), log));
            auto gathered = async_gather(std::move(all));
            values = co_await std::move(gathered);
            CHECK(strand.running_in_this_thread());
        },
        net::detached);
    io.poll();
    CHECK(log.most_at_once == 3);
    promises[2].set_value(2);
    promises[0].set_value(0);
    io.poll();
    CHECK(log.now == 1);
    CHECK(values.empty());
    promises[1].set_value(1);
    io.run();
    CHECK(values == std::vector{0, 1, 2});
}

TEST_CASE("the first failure cancels the others, waits for them, and is rethrown", "[asio][A10]") {
    net::io_context io;
    std::vector<Promise<int>> promises(4);
    Log log;
    std::exception_ptr error;
    bool all_ended = false;
    net::co_spawn(
        io,
        [&]() -> net::awaitable<void> {
            auto all = list<int>();
            for (auto& promise : promises) all.push_back(after(promise.future(), log));
            auto gathered = async_gather(std::move(all));
            try {
                static_cast<void>(co_await std::move(gathered));
            } catch (...) {
                all_ended = log.now == 0;
                error = std::current_exception();
            }
        },
        net::detached);
    io.poll();
    promises[0].set_value(1);
    promises[2].set_exception(std::out_of_range("first"));
    io.run();
    CHECK(all_ended);
    CHECK(log.aborted == 2);
    REQUIRE(error);
    CHECK_THROWS_AS(std::rethrow_exception(error), std::out_of_range);
}

TEST_CASE("a failure at once cancels the others at their first wait", "[asio][A10]") {
    Log log;
    Promise<int> never;
    CHECK_THROWS_AS(run([](Log& begun, Future<int> future) -> net::awaitable<void> {
                        auto gathered = async_gather(after(future, begun), fails(), after(future, begun));
                        static_cast<void>(co_await std::move(gathered));
                    }(log, never.future())),
                    std::out_of_range);
    CHECK(log.begun == 2);
    CHECK(log.aborted == 2);
}

TEST_CASE("async_gather_outcomes keeps each outcome in its place", "[asio][A10]") {
    run([]() -> net::awaitable<void> {
        auto several = async_gather_outcomes(fails(), at_once(2), nothing(), odd(3));
        auto [failed, two, none, three] = co_await std::move(several);
        CHECK_THROWS_AS(failed.value(), std::out_of_range);
        CHECK(two.value() == 2);
        CHECK(none.has_value());
        CHECK(three.value().value() == 3);

        auto all = list<int>();
        all.push_back(at_once(1));
        all.push_back(fails());
        all.push_back(at_once(3));
        auto gathered = async_gather_outcomes(std::move(all));
        const std::vector<Outcome<int>> outcomes = co_await std::move(gathered);
        CHECK(outcomes.size() == 3);
        CHECK(outcomes[0].value() == 1);
        CHECK(!outcomes[1]);
        CHECK(outcomes[2].value() == 3);
    }());
}

TEST_CASE("cancelling the whole reaches all", "[asio][A10]") {
    net::io_context io;
    Promise<int> promise;
    Log log;
    net::cancellation_signal signal;
    std::exception_ptr error;
    net::co_spawn(
        io,
        [&]() -> net::awaitable<void> {
            auto all = list<int>();
            for (int i = 0; i < 3; ++i) all.push_back(after(promise.future(), log));
            auto gathered = async_gather(std::move(all));
            static_cast<void>(co_await std::move(gathered));
        },
        net::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr thrown) { error = thrown; }));
    io.poll();
    signal.emit(net::cancellation_type::terminal);
    io.run();
    CHECK(log.aborted == 3);
    CHECK(log.now == 0);
    CHECK(is_aborted(error));
}

TEST_CASE("a future of a gathering coroutine is cancelled at every point", "[asio][A10]") {
    for (int point = 0; point < 12; ++point) {
        net::io_context io;
        Tracks tracks;
        auto future = concur::spawn(net::make_strand(io), [](Tracked) -> net::awaitable<int> {
            auto inner = async_gather(sleep_for(1ms), sleep_for(2ms));
            static_cast<void>(co_await std::move(inner));
            auto again = async_gather(at_once(1), at_once(2));
            const auto [one, two] = co_await std::move(again);
            co_await sleep_for(1ms);
            co_return one + two;
        }(Tracked(tracks, 1)));
        for (int i = 0; i < point; ++i) io.run_one();
        future.cancel();
        io.run();
        CHECK(tracks.alive() == 0);
        if (future.exception()) {
            CHECK(future.cancelled());
        } else {
            CHECK(future.result() == 3);
        }
    }
}

TEST_CASE("a loop that is destroyed takes gathered coroutines with it", "[asio][A7]") {
    Tracks tracks;
    Promise<int> promise;
    const auto body = [](Future<int> future, Tracked) -> net::awaitable<int> {
        co_return co_await future.async_result();
    };
    const auto whole = [&]() -> net::awaitable<void> {
        const Tracked own(tracks, 0);
        auto all = list<int>();
        for (int i = 0; i < 3; ++i) all.push_back(body(promise.future(), Tracked(tracks, i)));
        all.push_back([](Tracked) -> net::awaitable<int> {
            co_await sleep_for(std::chrono::hours(1));
            co_return 1;
        }(Tracked(tracks, 9)));
        auto gathered = async_gather(std::move(all));
        static_cast<void>(co_await std::move(gathered));
    };
    for (const bool on_strand : {false, true}) {
        {
            net::io_context io;
            net::cancellation_signal signal;  // goes first: its slot holds the strand, by Asio's own hand
            net::any_io_executor executor = io.get_executor();
            if (on_strand) executor = net::make_strand(io);
            net::co_spawn(executor, whole(), net::bind_cancellation_slot(signal.slot(), net::detached));
            io.poll();
            CHECK(tracks.alive() == 5);
        }
        CHECK(tracks.alive() == 0);
    }
    promise.set_value(1);
}

TEST_CASE("gathering on a strand of a loop with many threads", "[asio][A10]") {
    RunningLoop loop(3);
    std::vector<Future<long>> futures;
    for (int i = 0; i < 50; ++i)
        futures.push_back(concur::spawn(net::make_strand(loop.io()), []() -> net::awaitable<long> {
            long counter = 0;
            auto all = list<void>();
            for (int n = 0; n < 50; ++n)
                all.push_back([](long& count) -> net::awaitable<void> {
                    co_await net::post(co_await net::this_coro::executor, net::use_awaitable);
                    ++count;  // no lock
                }(counter));
            auto gathered = async_gather(std::move(all));
            co_await std::move(gathered);
            co_return counter;
        }()));
    for (const auto& future : futures) CHECK(future.result() == 50);
}

TEST_CASE("a hundred thousand coroutines are gathered", "[asio][A10][F34]") {
    run([]() -> net::awaitable<void> {
        auto all = list<int>();
        for (int i = 0; i < 100'000; ++i) all.push_back(at_once(1));
        auto gathered = async_gather(std::move(all));
        const std::vector<int> values = co_await std::move(gathered);
        CHECK(values == std::vector(100'000, 1));
    }());
}

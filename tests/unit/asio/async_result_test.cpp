#include <concur/asio.hpp>
#include <concur/concur.hpp>

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "support/asio.hpp"
#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/race.hpp"
#include "support/tracked.hpp"

namespace net = boost::asio;

using concur::cancel_call;
using concur::Future;
using concur::Outcome;
using concur::Promise;
using concur::test::eventually;
using concur::test::failure_of;
using concur::test::is_aborted;
using concur::test::MoveOnly;
using concur::test::run;
using concur::test::RunningLoop;
using concur::test::Tracked;
using concur::test::Tracks;
using namespace std::chrono_literals;

namespace {

/// What a callback has got, and how often.
struct Got {
    int times = 0;
    std::exception_ptr error;
    int value = 0;

    [[nodiscard]] auto callback() {
        return [this](std::exception_ptr failure, int result) {
            ++times;
            error = failure;
            value = result;
        };
    }
};

net::awaitable<int> twice(Future<int> future) {
    const int value = co_await future.async_result();
    co_return 2 * value;
}

}  // namespace

TEST_CASE("a coroutine awaits a future and goes on where it was", "[asio][A8][F8]") {
    RunningLoop loop;
    Promise<int> promise;
    std::promise<std::pair<int, bool>> seen;
    const auto coroutine = [&]() -> net::awaitable<void> {
        auto future = promise.future();
        const int value = co_await future.async_result();
        seen.set_value({value, loop.executor().running_in_this_thread()});
    };
    net::co_spawn(loop.executor(), coroutine, net::detached);
    std::thread([&] { promise.set_value(5); }).join();
    CHECK(seen.get_future().get() == std::pair(5, true));
}

TEST_CASE("a coroutine awaits what is done already, void, and what cannot be copied or made from nothing",
          "[asio][A8][F8]") {
    run([]() -> net::awaitable<void> {
        auto done = concur::ready(7);
        const int seven = co_await done.async_result();
        CHECK(seven == 7);
        auto nothing = concur::ready();
        co_await nothing.async_result();
        auto odd = concur::ready(MoveOnly(8));
        const MoveOnly taken = co_await odd.async_result(net::use_awaitable);
        CHECK(taken.value() == 8);
        bool refused = false;
        try {
            static_cast<void>(co_await odd.async_result());
        } catch (const concur::FutureTakenError&) {
            refused = true;
        }
        CHECK(refused);
        const int again = co_await done.async_result();
        CHECK(again == 7);
    }());
}

TEST_CASE("a coroutine gets the exception of the future", "[asio][F8]") {
    CHECK_THROWS_AS(run([]() -> net::awaitable<void> {
                        auto failed = concur::failed<int>(std::out_of_range("no"));
                        static_cast<void>(co_await failed.async_result());
                    }()),
                    std::out_of_range);
    Promise<int> promise;
    net::io_context io;
    std::exception_ptr error;
    net::co_spawn(io, twice(promise.future()), [&](std::exception_ptr thrown, int) { error = thrown; });
    io.poll();
    promise.set_exception(std::out_of_range("later"));
    io.run();
    REQUIRE(error);
    CHECK_THROWS_AS(std::rethrow_exception(error), std::out_of_range);
}

TEST_CASE("coroutines await when_all", "[asio][F32]") {
    std::vector<Promise<int>> promises(3);
    net::io_context io;
    std::vector<int> values;
    net::co_spawn(
        io,
        [&]() -> net::awaitable<void> {
            std::vector<Future<int>> futures;
            for (auto& promise : promises) futures.push_back(promise.future());
            auto all = concur::when_all(std::move(futures));
            values = co_await all.async_result();
        },
        net::detached);
    io.poll();
    for (int i = 0; i < 3; ++i) promises[static_cast<std::size_t>(i)].set_value(i);
    io.run();
    CHECK(values == std::vector{0, 1, 2});
}

TEST_CASE("an empty future cannot be awaited", "[asio][F1]") {
    CHECK_THROWS_AS(Future<int>().async_result(), concur::NoStateError);
    CHECK_THROWS_AS(Future<int>().async_result(net::detached), concur::NoStateError);
}

TEST_CASE("a callback runs on its executor, and never inside the initiation", "[asio][F8]") {
    net::io_context io;
    Got got;
    net::post(io, [&] {
        concur::ready(3).async_result(net::bind_executor(io, got.callback()));
        CHECK(got.times == 0);
    });
    io.run();
    CHECK(got.times == 1);
    CHECK(got.value == 3);
    CHECK(!got.error);

    std::optional<std::exception_ptr> end;
    concur::failed<void>(std::out_of_range("no")).async_result(net::bind_executor(io, [&](std::exception_ptr error) {
        end = error;
    }));
    io.restart();
    io.run();
    REQUIRE(end);
    CHECK_THROWS_AS(std::rethrow_exception(*end), std::out_of_range);
}

TEST_CASE("the loop is kept busy while a handler waits", "[asio][F8]") {
    net::io_context io;
    Promise<int> promise;
    Got got;
    promise.future().async_result(net::bind_executor(io, got.callback()));
    std::atomic<bool> ended{false};
    std::thread runner([&] {
        io.run();
        ended = true;
    });
    std::promise<void> turn;
    net::post(io, [&] { turn.set_value(); });
    turn.get_future().wait();
    CHECK(!ended);
    promise.set_value(1);
    runner.join();
    CHECK(got.value == 1);
}

TEST_CASE("async_result takes any completion token", "[asio][F8]") {
    RunningLoop loop;
    auto future = concur::ready(4);
    CHECK(future.async_result(net::use_future).get() == 4);
    CHECK(future.async_result(net::bind_executor(loop.executor(), net::use_future)).get() == 4);
    std::promise<int> deferred;
    auto operation = future.async_result(net::deferred);
    std::move(operation)(
        net::bind_executor(loop.executor(), [&](std::exception_ptr, int value) { deferred.set_value(value); }));
    CHECK(deferred.get_future().get() == 4);
    run([](Future<int> four) -> net::awaitable<void> {
        auto waiting = four.async_result(net::as_tuple(net::use_awaitable));
        const auto [error, value] = co_await std::move(waiting);
        CHECK(!error);
        CHECK(value == 4);
    }(future));
    CHECK_THROWS_AS(concur::failed<int>(std::out_of_range("no")).async_result(net::use_future).get(),
                    std::out_of_range);
}

TEST_CASE("where there is no T beside an exception, the handler gets an outcome", "[asio][F8]") {
    net::io_context io;
    std::optional<Outcome<MoveOnly>> good;
    std::optional<Outcome<MoveOnly>> bad;
    auto value = concur::ready(MoveOnly(9));
    const auto into = [&io](std::optional<Outcome<MoveOnly>>& place) {
        return net::bind_executor(io, [&place](Outcome<MoveOnly> outcome) { place.emplace(std::move(outcome)); });
    };
    value.async_result(into(good));
    io.run();
    REQUIRE(good);
    CHECK(good->value().value() == 9);
    value.async_result(into(bad));  // taken
    io.restart();
    io.run();
    REQUIRE(bad);
    CHECK_THROWS_AS(bad->value(), concur::FutureTakenError);
}

TEST_CASE("a cancelled wait leaves the call alone", "[asio][F8]") {
    net::io_context io;
    Promise<int> promise;
    const auto future = promise.future();
    net::cancellation_signal signal;
    Got got;
    future.async_result(net::bind_executor(io, net::bind_cancellation_slot(signal.slot(), got.callback())));
    signal.emit(net::cancellation_type::terminal);
    CHECK(got.times == 0);
    io.run();
    CHECK(got.times == 1);
    CHECK(is_aborted(got.error));
    CHECK(!future.done());
    signal.emit(net::cancellation_type::terminal);  // over
    promise.set_value(1);
    io.restart();
    io.run();
    CHECK(got.times == 1);
    CHECK(future.result() == 1);
}

TEST_CASE("a wait with cancel_call cancels the call, too", "[asio][F8]") {
    net::io_context io;
    Promise<int> promise;
    const auto future = promise.future();
    net::cancellation_signal signal;
    Got got;
    future.async_result(cancel_call,
                        net::bind_executor(io, net::bind_cancellation_slot(signal.slot(), got.callback())));
    signal.emit(net::cancellation_type::total);
    io.run();
    CHECK(got.times == 1);
    CHECK(is_aborted(got.error));
    CHECK(future.cancelled());

    Promise<int> other;
    std::exception_ptr error;
    net::co_spawn(
        io,
        [&]() -> net::awaitable<void> {
            auto awaited = other.future();
            static_cast<void>(co_await awaited.async_result(cancel_call));
        },
        net::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr thrown) { error = thrown; }));
    io.restart();
    io.poll();
    signal.emit(net::cancellation_type::terminal);
    io.run();
    CHECK(is_aborted(error));
    CHECK(other.future().cancelled());
}

TEST_CASE("a cancel after the end changes nothing", "[asio][F8]") {
    net::io_context io;
    Promise<int> promise;
    net::cancellation_signal signal;
    Got got;
    promise.future().async_result(cancel_call,
                                  net::bind_executor(io, net::bind_cancellation_slot(signal.slot(), got.callback())));
    promise.set_value(6);
    signal.emit(net::cancellation_type::terminal);  // done, and posted, but not yet delivered
    io.run();
    CHECK(got.times == 1);
    CHECK(!got.error);
    CHECK(got.value == 6);
}

TEST_CASE("a loop that is destroyed takes the waiting handlers with it", "[asio][A7]") {
    Tracks tracks;
    Promise<int> promise;
    int calls = 0;
    net::cancellation_signal signal;  // outlives the loop, and refers to a wait
    SECTION("while they wait") {
        {
            net::io_context io;
            promise.future().async_result(net::bind_executor(
                io, net::bind_cancellation_slot(
                        signal.slot(), [&calls, held = Tracked(tracks, 1)](std::exception_ptr, int) { ++calls; })));
            promise.future().async_result(net::bind_executor(
                net::make_strand(io), [&calls, held = Tracked(tracks, 1)](std::exception_ptr, int) { ++calls; }));
            net::co_spawn(
                io,
                [](Future<int> future, Tracked) -> net::awaitable<void> {
                    static_cast<void>(co_await future.async_result());
                }(promise.future(), Tracked(tracks, 2)),
                net::detached);
            io.poll();
            CHECK(tracks.alive() == 3);
        }
        CHECK(tracks.alive() == 0);
        promise.set_value(1);
        signal.emit(net::cancellation_type::terminal);
    }
    SECTION("when they were posted") {
        {
            net::io_context io;
            promise.future().async_result(net::bind_executor(
                io, net::bind_cancellation_slot(
                        signal.slot(), [&calls, held = Tracked(tracks, 1)](std::exception_ptr, int) { ++calls; })));
            net::co_spawn(
                io,
                [](Future<int> future, Tracked) -> net::awaitable<void> {
                    static_cast<void>(co_await future.async_result());
                }(promise.future(), Tracked(tracks, 2)),
                net::detached);
            io.poll();
            promise.set_value(1);
            CHECK(tracks.alive() == 2);
        }
        CHECK(tracks.alive() == 0);
        signal.emit(net::cancellation_type::terminal);
    }
    CHECK(calls == 0);
    CHECK(promise.future().done());
}

TEST_CASE("a loop that waits for another one's end takes part in it", "[asio][A7]") {
    // The handler of one wait holds the promise that another wait of the same loop is for.
    Tracks tracks;
    {
        net::io_context io;
        Promise<int> outer;
        auto inner = std::make_unique<Promise<int>>();
        auto second = inner->future();
        second.async_result(net::bind_executor(io, [held = Tracked(tracks, 1)](std::exception_ptr, int) {}));
        outer.future().async_result(
            net::bind_executor(io, [kept = std::move(inner), held = Tracked(tracks, 2)](std::exception_ptr, int) {}));
        CHECK(tracks.alive() == 2);
    }
    CHECK(tracks.alive() == 0);
}

TEST_CASE("completion and cancel race, and the handler runs once", "[asio][F8]") {
    RunningLoop loop;
    constexpr int rounds = 500;
    std::optional<Promise<int>> promise;
    std::optional<std::promise<bool>> ended;
    std::optional<net::cancellation_signal> signal;
    std::atomic<int> calls{0};
    concur::test::race(
        rounds,
        [&](int) {
            promise.emplace();
            ended.emplace();
            signal.emplace();
            promise->future().async_result(net::bind_executor(
                loop.executor(), net::bind_cancellation_slot(signal->slot(), [&](std::exception_ptr error, int value) {
                    ++calls;
                    ended->set_value(is_aborted(error) || value == 1);
                })));
        },
        [&](int round) {
            CHECK(ended->get_future().get());
            std::promise<void> turn;
            net::post(loop.io(), [&] { turn.set_value(); });
            turn.get_future().wait();
            CHECK(calls == round + 1);
        },
        [&](int) { promise->set_value(1); },
        [&](int) {
            std::promise<void> emitted;
            net::post(loop.io(), [&] {
                signal->emit(net::cancellation_type::terminal);
                emitted.set_value();
            });
            emitted.get_future().wait();
        });
}

TEST_CASE("completion and the end of the loop race, and nothing is left", "[asio][A7]") {
    Tracks tracks;
    std::optional<Promise<int>> promise;
    std::optional<net::io_context> io;
    std::optional<net::cancellation_signal> signal;
    concur::test::race(
        500,
        [&](int) {
            promise.emplace();
            io.emplace();
            signal.emplace();
            promise->future().async_result(net::bind_executor(
                *io,
                net::bind_cancellation_slot(signal->slot(), [held = Tracked(tracks, 1)](std::exception_ptr, int) {})));
            net::co_spawn(
                net::make_strand(*io),
                [](Future<int> future, Tracked) -> net::awaitable<void> {
                    static_cast<void>(co_await future.async_result());
                }(promise->future(), Tracked(tracks, 2)),
                net::detached);
            io->poll();
        },
        [&](int) {
            signal.reset();
            CHECK(tracks.alive() == 0);
            CHECK(promise->future().done());
        },
        [&](int) { promise->set_value(1); }, [&](int) { io.reset(); });
}

TEST_CASE("many threads run the loop and many complete", "[asio][A8]") {
    constexpr int count = 4000;
    std::vector<Promise<int>> promises(count);
    std::atomic<long> sum{0};
    {
        RunningLoop loop(3);
        for (auto& promise : promises)
            net::co_spawn(loop.executor(), twice(promise.future()), [&](std::exception_ptr error, int value) {
                if (!error) sum += value;
            });
        std::vector<std::thread> threads;
        for (int part = 0; part < 2; ++part)
            threads.emplace_back([&, part] {
                for (int i = part; i < count; i += 2) promises[static_cast<std::size_t>(i)].set_value(i);
            });
        for (std::thread& thread : threads) thread.join();
    }
    CHECK(sum == static_cast<long>(count) * (count - 1));
}

TEST_CASE("a hundred thousand coroutines await futures", "[asio][A5]") {
    constexpr int count = 100'000;
    net::io_context io;
    Promise<int> promise;
    long sum = 0;
    for (int i = 0; i < count; ++i)
        net::co_spawn(io, twice(promise.future()), [&](std::exception_ptr, int value) { sum += value; });
    io.poll();
    CHECK(sum == 0);
    promise.set_value(1);
    io.run();
    CHECK(sum == 2L * count);
}

TEST_CASE("one coroutine awaits a hundred thousand futures one after the other", "[asio][F34]") {
    constexpr int count = 100'000;
    net::io_context io;
    long sum = 0;
    net::co_spawn(
        io,
        [&]() -> net::awaitable<void> {
            for (int i = 0; i < count; ++i) {
                auto future = concur::ready(1);
                sum += co_await future.async_result();
            }
        },
        net::detached);
    io.run();
    CHECK(sum == count);
}

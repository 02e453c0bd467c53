#include <concur/asio.hpp>
#include <concur/concur.hpp>

#include <atomic>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "support/asio.hpp"
#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/race.hpp"
#include "support/tracked.hpp"

namespace net = boost::asio;

using concur::Future;
using concur::Promise;
using concur::spawn;
using concur::StopReason;
using concur::test::eventually;
using concur::test::is_aborted;
using concur::test::MoveOnly;
using concur::test::RunningLoop;
using concur::test::Tracked;
using concur::test::Tracks;
using namespace std::chrono_literals;

namespace {

template <class T>
net::awaitable<T> value_of(T value) {
    co_return std::move(value);
}

net::awaitable<int> sleep_long() {
    net::steady_timer timer(co_await net::this_coro::executor, 1h);
    co_await timer.async_wait(net::use_awaitable);
    co_return 1;
}

std::exception_ptr nested_in(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::nested_exception& outer) {
        return outer.nested_ptr();
    } catch (...) {
        return nullptr;
    }
}

}  // namespace

TEST_CASE("spawn gives a future of what the coroutine returns", "[asio][A10]") {
    net::io_context io;
    auto number = spawn(io.get_executor(), value_of(3));
    auto odd = spawn(io.get_executor(), value_of(MoveOnly(4)));
    auto nothing = spawn(io.get_executor(), []() -> net::awaitable<void> { co_return; }());
    auto text = spawn(io.get_executor(), value_of(std::string("text")));
    CHECK(!number.done());
    CHECK(number.running());
    io.run();
    CHECK(number.result() == 3);
    CHECK(std::move(odd).result().value() == 4);
    CHECK_NOTHROW(nothing.result());
    CHECK(text.result() == "text");
    CHECK(number.stop_reason() == StopReason::none);
}

TEST_CASE("a future that a spawned coroutine returns is flattened", "[asio][A10]") {
    net::io_context io;
    Promise<int> promise;
    Future<int> flat = spawn(io.get_executor(), value_of(promise.future()));
    Future<int> empty = spawn(io.get_executor(), value_of(Future<int>()));
    Promise<int> other;
    Future<int> cancelled = spawn(io.get_executor(), value_of(other.future()));
    io.run();
    CHECK(!flat.done());
    promise.set_value(6);
    CHECK(flat.result() == 6);
    CHECK_THROWS_AS(empty.result(), concur::NoStateError);
    CHECK(cancelled.cancel());
    CHECK(other.future().cancelled());
    CHECK(cancelled.cancelled());
}

TEST_CASE("a spawned coroutine that throws fails its future", "[asio][A10]") {
    net::io_context io;
    auto failed = spawn(io.get_executor(), []() -> net::awaitable<int> {
        throw std::out_of_range("no");
        co_return 1;
    }());
    io.run();
    CHECK_THROWS_AS(failed.result(), std::out_of_range);
    CHECK(failed.stop_reason() == StopReason::retries_exhausted);
}

TEST_CASE("cancelling the future cancels what the coroutine waits for", "[asio][A4]") {
    net::io_context io;
    auto future = spawn(io.get_executor(), sleep_long());
    io.poll();
    CHECK(!future.cancel());
    CHECK(!future.done());
    io.run();
    CHECK(future.cancelled());
    CHECK(future.stop_reason() == StopReason::cancelled);
    CHECK(is_aborted(nested_in(future.exception())));
    CHECK(!future.cancel());
}

TEST_CASE("a coroutine that was cancelled before it began never runs", "[asio][A4]") {
    net::io_context io;
    bool ran = false;
    auto future = spawn(io.get_executor(), [](bool& began) -> net::awaitable<void> {
        began = true;
        co_return;
    }(ran));
    future.cancel();
    io.run();
    // The cancel follows the start into the loop: a coroutine that waits for nothing is through by then.
    CHECK(future.done());
    CHECK(ran == !future.cancelled());
}

TEST_CASE("a coroutine may finish all the same, and end as it likes", "[asio][A4]") {
    net::io_context io;
    auto stubborn = spawn(io.get_executor(), []() -> net::awaitable<int> {
        co_await net::this_coro::throw_if_cancelled(false);
        try {
            static_cast<void>(co_await sleep_long());
        } catch (const boost::system::system_error&) {
        }
        co_return 5;
    }());
    auto other_error = spawn(io.get_executor(), []() -> net::awaitable<int> {
        try {
            static_cast<void>(co_await sleep_long());
        } catch (const boost::system::system_error&) {
            throw std::out_of_range("own");
        }
        co_return 5;
    }());
    // Nobody has asked for this one to end.
    auto own = spawn(io.get_executor(), []() -> net::awaitable<int> {
        throw boost::system::system_error(net::error::operation_aborted);
        co_return 5;
    }());
    io.poll();
    stubborn.cancel();
    other_error.cancel();
    io.run();
    CHECK(stubborn.result() == 5);
    CHECK_THROWS_AS(other_error.result(), std::out_of_range);
    CHECK_THROWS_AS(own.result(), boost::system::system_error);
}

TEST_CASE("a coroutine that takes partial cancellation only is reached, too", "[asio][A4]") {
    net::io_context io;
    auto future = spawn(io.get_executor(), []() -> net::awaitable<int> {
        co_await net::this_coro::reset_cancellation_state(net::cancellation_filter<net::cancellation_type::partial>());
        co_return co_await sleep_long();
    }());
    io.poll();
    future.cancel();
    io.run();
    CHECK(future.cancelled());
}

TEST_CASE("a cancel reaches a coroutine at its next wait if it has none now", "[asio][A4]") {
    net::io_context io;
    int steps = 0;
    std::optional<Future<int>> future;
    future = spawn(io.get_executor(), [](std::optional<Future<int>>& self, int& done) -> net::awaitable<int> {
        auto executor = co_await net::this_coro::executor;
        co_await net::post(executor, net::use_awaitable);
        ++done;
        self->cancel();
        co_await net::post(executor, net::use_awaitable);  // the cancel comes during this one
        ++done;
        co_return co_await sleep_long();
    }(future, steps));
    io.run();
    CHECK(steps == 2);
    CHECK(future->cancelled());
}

TEST_CASE("a loop that is destroyed ends its coroutines with WorkerStoppedError", "[asio][A7]") {
    Tracks tracks;
    Future<int> sleeping;
    Future<int> never_begun;
    Future<int> on_strand;
    const auto body = [](Tracked) -> net::awaitable<int> { co_return co_await sleep_long(); };
    {
        net::io_context io;
        sleeping = spawn(io.get_executor(), body(Tracked(tracks, 1)));
        on_strand = spawn(net::make_strand(io), body(Tracked(tracks, 1)));
        io.poll();
        never_begun = spawn(io.get_executor(), body(Tracked(tracks, 1)));
        CHECK(tracks.alive() == 3);
    }
    CHECK(tracks.alive() == 0);
    for (const auto& future : {sleeping, never_begun, on_strand}) {
        CHECK_THROWS_AS(future.result(), concur::WorkerStoppedError);
        CHECK(future.stop_reason() == StopReason::worker_stopped);
        CHECK(!future.cancel());
    }
}

TEST_CASE("cancel and the end of the loop race", "[asio][A7]") {
    std::optional<net::io_context> io;
    Future<int> plain;
    Future<int> on_strand;
    concur::test::race(
        500,
        [&](int) {
            io.emplace();
            plain = spawn(io->get_executor(), sleep_long());
            on_strand = spawn(net::make_strand(*io), sleep_long());
            io->poll();
        },
        [&](int) {
            CHECK_THROWS_AS(plain.result(), concur::Error);
            CHECK_THROWS_AS(on_strand.result(), concur::Error);
        },
        [&](int) {
            plain.cancel();
            on_strand.cancel();
        },
        [&](int) { io.reset(); });
}

TEST_CASE("cancel and the end of the coroutine race", "[asio][A4]") {
    RunningLoop loop;
    Promise<int> promise;
    Future<int> future;
    concur::test::race(
        500,
        [&](int) {
            promise = Promise<int>();
            future = spawn(net::make_strand(loop.io()), [](Future<int> awaited) -> net::awaitable<int> {
                co_return co_await awaited.async_result();
            }(promise.future()));
        },
        [&](int) {
            const bool ended = future.exception() == nullptr || future.cancelled();
            CHECK(ended);
        },
        [&](int) { future.cancel(); }, [&](int) { promise.set_value(1); });
}

TEST_CASE("the coroutine's objects are gone when its future is done", "[asio][A10]") {
    Tracks tracks;
    RunningLoop loop;
    auto future = spawn(loop.executor(), [](Tracked) -> net::awaitable<void> { co_return; }(Tracked(tracks, 1)));
    future.wait();
    CHECK(tracks.alive() == 0);
}

TEST_CASE("a hundred thousand spawned coroutines", "[asio][A5]") {
    constexpr int count = 100'000;
    net::io_context io;
    std::vector<Future<int>> futures;
    futures.reserve(count);
    for (int i = 0; i < count; ++i) futures.push_back(spawn(io.get_executor(), value_of(1)));
    io.run();
    long sum = 0;
    for (const auto& future : futures) sum += future.result();
    CHECK(sum == count);
}

#include <concur/asio.hpp>
#include <concur/concur.hpp>
#include <concur/testing.hpp>

#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/asio.hpp"
#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/tracked.hpp"

namespace net = boost::asio;

using concur::async_retry;
using concur::Attempt;
using concur::Future;
using concur::RetryPolicy;
using concur::StopReason;
using concur::test::eventually;
using concur::test::is_aborted;
using concur::test::MoveOnly;
using concur::test::run;
using concur::test::RunningLoop;
using namespace std::chrono_literals;

namespace {

const auto at_once = RetryPolicy().num_retries(3).retry_wait(0s);

net::awaitable<void> sleep_for(std::chrono::nanoseconds time) {
    net::steady_timer timer(co_await net::this_coro::executor, time);
    co_await timer.async_wait(net::use_awaitable);
}

/// Fails so many times.
struct Flaky {
    int failures = 0;
    int calls = 0;

    net::awaitable<int> coroutine() {
        co_await sleep_for(0ns);
        co_return plain();
    }
    int plain() {
        if (++calls <= failures) throw std::out_of_range("failure " + std::to_string(calls));
        return calls;
    }
};

}  // namespace

TEST_CASE("async_retry tries again until it succeeds", "[asio][R20]") {
    run([]() -> net::awaitable<void> {
        Flaky flaky{.failures = 2};
        StopReason reason = StopReason::budget;
        const auto coroutine = [&flaky] { return flaky.coroutine(); };
        auto awaited = async_retry(at_once, coroutine, {.stop_reason = &reason});
        const int value = co_await std::move(awaited);
        CHECK(value == 3);
        CHECK(reason == StopReason::none);

        Flaky second{.failures = 3};
        const auto plain = [&second](const Attempt& attempt) {
            CHECK(attempt.number == second.calls + 1);
            return second.plain();
        };
        auto called = async_retry(at_once, plain);
        const int last = co_await std::move(called);
        CHECK(last == 4);

        auto nothing = async_retry(at_once, [] { return sleep_for(0ns); });
        co_await std::move(nothing);
        auto odd = async_retry(at_once, []() -> net::awaitable<MoveOnly> { co_return MoveOnly(5); });
        const MoveOnly five = co_await std::move(odd);
        CHECK(five.value() == 5);
    }());
}

TEST_CASE("async_retry ends in what retry would end in", "[asio][R20][R9]") {
    const auto end_of = [](const RetryPolicy& policy, int failures) {
        Flaky here{.failures = failures};
        Flaky there{.failures = failures};
        StopReason reason_here{};
        StopReason reason_there{};
        std::string text_here = "value";
        std::string text_there = "value";
        try {
            static_cast<void>(concur::retry(policy, [&] { return here.plain(); }, {.stop_reason = &reason_here}));
        } catch (const std::exception& error) {
            text_here = error.what();
        }
        try {
            run([](const RetryPolicy& same, Flaky& flaky, StopReason& reason) -> net::awaitable<void> {
                const auto coroutine = [&flaky] { return flaky.coroutine(); };
                auto awaited = async_retry(same, coroutine, {.stop_reason = &reason});
                static_cast<void>(co_await std::move(awaited));
            }(policy, there, reason_there));
        } catch (const std::exception& error) {
            text_there = error.what();
        }
        CHECK(text_here == text_there);
        CHECK(reason_here == reason_there);
        CHECK(here.calls == there.calls);
        return reason_there;
    };
    CHECK(end_of(at_once, 1) == StopReason::none);
    CHECK(end_of(at_once, 9) == StopReason::retries_exhausted);
    CHECK(end_of(at_once.retry_on<std::domain_error>(), 9) == StopReason::not_retryable);
    CHECK(end_of(at_once.retry_until([](const int& value) { return value > 3; }), 0) == StopReason::none);
    CHECK(end_of(at_once.retry_until([](const int& value) { return value > 9; }, "small"), 0) ==
          StopReason::retries_exhausted);
    CHECK(end_of(at_once.retry_wait(1h).call_timeout(1s), 1) == StopReason::deadline);
    CHECK(end_of(at_once.retry_after([](const std::out_of_range&) { return std::optional(concur::never); }), 1) ==
          StopReason::server_hint);
}

TEST_CASE("async_retry keeps what validators rejected", "[asio][R10][R20]") {
    const auto policy = at_once.retry_until([](const int&) { return false; }, "never good");
    try {
        run([](const RetryPolicy& same) -> net::awaitable<void> {
            auto awaited = async_retry(same, [](const Attempt& attempt) { return attempt.number; });
            static_cast<void>(co_await std::move(awaited));
        }(policy));
        FAIL("it returned");
    } catch (const concur::RetryValidationError& error) {
        CHECK(error.all_results<int>() == std::vector{1, 2, 3, 4});
    }
}

TEST_CASE("async_retry refuses a policy that is not allowed when it is awaited", "[asio][R1]") {
    CHECK_THROWS_AS(run([]() -> net::awaitable<void> {
                        auto awaited = async_retry(RetryPolicy().num_retries(-1), [] { return 1; });
                        static_cast<void>(co_await std::move(awaited));
                    }()),
                    concur::ConfigError);
}

TEST_CASE("async_retry waits on a manual clock", "[asio][R20]") {
    concur::testing::ManualClock clock;
    RunningLoop loop;
    Flaky flaky{.failures = 2};
    const auto policy = RetryPolicy().num_retries(2).retry_wait(1h).retry_algorithm("constant").retry_jitter(0);
    auto future = concur::spawn(
        loop.executor(),
        [](const RetryPolicy& same, Flaky& tried, concur::testing::ManualClock& time) -> net::awaitable<int> {
            const auto coroutine = [&tried] { return tried.coroutine(); };
            auto awaited = async_retry(same, coroutine, {.clock = time});
            co_return co_await std::move(awaited);
        }(policy, flaky, clock));
    // The loop is no worker of the clock: it may need real time until its timer is set.
    CHECK(eventually([&] { return clock.advance_to_next(); }));
    CHECK(clock.elapsed() == 1h);
    CHECK(eventually([&] { return clock.advance_to_next(); }));
    CHECK(future.result() == 3);
    CHECK(clock.elapsed() == 2h);
}

TEST_CASE("an attempt that takes too long is cancelled, and counts as failed", "[asio][R13][R20]") {
    int calls = 0;
    int aborted = 0;
    const auto slow_first = [&]() -> net::awaitable<int> {
        if (++calls > 2) co_return calls;
        try {
            co_await sleep_for(1h);
        } catch (const boost::system::system_error&) {
            ++aborted;
            throw;
        }
        co_return 0;
    };
    run([](auto& f) -> net::awaitable<void> {
        auto awaited = async_retry(at_once.attempt_timeout(20ms), f);
        const int value = co_await std::move(awaited);
        CHECK(value == 3);
    }(slow_first));
    CHECK(aborted == 2);

    StopReason reason{};
    const auto always_slow = []() -> net::awaitable<void> { co_await sleep_for(1h); };
    try {
        run([](auto& f, StopReason& why) -> net::awaitable<void> {
            auto awaited = async_retry(at_once.num_retries(1).attempt_timeout(10ms), f, {.stop_reason = &why});
            co_await std::move(awaited);
        }(always_slow, reason));
        FAIL("it returned");
    } catch (const concur::TimeoutError& error) {
        CHECK(error.after() == 10ms);
        CHECK_THROWS_AS(std::rethrow_if_nested(error), boost::system::system_error);
    }
    CHECK(reason == StopReason::retries_exhausted);
}

TEST_CASE("call_timeout cancels the attempt that is under way", "[asio][R13][R20]") {
    StopReason reason{};
    const auto slow = []() -> net::awaitable<void> { co_await sleep_for(1h); };
    CHECK_THROWS_AS(run([](auto& f, StopReason& why) -> net::awaitable<void> {
                        auto awaited = async_retry(at_once.call_timeout(20ms), f, {.stop_reason = &why});
                        co_await std::move(awaited);
                    }(slow, reason)),
                    concur::TimeoutError);
    CHECK(reason == StopReason::deadline);
}

TEST_CASE("a cancelled coroutine makes no further attempt", "[asio][A4][R20]") {
    net::io_context io;
    int calls = 0;
    StopReason reason{};
    const auto body = [&](RetryPolicy policy, bool waits) -> net::awaitable<void> {
        const auto once = [&calls, waits]() -> net::awaitable<void> {
            ++calls;
            if (!waits) throw std::out_of_range("no");
            co_await sleep_for(1h);
        };
        auto awaited = async_retry(policy, once, {.stop_reason = &reason});
        co_await std::move(awaited);
    };
    const auto end_of = [&](const RetryPolicy& policy, bool waits) {
        calls = 0;
        auto future = concur::spawn(io.get_executor(), body(policy, waits));
        io.restart();
        io.poll();
        CHECK(calls == 1);
        future.cancel();
        io.run();
        CHECK(calls == 1);
        CHECK(reason == StopReason::cancelled);
        return future.cancelled();
    };
    CHECK(end_of(at_once, true));                                  // in an attempt
    CHECK(end_of(at_once.attempt_timeout(1h), true));              // in one with an end
    CHECK(end_of(at_once.retry_wait(1h).retry_jitter(0), false));  // between two
}

TEST_CASE("a retrying coroutine is cancelled at every point", "[asio][A4][R20]") {
    for (int point = 0; point < 30; ++point) {
        net::io_context io;
        Flaky flaky{.failures = 3};
        auto future = concur::spawn(io.get_executor(), [](Flaky& tried) -> net::awaitable<int> {
            const auto coroutine = [&tried] { return tried.coroutine(); };
            auto awaited = async_retry(at_once.attempt_timeout(1h), coroutine);
            co_return co_await std::move(awaited);
        }(flaky));
        for (int i = 0; i < point; ++i) io.run_one();
        future.cancel();
        io.run();
        REQUIRE(future.done());
        if (!future.exception()) {
            CHECK(future.result() == 4);
        } else if (!future.cancelled()) {
            CHECK_THROWS_AS(future.result(), std::out_of_range);  // the attempt's own
        }
    }
}

TEST_CASE("a loop that is destroyed ends a coroutine that retries", "[asio][A7]") {
    concur::testing::ManualClock clock;
    Future<int> in_attempt;
    Future<int> in_wait;
    {
        net::io_context io;
        in_attempt = concur::spawn(io.get_executor(), []() -> net::awaitable<int> {
            auto awaited = async_retry(at_once.attempt_timeout(1h), [] { return sleep_for(1h); });
            co_await std::move(awaited);
            co_return 1;
        }());
        in_wait = concur::spawn(io.get_executor(), [](concur::testing::ManualClock& time) -> net::awaitable<int> {
            const auto fails = []() -> int { throw std::out_of_range("no"); };
            auto awaited = async_retry(at_once.retry_wait(1h).retry_jitter(0), fails, {.clock = time});
            co_return co_await std::move(awaited);
        }(clock));
        io.poll();
    }
    CHECK_THROWS_AS(in_attempt.result(), concur::WorkerStoppedError);
    CHECK_THROWS_AS(in_wait.result(), concur::WorkerStoppedError);
    CHECK(!clock.advance_to_next());
}

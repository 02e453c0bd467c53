// g++ 12 destroys some temporaries of a co_await expression twice. What the documentation writes must not be among
// them: every argument and result here counts its objects, and one that is destroyed twice makes the count negative.
#include <concur/asio.hpp>
#include <concur/concur.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "support/asio.hpp"
#include "support/catch.hpp"
#include "support/tracked.hpp"

namespace net = boost::asio;

using concur::Future;
using concur::RetryPolicy;
using concur::test::run;
using concur::test::Tracked;
using concur::test::Tracks;
using namespace std::chrono_literals;

namespace {

/// What a worker's method is here: an argument in, a result out.
class Job {
public:
    explicit Job(Tracks& tracks) : tracks_{&tracks} {}
    Tracked work(Tracked argument, const std::string& text) {
        return Tracked(*tracks_, argument.value + static_cast<int>(text.size()));
    }

private:
    Tracks* tracks_;
};

net::awaitable<Tracked> work(Tracked argument) {
    co_await net::post(co_await net::this_coro::executor, net::use_awaitable);
    co_return Tracked(argument);
}

/// Runs it, and sees that each object was destroyed once.
template <class Coroutine>
void check(Coroutine coroutine) {
    Tracks tracks;
    run(coroutine(tracks));
    CHECK(tracks.made > 0);
    CHECK(tracks.alive() == 0);
}

}  // namespace

TEST_CASE("first the call, then the await", "[asio][A9]") {
    check([](Tracks& tracks) -> net::awaitable<void> {
        auto worker = concur::Worker<Job>::options().init(std::ref(tracks));
        auto call = worker.call<&Job::work>(Tracked(tracks, 1), std::string("a text that is long enough to allocate"));
        const Tracked result = co_await call.async_result();
        CHECK(result.value == 39);
        CHECK(tracks.alive() == 2);  // the future's and the copy
    });
}

TEST_CASE("a result that is moved out of the last handle", "[asio][A9]") {
    check([](Tracks& tracks) -> net::awaitable<void> {
        auto waiting = concur::ready(Tracked(tracks, 2)).async_result();
        const Tracked result = co_await std::move(waiting);
        CHECK(result.value == 2);
        CHECK(tracks.copies == 0);
        CHECK(tracks.alive() == 1);
    });
}

TEST_CASE("an await with a token, and with cancel_call", "[asio][A9]") {
    check([](Tracks& tracks) -> net::awaitable<void> {
        auto future = concur::spawn(co_await net::this_coro::executor, work(Tracked(tracks, 3)));
        const Tracked one = co_await future.async_result(net::use_awaitable);
        const Tracked two = co_await future.async_result(concur::cancel_call);
        CHECK(one.value + two.value == 6);
        CHECK(tracks.alive() == 3);
    });
}

TEST_CASE("awaits in arguments and conditions", "[asio][A9]") {
    check([](Tracks& tracks) -> net::awaitable<void> {
        auto future = concur::ready(Tracked(tracks, 4));
        if ((co_await future.async_result()).value != 4) FAIL("another value");
        const Tracked again = co_await work(co_await future.async_result());
        CHECK(again.value == 4);
        CHECK(tracks.alive() == 2);
    });
}

TEST_CASE("when_all in two statements", "[asio][A9]") {
    check([](Tracks& tracks) -> net::awaitable<void> {
        std::vector<Future<Tracked>> futures;
        for (int i = 0; i < 3; ++i) futures.push_back(concur::ready(Tracked(tracks, i)));
        auto all = concur::when_all(std::move(futures));
        const std::vector<Tracked> results = co_await all.async_result();
        CHECK(results.size() == 3);
        CHECK(results[2].value == 2);
    });
}

TEST_CASE("async_gather in two statements", "[asio][A9]") {
    check([](Tracks& tracks) -> net::awaitable<void> {
        auto both = concur::async_gather(work(Tracked(tracks, 1)), work(Tracked(tracks, 2)));
        const auto [one, two] = co_await std::move(both);
        CHECK(one.value + two.value == 3);

        std::vector<net::awaitable<Tracked>> several;
        for (int i = 0; i < 4; ++i) several.push_back(work(Tracked(tracks, i)));
        auto all = concur::async_gather_outcomes(std::move(several));
        const auto outcomes = co_await std::move(all);
        CHECK(outcomes[3].value().value == 3);
        CHECK(tracks.alive() == 6);
    });
}

TEST_CASE("async_retry in two statements, and with options in braces", "[asio][A9]") {
    check([](Tracks& tracks) -> net::awaitable<void> {
        const auto policy = RetryPolicy().num_retries(1).retry_wait(0s);
        concur::StopReason reason{};
        Tracked argument(tracks, 5);
        const auto attempt = [&argument] { return work(argument); };
        auto retried = concur::async_retry(policy, attempt);
        const Tracked result = co_await std::move(retried);
        CHECK(result.value == 5);
        // The function is a variable, and the options are trivial: nothing is there that could be freed twice.
        const Tracked again = co_await concur::async_retry(policy, attempt, {.stop_reason = &reason});
        CHECK(again.value == 5);
        CHECK(tracks.alive() == 3);
    });
}

TEST_CASE("permits in two statements", "[asio][A9]") {
    run([]() -> net::awaitable<void> {
        concur::LimitSet limits({concur::ResourceLimit("slot", 1)});
        {
            auto acquired = limits.async_acquire("slot");
            const auto held = co_await acquired.async_result();
            CHECK(!limits.try_acquire("slot").acquired());
        }
        CHECK(limits.try_acquire("slot").acquired());
    }());
}

#include <concur/concur.hpp>
#include <concur/testing.hpp>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/failure_log.hpp"
#include "support/worker_support.hpp"

using concur::Attempt;
using concur::Backoff;
using concur::Duration;
using concur::Jitter;
using concur::RetryBudget;
using concur::RetryPolicy;
using concur::StopReason;
using concur::StopToken;
using concur::testing::ManualClock;
using namespace std::chrono_literals;

namespace {

struct HttpError : std::runtime_error {
    explicit HttpError(int code) : std::runtime_error("http"), status{code} {}
    int status;
};

/// Fails with HttpError until it is called for the nth time.
class Flaky {
public:
    explicit Flaky(int good) : good_{good} {}
    int operator()() {
        if (++calls < good_) throw HttpError(503);
        return calls;
    }
    int calls = 0;

private:
    int good_;
};

const RetryPolicy plain = RetryPolicy().num_retries(4).retry_wait(1s).retry_jitter(0);

/// Lets time pass on a manual clock, as a function that takes long would.
void pass(const ManualClock& clock, Duration time) {
    concur::detail::ParkingWord word{0};
    concur::detail::Clock& source = concur::TimeSource(clock).get();
    const auto until = source.now() + time.nanoseconds();
    while (source.now() < until) source.park(word, 0, until);
}

struct Stop {
    explicit Stop(concur::TimeSource clock) : state(new concur::detail::StopState(clock.get())) {}
    [[nodiscard]] StopToken token() const { return StopToken(state); }
    concur::detail::IntrusivePtr<concur::detail::StopState> state;
};

}  // namespace

TEST_CASE("retry() calls a function until it succeeds, with the waits of the policy", "[retry][R20]") {
    ManualClock clock;
    Flaky flaky(4);
    StopReason reason = StopReason::deadline;
    CHECK(concur::retry(plain, std::ref(flaky), {.clock = clock, .stop_reason = &reason}) == 4);
    CHECK(clock.elapsed() == 1s + 2s + 4s);
    CHECK(reason == StopReason::none);
}

TEST_CASE("retry() returns void, move-only values, references as values, and bools", "[retry][R20]") {
    ManualClock clock;
    int calls = 0;
    concur::retry(plain,
                  [&] {
                      if (++calls < 3) throw HttpError(1);
                  },
                  {.clock = clock});
    CHECK(calls == 3);
    CHECK(*concur::retry(plain, [] { return std::make_unique<int>(7); }) == 7);
    const std::string text = "text";
    static_assert(
        std::is_same_v<decltype(concur::retry(plain, [&]() -> const std::string& { return text; })), std::string>);
    const auto no = plain.retry_until([](bool value) { return value; });
    CHECK_THROWS_AS(concur::retry(no, [] { return false; }, {.clock = clock}), concur::RetryValidationError);
    CHECK(concur::retry(no, [] { return true; }));
}

TEST_CASE("retry() passes the attempt to a function that takes it", "[retry][R7][R20]") {
    ManualClock clock;
    std::vector<Attempt> seen;
    bool has_arguments = true;
    const auto policy = plain.retry_until([](int value) { return value == 3; }, "not three");
    concur::retry(policy,
                  [&](const Attempt& attempt) {
                      seen.push_back(attempt);
                      has_arguments = has_arguments && attempt.args<>();
                      if (attempt.number == 1) throw HttpError(503);
                      return attempt.number;
                  },
                  {.clock = clock});
    REQUIRE(seen.size() == 3);
    CHECK(seen[0].number == 1);
    CHECK_FALSE(seen[0].last_error);
    CHECK(seen[0].elapsed == 0s);
    CHECK(seen[0].method_name == "function");
    CHECK(has_arguments);  // none
    CHECK_THROWS_AS(std::rethrow_exception(seen[1].last_error), HttpError);
    CHECK(seen[1].messages.empty());
    CHECK(seen[1].elapsed == 1s);
    CHECK_FALSE(seen[2].last_error);
    CHECK(seen[2].messages == std::vector<std::string>{"not three"});
    CHECK(seen[2].elapsed == 3s);
}

TEST_CASE("the last attempt's exception comes out as it was thrown", "[retry][R9]") {
    ManualClock clock;
    Flaky flaky(100);
    StopReason reason{};
    CHECK_THROWS_AS(concur::retry(plain, std::ref(flaky), {.clock = clock, .stop_reason = &reason}), HttpError);
    CHECK(flaky.calls == 5);
    CHECK(reason == StopReason::retries_exhausted);
    CHECK_THROWS_AS(concur::retry(plain, []() -> int { throw 5; }, {.stop_reason = &reason}), int);
    CHECK(reason == StopReason::not_retryable);
    CHECK_THROWS_AS(concur::retry(RetryPolicy(), std::ref(flaky), {.stop_reason = &reason}), HttpError);
    CHECK(reason == StopReason::retries_exhausted);
}

TEST_CASE("without retries no predicate runs, but validators do", "[retry][R5][R6]") {
    int asked = 0;
    const auto policy = RetryPolicy().retry_on([&](const HttpError&) { return ++asked != 0; });
    CHECK_THROWS_AS(concur::retry(policy, Flaky(9)), HttpError);
    CHECK(asked == 0);
    const auto picky = RetryPolicy().retry_until([](int) { return false; });
    CHECK_THROWS_AS(concur::retry(picky, [] { return 1; }), concur::RetryValidationError);
}

TEST_CASE("filters are asked once for each failed attempt, the last one included", "[retry][R5]") {
    ManualClock clock;
    std::vector<int> asked;
    const auto policy = plain.num_retries(2).retry_on([&](const HttpError&, const Attempt& attempt) {
        asked.push_back(attempt.number);
        return true;
    });
    CHECK_THROWS_AS(concur::retry(policy, Flaky(9), {.clock = clock}), HttpError);
    CHECK(asked == std::vector<int>{1, 2, 3});
}

TEST_CASE("rejected results end in one error that has all of them", "[retry][R9][R10]") {
    ManualClock clock;
    const auto policy =
        plain.num_retries(2).retry_until([](const std::unique_ptr<int>& value) { return *value > 9; }, "small");
    int calls = 0;
    try {
        static_cast<void>(concur::retry(policy, [&] { return std::make_unique<int>(++calls); }, {.clock = clock}));
        FAIL("no error");
    } catch (const concur::RetryValidationError& error) {
        CHECK(error.attempts() == 3);
        const auto& results = error.all_results<std::unique_ptr<int>>();
        REQUIRE(results.size() == 3);
        CHECK(*results[0] == 1);
        CHECK(*results[2] == 3);
        CHECK(error.validation_errors() == std::vector<std::string>{"small", "small", "small"});
        CHECK(error.method_name() == "function");
        CHECK_THROWS_AS(error.all_results<int>(), std::bad_cast);
        CHECK(std::string(error.what()) == "function: the result of attempt 3, the last one, was rejected: small");
    }
}

TEST_CASE("of more than 255 retries the last 16 results are kept, or as many as asked for", "[retry][R10]") {
    const auto results_of = [](const RetryPolicy& policy) {
        int calls = 0;
        try {
            concur::retry(policy.retry_wait(0s).retry_until([](int) { return false; }), [&] { return ++calls; });
        } catch (const concur::RetryValidationError& error) {
            CHECK(error.attempts() == calls);
            CHECK(error.validation_errors().size() == error.all_results<int>().size());
            return std::pair(error.all_results<int>(), std::string(error.what()));
        }
        return std::pair<std::vector<int>, std::string>();
    };
    CHECK(results_of(RetryPolicy().num_retries(255)).first.size() == 256);
    CHECK(results_of(RetryPolicy().num_retries(255).history(1)).first.size() == 256);
    const auto [last, text] = results_of(RetryPolicy().num_retries(256));
    REQUIRE(last.size() == 16);
    CHECK(last.front() == 242);
    CHECK(last.back() == 257);
    CHECK(text.find("of 257 rejected results the last 16 are kept") != std::string::npos);
    CHECK(results_of(RetryPolicy().num_retries(300).history(2)).first == std::vector<int>{300, 301});
    CHECK(results_of(RetryPolicy().num_retries(300).history(0)).first.empty());
}

TEST_CASE("a call never sleeps past its deadline", "[retry][R8][R9]") {
    ManualClock clock;
    StopReason reason{};
    CHECK_THROWS_AS(concur::retry(plain.call_timeout(3s), Flaky(9), {.clock = clock, .stop_reason = &reason}),
                    HttpError);
    CHECK(clock.elapsed() == 1s);  // the second wait would have ended at 3 s
    CHECK(reason == StopReason::deadline);
}

TEST_CASE("a deadline that comes during an attempt is a timeout around the last error, even of a result",
          "[retry][R9][R13]") {
    ManualClock clock;
    StopReason reason{};
    const bool returns = GENERATE(true, false);
    const auto slow = [&]() -> int {
        pass(clock, 4s);
        if (!returns) throw HttpError(503);
        return 1;
    };
    try {
        concur::retry(plain.call_timeout(3s), slow, {.clock = clock, .stop_reason = &reason});
        FAIL("no error");
    } catch (const concur::TimeoutError& error) {
        CHECK(error.after() == 3s);
        if (returns)
            CHECK_NOTHROW(std::rethrow_if_nested(error));
        else
            CHECK_THROWS_AS(std::rethrow_if_nested(error), HttpError);
    }
    CHECK(reason == StopReason::deadline);
}

TEST_CASE("an attempt that took too long has failed, whatever it returned", "[retry][R13]") {
    ManualClock clock;
    int calls = 0;
    const auto faster_each_time = [&] {
        pass(clock, 4s - 1s * ++calls);
        return calls;
    };
    CHECK(concur::retry(plain.attempt_timeout(2s), faster_each_time, {.clock = clock}) == 3);
    calls = 0;
    CHECK_THROWS_AS(concur::retry(plain.attempt_timeout(2s).num_retries(1), faster_each_time, {.clock = clock}),
                    concur::TimeoutError);
    calls = 0;
    CHECK_THROWS_AS(concur::retry(plain.attempt_timeout(2s).retry_on<HttpError>(), faster_each_time, {.clock = clock}),
                    concur::TimeoutError);
    CHECK(calls == 1);
}

TEST_CASE("cancellation is not retried", "[retry][R5][R8]") {
    int calls = 0;
    StopReason reason{};
    const auto cancelled = [&]() -> int {
        ++calls;
        throw concur::CancelledError("inner");
    };
    CHECK_THROWS_AS(concur::retry(plain, cancelled, {.stop_reason = &reason}), concur::CancelledError);
    CHECK(calls == 1);
    CHECK(reason == StopReason::not_retryable);
}

TEST_CASE("asked to stop, retry() begins no attempt and keeps what it has", "[retry][R8]") {
    ManualClock clock;
    Stop stop(clock);
    StopReason reason{};
    const concur::RetryOptions options{.clock = clock, .stop_token = stop.token(), .stop_reason = &reason};
    int calls = 0;
    const auto fails = [&]() -> int {
        ++calls;
        stop.state->request();
        throw HttpError(503);
    };
    const bool before = GENERATE(true, false);
    if (before) stop.state->request();
    if (before)
        CHECK_THROWS_AS(concur::retry(plain, fails, options), concur::CancelledError);
    else
        CHECK_THROWS_AS(concur::retry(plain, fails, options), HttpError);
    CHECK(calls == (before ? 0 : 1));
    CHECK(reason == StopReason::cancelled);
}

TEST_CASE("a success counts even if a stop was asked for meanwhile, a rejected result is cancelled", "[retry][R8]") {
    ManualClock clock;
    Stop stop(clock);
    const auto policy = plain.retry_until([](int value) { return value == 1; });
    const auto returns = [&stop](int value) {
        return [&stop, value] {
            stop.state->request();
            return value;
        };
    };
    const concur::RetryOptions options{.clock = clock, .stop_token = stop.token()};
    SECTION("accepted") { CHECK(concur::retry(policy, returns(1), options) == 1); }
    SECTION("rejected") { CHECK_THROWS_AS(concur::retry(policy, returns(2), options), concur::CancelledError); }
}

TEST_CASE("a stop ends a wait", "[retry][R8]") {
    Stop stop{concur::TimeSource()};
    StopReason reason{};
    int calls = 0;
    std::thread stopper;
    const auto fails = [&]() -> int {
        ++calls;
        stopper = std::thread([&stop] { stop.state->request(); });
        throw HttpError(503);
    };
    CHECK_THROWS_AS(concur::retry(plain.retry_wait(1h), fails, {.stop_token = stop.token(), .stop_reason = &reason}),
                    HttpError);
    stopper.join();
    CHECK(calls == 1);
    CHECK(reason == StopReason::cancelled);
}

TEST_CASE("a server's hint is a floor for the wait, up to retry_after_max", "[retry][R14]") {
    ManualClock clock;
    StopReason reason{};
    Duration hint;
    const auto policy = plain.num_retries(1).retry_max_wait(2s).retry_after(
        [&](const HttpError&) { return std::optional<Duration>(hint); });
    const auto waits_for = [&](Duration asked) {
        hint = asked;
        const Duration before = clock.elapsed();
        CHECK_THROWS_AS(concur::retry(policy, Flaky(9), {.clock = clock, .stop_reason = &reason}), HttpError);
        return clock.elapsed() - before;
    };
    CHECK(waits_for(500ms) == 1s);
    CHECK(waits_for(30s) == 30s);  // only a server may exceed the cap
    CHECK(waits_for(60s) == 60s);
    CHECK(reason == StopReason::retries_exhausted);
    CHECK(waits_for(61s) == 0s);
    CHECK(reason == StopReason::server_hint);
    CHECK(waits_for(concur::never) == 0s);
    CHECK(reason == StopReason::server_hint);
}

TEST_CASE("a retry without a token ends the call", "[retry][R15]") {
    ManualClock clock;
    StopReason reason{};
    const auto policy = plain.retry_budget(RetryBudget(0.5, 0));
    int calls = 0;
    for (int call = 0; call < 8; ++call)
        CHECK_THROWS_AS(concur::retry(policy.retry_wait(0s),
                                      [&]() -> int {
                                          ++calls;
                                          throw HttpError(503);
                                      },
                                      {.clock = clock, .stop_reason = &reason}),
                        HttpError);
    CHECK(calls == 8 + 4);
    CHECK(reason == StopReason::budget);
}

TEST_CASE("a custom backoff computes the wait from the failed attempt", "[retry][R2]") {
    ManualClock clock;
    concur::test::FailureLog log;
    std::vector<int> asked;
    const auto custom = plain.retry_algorithm(Backoff::custom([&](int k, const Attempt& attempt) -> Duration {
        asked.push_back(k);
        CHECK(attempt.number == k);
        CHECK_THROWS_AS(std::rethrow_exception(attempt.last_error), HttpError);
        if (k == 3) throw std::runtime_error("oops");
        return k == 2 ? Duration(-5s) : Duration(10s);
    }));
    CHECK(concur::retry(custom.retry_max_wait(6s), Flaky(4), {.clock = clock}) == 4);
    CHECK(asked == std::vector<int>{1, 2, 3});
    CHECK(clock.elapsed() == 6s + 0s + 1s);
    CHECK(log.warnings().size() == 1);
    CHECK(concur::retry(custom.retry_algorithm("constant"), Flaky(2), {.clock = clock}) == 2);
    CHECK(asked.size() == 3);
    CHECK_THROWS_AS(concur::retry(plain.retry_algorithm(Backoff(Backoff::Curve::custom)), Flaky(1)),
                    concur::ConfigError);
}

TEST_CASE("random waits repeat with the seed of the clock, and differ between its users", "[retry][R4]") {
    const auto waits = [](std::uint64_t seed) {
        ManualClock clock({.seed = seed});
        std::vector<Duration> all;
        for (int user = 0; user < 3; ++user) {
            const Duration before = clock.elapsed();
            concur::retry(RetryPolicy().num_retries(9), Flaky(4), {.clock = clock});
            all.push_back(clock.elapsed() - before);
        }
        return all;
    };
    CHECK(waits(7) == waits(7));
    CHECK(waits(7) != waits(8));
    CHECK(waits(7)[0] != waits(7)[1]);
}

TEST_CASE("retry_wait 0 retries at once, and does not grow the stack", "[retry][R2]") {
    Flaky flaky(20'000);
    CHECK(concur::retry(RetryPolicy().num_retries(concur::unlimited).retry_wait(0s), std::ref(flaky)) == 20'000);
}

TEST_CASE("a policy tells its waits", "[retry][R20]") {
    const auto policy = RetryPolicy().num_retries(9).retry_wait(1s).retry_max_wait(5s);
    CHECK(policy.wait(1) == 1s);
    CHECK(policy.wait(3) == 4s);
    CHECK(policy.wait(4) == 5s);
    CHECK(policy.wait(INT64_C(1) << 31) == 5s);
    CHECK(policy.retry_algorithm("fibonacci").wait(4) == 3s);
    CHECK(policy.retry_algorithm(Backoff::sequence({1s, 3s})).wait(9) == 3s);
    CHECK_THROWS_AS(policy.wait(0), concur::ConfigError);
}

TEST_CASE("what a policy does not allow is refused when it is used, by the option's name", "[retry][R1][R3]") {
    const auto refused = [](const RetryPolicy& policy) -> std::string {
        try {
            concur::retry(policy, [] { return 1; });
        } catch (const concur::ConfigError& error) {
            return error.option();
        }
        return "accepted";
    };
    CHECK(refused(RetryPolicy().num_retries(-1)) == "num_retries");
    CHECK(refused(RetryPolicy().retry_wait(-1s)) == "retry_wait");
    CHECK(refused(RetryPolicy().retry_jitter(1.01)) == "retry_jitter");
    CHECK(refused(RetryPolicy().retry_jitter(-0.01)) == "retry_jitter");
    CHECK(refused(RetryPolicy().retry_algorithm("quadratic")) == "retry_algorithm");
    CHECK(refused(RetryPolicy().retry_algorithm(Backoff::range(2s, 1s))) == "retry_algorithm");
    CHECK(refused(RetryPolicy().retry_algorithm(Backoff(Backoff::Curve::range))) == "retry_algorithm");
    CHECK(refused(RetryPolicy().retry_min_wait(2s).retry_max_wait(1s)) == "retry_min_wait");
    CHECK(refused(RetryPolicy().call_timeout(0s)) == "call_timeout");
    CHECK(refused(RetryPolicy().history(-1)) == "history");
    CHECK(refused(RetryPolicy().attempt_timeout_hard()) == "attempt_timeout_hard");
    CHECK(refused(RetryPolicy().retry(RetryPolicy().retry_algorithm("quadratic"))) == "retry_algorithm");
    CHECK(refused(RetryPolicy().retry_algorithm("quadratic").retry(RetryPolicy().retry_algorithm("linear"))) ==
          "accepted");
    CHECK(refused(RetryPolicy().retry_jitter(0).retry_jitter(1).num_retries(0)) == "accepted");
}

TEST_CASE("curves whose waits are meant have no jitter unless it is asked for", "[retry][R3]") {
    using concur::detail::resolve_policy;
    const auto jitter_of = [](const RetryPolicy& policy) { return resolve_policy(policy).numbers.jitter; };
    CHECK(jitter_of(RetryPolicy()) == Jitter::full);
    CHECK(jitter_of(RetryPolicy().retry_algorithm("constant")) == Jitter::full);
    CHECK(jitter_of(RetryPolicy().retry_algorithm("decorrelated")) == Jitter::none);
    CHECK(jitter_of(RetryPolicy().retry_algorithm(Backoff::range(1s, 2s))) == Jitter::none);
    CHECK(jitter_of(RetryPolicy().retry_algorithm(Backoff::sequence({1s}))) == Jitter::none);
    CHECK(jitter_of(RetryPolicy().retry_algorithm(Backoff::custom([](int, const Attempt&) { return 1s; }))) ==
          Jitter::none);
    CHECK(jitter_of(RetryPolicy().retry_algorithm("decorrelated").retry_jitter(Jitter::equal)) == Jitter::equal);
}

TEST_CASE("retry() inside of a worker's method waits on the clock that it is given", "[retry][R20]") {
    ManualClock clock;
    const auto worker = concur::TaskWorker::options().clock(clock).init();
    auto result = worker.submit([&clock] { return concur::retry(plain, Flaky(3), {.clock = clock}); });
    clock.run_until([&] { return result.done(); });
    CHECK(result.result() == 3);
    CHECK(clock.elapsed() == 3s);
}

TEST_CASE("retry() gives what owns the elements of a view, and validates that", "[retry][R6][R20]") {
    ManualClock clock;
    int calls = 0;
    const auto policy = plain.retry_until([](std::string_view text) { return text == "c"; });
    const auto last = [&]() -> std::string_view { return ++calls == 3 ? "c" : "a"; };
    static_assert(std::is_same_v<decltype(concur::retry(policy, last)), std::string>);
    CHECK(concur::retry(policy, last, {.clock = clock}) == "c");
    CHECK(calls == 3);
}

TEST_CASE("retry() begins no attempt after a deadline that came while a predicate ran", "[retry][R8][R20]") {
    ManualClock clock;
    int calls = 0;
    StopReason reason = StopReason::none;
    const auto policy = plain.retry_wait(0s).call_timeout(10s).retry_on([&](const HttpError&) {
        clock.advance(11s);
        return true;
    });
    const auto failing = [&] {
        ++calls;
        throw HttpError(503);
    };
    CHECK_THROWS_AS(concur::retry(policy, failing, {.clock = clock, .stop_reason = &reason}), concur::TimeoutError);
    CHECK(calls == 1);
    CHECK(reason == StopReason::deadline);
}

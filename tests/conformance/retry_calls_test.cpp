// Calls that are tried again, in every mode. R1 to R17, R20
#include <atomic>
#include <concur/testing.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/failure_log.hpp"
#include "support/worker_support.hpp"

using namespace concur;
using namespace concur::test;
using concur::testing::ManualClock;

namespace {

struct HttpError : std::runtime_error {
    explicit HttpError(int code, const std::string& text = "http") : std::runtime_error(text), status{code} {}
    int status;
};

struct Api {
    int calls = 0;
    int flaky(int failures) {
        if (++calls <= failures) throw HttpError(503, "unavailable");
        return calls;
    }
    int denied() {
        ++calls;
        throw HttpError(403, "forbidden");
    }
    int next() { return ++calls; }
    int count() const { return calls; }
    int attempt_number(CallContext& context) {
        if (context.attempt().number < 3) throw HttpError(503, "again");
        return context.attempt().number;
    }
    std::string take(std::string text, int failures) {
        std::string taken = std::move(text);
        if (++calls <= failures) throw HttpError(503);
        return taken;
    }
    int take_pointer(std::unique_ptr<int> pointer) {
        ++calls;
        throw HttpError(*pointer);
    }
    int look_at_pointer(const std::unique_ptr<int>& pointer) {
        if (++calls < 3) throw HttpError(503);
        return *pointer;
    }
    int through_self(int failures) { return flaky(failures); }
    int later_flaky(CallContext& context) { return context.attempt().number; }
};

auto options(Mode mode) {
    return Worker<Api>::options().mode(mode).num_retries(3).retry_wait(1ms).retry_jitter(Jitter::none);
}

/// How a call ends: "value", "http 503", "cancelled", "stopped", "timeout", or "other".
template <class F>
std::string outcome_of(const Future<F>& call) {
    try {
        call.result();
        return "value";
    } catch (const HttpError& error) {
        return "http " + std::to_string(error.status);
    } catch (const CancelledError&) {
        return "cancelled";
    } catch (const WorkerStoppedError&) {
        return "stopped";
    } catch (const RetryValidationError&) {
        return "rejected";
    } catch (const TimeoutError&) {
        return "timeout";
    } catch (...) {
        return "other";
    }
}

/// What the error nested in a TimeoutError says.
template <class T>
std::string nested_text(const Future<T>& call) {
    try {
        call.result();
    } catch (const TimeoutError& error) {
        try {
            std::rethrow_if_nested(error);
        } catch (const std::exception& inner) {
            return inner.what();
        }
        return "nothing";
    } catch (...) {
    }
    return "no timeout";
}

}  // namespace

TEST_CASE("a failed call is tried again until it succeeds", "[retry][R1]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto api = options(mode).init();
    const auto call = api.call<&Api::flaky>(3);
    CHECK(call.result() == 4);
    CHECK(call.attempts() == 4);
    CHECK(call.stop_reason() == StopReason::none);
    CHECK(options(mode).init().call<&Api::attempt_number>().result() == 3);
}

TEST_CASE("a call that fails every time ends in its last error, with the reason beside it", "[retry][R1][R9]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto api = options(mode).init();
    const auto call = api.call<&Api::denied>();
    CHECK(outcome_of(call) == "http 403");
    CHECK(call.attempts() == 4);
    CHECK(call.stop_reason() == StopReason::retries_exhausted);
    REQUIRE(call.failure());
    CHECK(call.failure()->attempt == 4);
    CHECK(api.call<&Api::count>().result() == 4);
}

TEST_CASE("without retries, and without a policy, there is one attempt", "[retry][R1]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto api = Worker<Api>::options().mode(mode).init();
    const auto call = api.call<&Api::denied>();
    CHECK(outcome_of(call) == "http 403");
    CHECK(call.attempts() == 1);
    CHECK(call.stop_reason() == StopReason::retries_exhausted);
}

TEST_CASE("the waits are those of the policy, on the worker's clock", "[retry][R2][R3]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    ManualClock clock;
    auto api = options(mode).clock(clock).num_retries(4).retry_wait(1s).retry_max_wait(5s).init();
    auto result = api.call<&Api::flaky>(4);
    clock.run_until([&] { return result.done(); });
    CHECK(result.result() == 5);
    CHECK(clock.elapsed() == 12s);  // 1 + 2 + 4 + 5
}

TEST_CASE("a wait of 0 retries at once, a hundred thousand times", "[retry][R2]") {
    const Mode mode = GENERATE(every_mode());
    const RetryOrder order = GENERATE(RetryOrder::keep, RetryOrder::overtake);
    CAPTURE(mode, order);
    auto api = options(mode).num_retries(unlimited).retry_wait(0s).retry_order(order).init();
    const int failures = order == RetryOrder::keep ? 100'000 : 1000;
    CHECK(api.call<&Api::flaky>(failures).result() == failures + 1);
}

TEST_CASE("runs on a manual clock of one seed repeat, and workers differ", "[retry][R4]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto run = [mode](std::uint64_t seed) {
        ManualClock clock({.seed = seed});
        std::vector<Duration> times;
        for (int i = 0; i < 3; ++i) {
            auto api = options(mode).clock(clock).retry_wait(1s).retry_jitter(Jitter::full).init();
            const Duration before = clock.elapsed();
            auto call = api.call<&Api::flaky>(3);
            clock.run_until([&] { return call.done(); });
            times.push_back(clock.elapsed() - before);
        }
        return times;
    };
    const auto first = run(7);
    CHECK(first == run(7));
    CHECK(first != run(8));
    CHECK(first[0] != first[1]);
}

TEST_CASE("predicates and types say what is retried", "[retry][R5]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto unavailable = options(mode).retry_on([](const HttpError& error) { return error.status == 503; });
    auto strict = unavailable.init();
    const auto denied = strict.call<&Api::denied>();
    CHECK(outcome_of(denied) == "http 403");
    CHECK(denied.stop_reason() == StopReason::not_retryable);
    CHECK(denied.attempts() == 1);
    CHECK(unavailable.init().call<&Api::flaky>(3).result() == 4);
    CHECK(unavailable.retry_on<HttpError>().init().call<&Api::denied>().attempts() <= 4);
    CHECK(options(mode).retry_on<std::invalid_argument>().init().call<&Api::flaky>(1).stop_reason() !=
          StopReason::retries_exhausted);
}

TEST_CASE("the library's own refusals are not retried", "[retry][R5]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto api = options(mode).init();
    int calls = 0;
    const auto call = api.call([&calls](Api&) -> int {
        ++calls;
        throw ConfigError("x", "is wrong");
    });
    CHECK(outcome_of(call) == "other");
    CHECK(calls == 1);
    CHECK(call.stop_reason() == StopReason::not_retryable);
}

TEST_CASE("a predicate sees the attempt", "[retry][R5][R7]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    struct Seen {
        int number;
        std::string method;
        std::string worker;
    };
    const auto seen = std::make_shared<std::vector<Seen>>();
    auto api =
        options(mode)
            .name("api")
            .retry_on([seen](const HttpError&, const Attempt& attempt) {
                seen->push_back({attempt.number, std::string(attempt.method_name), std::string(attempt.worker_name)});
                return attempt.number < 3;
            })
            .init();
    const auto call = api.call<&Api::denied>();
    CHECK(outcome_of(call) == "http 403");
    CHECK(call.attempts() == 3);
    REQUIRE(seen->size() == 3);
    CHECK(seen->back().number == 3);
    CHECK(contains(seen->back().method, "Api::denied"));
    CHECK(seen->back().worker == "api");
}

TEST_CASE("functions of a policy see the arguments of the call, after its last attempt too", "[retry][R7][R19]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    std::vector<std::string> seen;
    bool saw_other_types = false;
    auto api = options(mode)
                   .num_retries(1)
                   .retry_on([&](const HttpError&, const Attempt& attempt) {
                       const auto* arguments = attempt.args<std::string, int>();
                       seen.push_back(arguments ? std::get<std::string>(*arguments) : "nothing");
                       saw_other_types |= attempt.args<int>() || attempt.args<int, std::string>() || attempt.args<>();
                       return true;
                   })
                   .init();
    CHECK(outcome_of(api.call<&Api::take>("the text, too long for its place in the string", 9)) == "http 503");
    CHECK(seen == std::vector<std::string>(2, "the text, too long for its place in the string"));
    CHECK_FALSE(saw_other_types);

    auto judged = options(mode)
                      .num_retries(0)
                      .retry_until([&](const std::string& result, const Attempt& attempt) {
                          const auto* arguments = attempt.args<std::string, int>();
                          return arguments && std::get<std::string>(*arguments) == result;
                      })
                      .init();
    CHECK(judged.call<&Api::take>("another text that was moved in the method", 0).result() ==
          "another text that was moved in the method");
}

TEST_CASE("arguments that were used up are not shown", "[retry][R7][R12]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    std::vector<bool> seen;
    auto api = options(mode)
                   .retry_on([&](const HttpError&, const Attempt& attempt) {
                       seen.push_back(attempt.args<int>() != nullptr);
                       return true;
                   })
                   .init();
    CHECK(outcome_of(api.call([](Api&, std::unique_ptr<int>) { throw HttpError(503); }, std::make_unique<int>(1))) ==
          "http 503");
    CHECK(outcome_of(api.call([](Api&, std::unique_ptr<int>, int) { throw HttpError(503); }, std::make_unique<int>(1),
                              2)) == "http 503");
    CHECK(seen == std::vector<bool>{false, false});
}

TEST_CASE("a future that a method returned is judged with the arguments of the call", "[retry][R7]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    std::vector<int> seen;
    auto inner = Worker<Api>::options().mode(Mode::thread).init();
    auto api = options(mode)
                   .num_retries(1)
                   .retry_on([&](const HttpError&, const Attempt& attempt) {
                       const auto* arguments = attempt.args<int>();
                       seen.push_back(arguments ? std::get<0>(*arguments) : -1);
                       return true;
                   })
                   .init();
    const auto call = api.call([&](Api&, int) { return inner.call<&Api::denied>(); }, 7);
    CHECK(outcome_of(call) == "http 403");
    CHECK(seen == std::vector<int>{7, 7});
}

TEST_CASE("a method sees what the attempt before ended in", "[retry][R7]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto api = options(mode).init();
    const auto call = api.call([](Api&, CallContext& context) {
        if (context.attempt().number == 1) throw HttpError(1);
        try {
            std::rethrow_exception(context.attempt().last_error);
        } catch (const HttpError& error) {
            return error.status;
        }
    });
    CHECK(call.result() == 1);
}

TEST_CASE("results that a validator rejects are tried again, and all of them are kept", "[retry][R6][R9][R10]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto picky = options(mode).num_retries(2).retry_until([](int value, const Attempt&) { return value > 10; },
                                                          "must be over 10");
    auto api = picky.init();
    const auto call = api.call<&Api::next>();
    try {
        call.result();
        FAIL("no error");
    } catch (const RetryValidationError& error) {
        CHECK(error.attempts() == 3);
        CHECK(error.all_results<int>() == std::vector{1, 2, 3});
        CHECK(error.validation_errors() == std::vector<std::string>(3, "must be over 10"));
        CHECK(contains(error.method_name(), "Api::next"));
    }
    CHECK(call.stop_reason() == StopReason::retries_exhausted);
    CHECK(picky.num_retries(20).init().call<&Api::next>().result() == 11);
    // Of another type: not judged.
    CHECK(api.call([](Api&) { return std::string("short"); }).result() == "short");
}

TEST_CASE("a validator judges the only attempt, too", "[retry][R6]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto api = Worker<Api>::options().mode(mode).retry_until([](int value) { return value > 10; }).init();
    const auto call = api.call<&Api::next>();
    CHECK(outcome_of(call) == "rejected");
    CHECK(call.attempts() == 1);
}

TEST_CASE("beyond 255 retries the last results are kept", "[retry][R10]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto api =
        options(mode).num_retries(300).retry_wait(0s).history(4).retry_until([](int) { return false; }, "no").init();
    const auto call = api.call<&Api::next>();
    try {
        call.result();
        FAIL("no error");
    } catch (const RetryValidationError& error) {
        CHECK(error.attempts() == 301);
        CHECK(error.all_results<int>() == std::vector{298, 299, 300, 301});
    }
}

TEST_CASE("move-only results are judged and kept, too", "[retry][R6]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto api =
        options(mode).num_retries(2).retry_until([](const std::unique_ptr<int>& value) { return *value == 3; }).init();
    auto call = api.call([n = 0](Api&) mutable { return std::make_unique<int>(++n); });
    CHECK(*std::move(call).result() == 3);
}

TEST_CASE("options of a method beat those of its worker, however it is called", "[retry][R11]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto mixed = options(mode)
                     .num_retries(1)
                     .retry_on<HttpError, std::invalid_argument>()
                     .method<&Api::flaky>([](auto& m) { m.num_retries(5).retry_algorithm(Backoff::linear); })
                     .method<&Api::denied>([](auto& m) { m.num_retries(0); })
                     .method<&Api::next>([](auto& m) { m.retry_until([](auto value) { return value > 1; }, "one"); });
    CHECK(mixed.init().call<&Api::flaky>(5).result() == 6);
    CHECK(mixed.init().call(&Api::flaky, 5).result() == 6);
    const auto denied = mixed.init().call<&Api::denied>();
    CHECK(outcome_of(denied) == "http 403");
    CHECK(denied.attempts() == 1);
    CHECK(mixed.init().call<&Api::next>().attempts() <= 2);
    const auto other = mixed.init().call<&Api::through_self>(5);
    CHECK(outcome_of(other) == "http 503");
    CHECK(other.attempts() == 2);
}

TEST_CASE("an option of a method that is not allowed is named by init", "[retry][R11]") {
    const auto broken = Worker<Api>::options().method<&Api::flaky>([](auto& m) { m.num_retries(-1); });
    CHECK(contains(text_of_error<ConfigError>([&] { return broken.init(); }), "num_retries"));
    const auto unread = Worker<Api>::options().method<&Api::flaky>([](auto& m) { m.retry_algorithm("slow"); });
    CHECK(contains(text_of_error<ConfigError>([&] { return unread.init(); }), "retry_algorithm"));
}

TEST_CASE("a method that calls another one of its object is one call with one policy", "[retry][R12][W32]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto api = options(mode).num_retries(2).init();
    const auto call = api.call<&Api::through_self>(100);
    CHECK(outcome_of(call) == "http 503");
    CHECK(api.call<&Api::count>().result() == 3);
}

TEST_CASE("each attempt gets a fresh copy of its arguments", "[retry][W11]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const std::string text(100, 'x');
    CHECK(options(mode).init().call<&Api::take>(text, 3).result() == text);
    CHECK(options(mode).init().call<&Api::take>(ready(text), 3).result() == text);
    CHECK(options(mode)
              .init()
              .call(
                  [n = 0](Api&, std::vector<int>&& values) mutable {
                      values.push_back(1);
                      if (++n < 3) throw HttpError(503);
                      return values.size();
                  },
                  std::vector{1, 2})
              .result() == 3);
}

TEST_CASE("a call that holds a move-only argument has one attempt, if its method takes it", "[retry][R12][W11]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto call = options(mode).init().call<&Api::take_pointer>(std::make_unique<int>(503));
    CHECK(outcome_of(call) == "http 503");
    CHECK(call.attempts() == 1);
    CHECK(call.stop_reason() == StopReason::not_repeatable);
    CHECK(options(mode).init().call<&Api::look_at_pointer>(std::make_unique<int>(5)).result() == 5);
}

TEST_CASE("a hint of the server is a floor for the wait, and may end the call", "[retry][R14]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    ManualClock clock;
    auto api = options(mode)
                   .clock(clock)
                   .retry_wait(1s)
                   .retry_after([](const HttpError& error) {
                       return error.status == 403 ? std::optional<Duration>(never) : std::optional<Duration>(30s);
                   })
                   .init();
    auto flaky = api.call<&Api::flaky>(1);
    clock.run_until([&] { return flaky.done(); });
    CHECK(flaky.result() == 2);
    CHECK(clock.elapsed() == 30s);
    auto denied = api.call<&Api::denied>();
    CHECK(outcome_of(denied) == "http 403");
    CHECK(denied.stop_reason() == StopReason::server_hint);
}

TEST_CASE("a budget without tokens ends the call", "[retry][R15]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    ManualClock clock;
    auto api =
        options(mode).clock(clock).retry_wait(0s).num_retries(unlimited).retry_budget(RetryBudget(0.0, 2)).init();
    auto call = api.call<&Api::denied>();
    CHECK(outcome_of(call) == "http 403");
    CHECK(call.stop_reason() == StopReason::budget);
    CHECK(call.attempts() == 3);
}

TEST_CASE("a policy is a value that a worker and a method can be given", "[retry][R20]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto policy = RetryPolicy().num_retries(4).retry_wait(1ms).retry_on<HttpError>();
    CHECK(Worker<Api>::options().mode(mode).retry(policy).init().call<&Api::flaky>(4).result() == 5);
    auto of_method = Worker<Api>::options().mode(mode).method<&Api::flaky>([&](auto& m) { m.retry(policy); });
    CHECK(of_method.init().call<&Api::flaky>(4).result() == 5);
    const auto plain = of_method.init().call<&Api::denied>();
    CHECK(outcome_of(plain) == "http 403");
    CHECK(plain.attempts() == 1);
}

TEST_CASE("options of a single call beat those of method and worker", "[retry][W34]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto api = options(mode).method<&Api::denied>([](auto& m) { m.num_retries(2); }).init();
    const auto once = api.with({.num_retries = 0}).call<&Api::denied>();
    CHECK(outcome_of(once) == "http 403");
    CHECK(once.attempts() == 1);
    auto plain = Worker<Api>::options().mode(mode).retry_wait(1ms).init();
    CHECK(plain.with({.num_retries = 4}).call<&Api::flaky>(4).result() == 5);
    auto blocking = Worker<Api>::options().mode(mode).retry_wait(1ms).blocking().init();
    CHECK(blocking.with({.num_retries = 4}).call<&Api::flaky>(4) == 5);
}

TEST_CASE("blocking workers retry before they return", "[retry][W16]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto api = options(mode).blocking().init();
    CHECK(api.call<&Api::flaky>(3) == 4);
    CHECK_THROWS_AS(api.call<&Api::denied>(), HttpError);
}

TEST_CASE("tasks are retried, too", "[retry][R1]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto tasks = TaskWorker::options().mode(mode).num_retries(5).retry_wait(1ms).init();
    const auto runs = std::make_shared<std::atomic<int>>(0);
    const auto task = tasks.submit(
        [runs](int wanted) {
            if (++*runs < wanted) throw HttpError(503);
            return runs->load();
        },
        4);
    CHECK(task.result() == 4);
    CHECK(task.attempts() == 4);
    auto bound = TaskWorker::options().mode(mode).num_retries(5).retry_wait(1ms).init([n = 0](int wanted) mutable {
        if (++n < wanted) throw HttpError(503);
        return n;
    });
    CHECK(bound(3).result() == 3);
}

TEST_CASE("an attempt ends with the future that its method returned", "[retry][W12]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto inner = Worker<Api>::options().mode(Mode::thread).init();
    auto api = options(mode).init();
    const auto call = api.call([inner](Api&) { return inner.call<&Api::flaky>(2); });
    CHECK(call.result() == 3);
    CHECK(call.attempts() == 3);
    const auto nested = api.call([](Api&) { return ready(ready(7)); });
    CHECK(nested.result() == 7);
    auto judged = options(mode).retry_until([](int value) { return value > 4; }).init();
    CHECK(judged.call([inner](Api&) { return inner.call<&Api::next>(); }).result() > 4);
}

TEST_CASE("a returned future that is not done holds up nobody", "[retry][W12]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto api = options(mode).init();
    Promise<int> promise;
    auto call = api.call([future = promise.future()](Api&) { return future; });
    CHECK(api.call<&Api::count>().result() == 0);
    promise.set_value(3);
    CHECK(call.result() == 3);
}

TEST_CASE("a call that returned a future can be cancelled through it", "[retry][F5]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto api = options(mode).init();
    Promise<int> promise;
    auto call = api.call([future = promise.future()](Api&) { return future; });
    api.call<&Api::count>().result();
    call.cancel();
    CHECK(call.cancelled());
    CHECK(promise.stop_requested());
    CHECK(api.drain());
}

TEST_CASE("later calls wait until the retries of an earlier one are over", "[retry][R16]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto api = options(mode).retry_wait(5ms).init();
    const auto first = api.call<&Api::flaky>(3);
    const auto second = api.call<&Api::count>();
    CHECK(second.result() == 4);
    CHECK(first.done());
}

TEST_CASE("where calls may overtake, others run while one is in backoff", "[retry][R16]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    ManualClock clock;
    auto api = options(mode).clock(clock).retry_wait(1h).retry_order(RetryOrder::overtake).init();
    const auto first = api.call<&Api::flaky>(2);
    const auto second = api.call<&Api::count>();
    CHECK(second.result(patience) == 1);
    CHECK_FALSE(first.done());
    clock.run_until([&] { return first.done(); });
    CHECK(first.result() == 3);
    CHECK(clock.elapsed() == 3h);
}

TEST_CASE("ten thousand calls in backoff cost no thread", "[retry][R16][B16]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto tasks = TaskWorker::options().mode(mode).num_retries(1).retry_wait(1h).retry_jitter(0).init();
    tasks.submit([] {}).result();
    std::vector<Future<void>> calls;
    for (int i = 0; i < 10'000; ++i)
        calls.push_back(tasks.submit([](CallContext& context) {
            if (context.attempt().number == 1) throw HttpError(503);
        }));
    tasks.submit([] {}).result();
    const std::size_t threads = thread_count();
    CHECK(threads < 40);
    CHECK_FALSE(calls.front().done());
    CHECK_FALSE(calls.back().done());
    for (std::size_t i = 0; i < calls.size(); ++i) {
        INFO(i << " " << calls[i].running() << calls[i].done() << calls[i].attempts());
        CHECK(calls[i].cancel());
    }
    CHECK(tasks.drain());
}

// ---- the ends of a wait

TEST_CASE("a call in backoff is cancelled at once", "[retry][F5]") {
    const Mode mode = GENERATE(every_queueing_mode());
    const RetryOrder order = GENERATE(RetryOrder::keep, RetryOrder::overtake);
    CAPTURE(mode, order);
    auto api = options(mode).retry_wait(1h).retry_order(order).init();
    Gate tried;
    auto call = api.call([&](Api&) {
        tried.open();
        throw HttpError(503);
    });
    REQUIRE(tried.pass());
    REQUIRE(eventually([&] { return !call.running() && call.cancel(); }));
    CHECK(call.cancelled());
    CHECK(call.attempts() == 1);
    CHECK(call.stop_reason() == StopReason::cancelled);
    CHECK(api.call<&Api::next>().result() == 1);
}

TEST_CASE("stop finishes calls in backoff, stop now fails them", "[retry][W21][W22]") {
    const Mode mode = GENERATE(every_queueing_mode());
    const RetryOrder order = GENERATE(RetryOrder::keep, RetryOrder::overtake);
    CAPTURE(mode, order);
    auto soon = options(mode).retry_order(order).init();
    const auto finished = soon.call<&Api::flaky>(3);
    soon.stop();
    CHECK(finished.result() == 4);

    auto late = options(mode).retry_wait(1h).retry_order(order).init();
    const auto failed = late.call<&Api::flaky>(3);
    late.stop(Stop::now);
    CHECK(failed.done());
    CHECK(failed.stop_reason() == StopReason::worker_stopped);
}

TEST_CASE("stop now ends the backoff of a call in its caller", "[retry][W22]") {
    const RetryOrder order = GENERATE(RetryOrder::keep, RetryOrder::overtake);
    CAPTURE(order);
    auto api = options(Mode::sync).retry_wait(1h).retry_order(order).init();
    Gate tried;
    auto outcome = on_new_thread([&] {
        return outcome_of(api.call([&](Api&) {
            tried.open();
            throw HttpError(503);
        }));
    });
    REQUIRE(tried.pass());
    api.stop(Stop::now);
    CHECK((outcome.result() == "stopped" || outcome.result() == "http 503"));
}

TEST_CASE("a call that is asked to stop has no further attempt and keeps its own error", "[retry][R8]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto api = options(mode).init();
    Gate started;
    auto call = api.call([&](Api&, CallContext& context) {
        started.open();
        static_cast<void>(context.stop_token().wait_for(patience));
        throw HttpError(503);
    });
    REQUIRE(started.pass());
    CHECK_FALSE(call.cancel());
    CHECK(outcome_of(call) == "http 503");
    CHECK(call.attempts() == 1);
    CHECK(call.stop_reason() == StopReason::cancelled);

    auto picky = options(mode).retry_until([](int) { return false; }).init();
    Gate again;
    auto rejected = picky.call([&](Api&, CallContext& context) {
        again.open();
        static_cast<void>(context.stop_token().wait_for(patience));
        return 1;
    });
    REQUIRE(again.pass());
    rejected.cancel();
    CHECK(outcome_of(rejected) == "cancelled");
}

TEST_CASE("waiting on its worker for a call in backoff there is an error, not a hang", "[retry][W17]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto api = options(mode).retry_wait(1h).retry_order(RetryOrder::overtake).init();
    const auto waiting = api.call<&Api::flaky>(3);
    const auto end = api.call([&](Api&) { return end_of([&] { waiting.result(); }); });
    CHECK(end.result() == "deadlock");
    waiting.cancel();  // the stop would wait for it
}

// ---- deadlines

TEST_CASE("a call that is over its time while it is queued fails then, not at its turn", "[retry][R13]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto api = Worker<Api>::options().mode(mode).call_timeout(20ms).init();
    Gate release;
    auto busy = api.with({.call_timeout = never}).call([&](Api&) { release.pass(); });
    auto queued = api.call<&Api::next>();
    CHECK(outcome_of(queued) == "timeout");
    CHECK(queued.stop_reason() == StopReason::deadline);
    CHECK(queued.attempts() == 0);
    CHECK_FALSE(busy.done());
    release.open();
    busy.result();
    CHECK(api.call<&Api::count>().result() == 0);
}

TEST_CASE("a running call fails at its deadline, is asked to stop, and its late result is dropped", "[retry][R13]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto api = Worker<Api>::options().mode(mode).call_timeout(20ms).init();
    Gate release;
    std::atomic<bool> asked{false};
    auto call = api.call([&](Api& object, CallContext& context) {
        asked = context.stop_token().wait_for(patience);
        release.pass();
        return object.next();
    });
    CHECK(outcome_of(call) == "timeout");
    CHECK(call.stop_reason() == StopReason::deadline);
    CHECK(eventually([&] { return asked.load(); }));
    release.open();
    CHECK(api.with({.call_timeout = never}).call<&Api::count>().result() == 1);
}

TEST_CASE("a call that waits for its input fails at its deadline", "[retry][R13]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto api = Worker<Api>::options().mode(mode).call_timeout(20ms).init();
    Promise<int> never_set;
    const auto call = api.call<&Api::flaky>(never_set.future());
    CHECK(outcome_of(call) == "timeout");
    CHECK(call.stop_reason() == StopReason::deadline);
}

TEST_CASE("no attempt begins that would begin after the deadline", "[retry][R8][R13]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    ManualClock clock;
    auto api = options(mode).clock(clock).num_retries(unlimited).retry_wait(1s).call_timeout(10s).init();
    auto call = api.call<&Api::denied>();
    clock.run_until([&] { return call.done(); });
    CHECK(outcome_of(call) == "http 403");
    CHECK(call.stop_reason() == StopReason::deadline);
    CHECK(call.attempts() == 4);  // at 0, 1, 3 and 7 s; the next one would be at 15
    CHECK(clock.elapsed() == 7s);
}

TEST_CASE("a deadline during an attempt nests the error of the attempt before", "[retry][R9][R13]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    ManualClock clock;
    auto api = options(mode).clock(clock).retry_wait(1s).call_timeout(5s).init();
    auto call = api.call([](Api&, CallContext& context) {
        if (context.attempt().number == 1) throw HttpError(503, "the first one");
        static_cast<void>(context.stop_token().wait_for(1h));
    });
    clock.run_until([&] { return call.done(); });
    CHECK(nested_text(call) == "the first one");
    CHECK(call.stop_reason() == StopReason::deadline);
    CHECK(clock.elapsed() == 5s);
}

TEST_CASE("in its caller a call that returns too late counts as timed out", "[retry][R13]") {
    ManualClock clock;
    auto api = Worker<Api>::options().mode(Mode::sync).clock(clock).call_timeout(5s).init();
    const auto call = api.call([&](Api&) {
        clock.advance(6s);
        return 1;
    });
    CHECK(outcome_of(call) == "timeout");
    CHECK(call.stop_reason() == StopReason::deadline);
}

TEST_CASE("in sync mode waiting for one's turn ends at the deadline", "[retry][R13]") {
    auto api = Worker<Api>::options().mode(Mode::sync).init();
    Gate started;
    Gate release;
    auto busy = on_new_thread([&] {
        api.call([&](Api&) {
            started.open();
            release.pass();
        });
    });
    REQUIRE(started.pass());
    const auto call = api.with({.call_timeout = 10ms}).call<&Api::next>();
    CHECK(outcome_of(call) == "timeout");
    release.open();
    busy.result();
    CHECK(api.call<&Api::count>().result() == 0);
}

TEST_CASE("the context knows the deadline of call and attempt", "[retry][W30][R13]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    ManualClock clock;
    const auto left = [&](Api&, CallContext& context) -> Duration {
        return context.deadline() ? Duration(*context.deadline() - clock.now()) : never;
    };
    auto plain = Worker<Api>::options().mode(mode).clock(clock);
    CHECK(plain.init().call(left).result() == never);
    CHECK(plain.call_timeout(10s).init().call(left).result() == 10s);
    CHECK(plain.call_timeout(10s).attempt_timeout(3s).init().call(left).result() == 3s);
}

TEST_CASE("an attempt over its time is asked to stop, counts as failed, and is tried again", "[retry][R13]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    ManualClock clock;
    auto api = options(mode).clock(clock).retry_wait(0s).attempt_timeout(2s).init();
    const auto asked = std::make_shared<std::atomic<int>>(0);
    auto call = api.call([asked](Api&, CallContext& context) {
        if (context.attempt().number == 3) return context.stop_token().stop_requested() ? -1 : 3;
        if (context.stop_token().wait_for(1h)) ++*asked;
        return context.attempt().number;  // too late: does not count
    });
    clock.run_until([&] { return call.done(); });
    CHECK(call.result() == 3);
    CHECK(asked->load() == 2);
    CHECK(clock.elapsed() == 4s);
}

TEST_CASE("the time of an attempt is over in the instant in which its method returns", "[retry][R13]") {
    struct Hasty {
        int answer(std::string text) {
            std::this_thread::sleep_for(1ms);
            return static_cast<int>(text.size());
        }
    };
    const auto worker =
        Worker<Hasty>::options().mode(Mode::thread).attempt_timeout(1100us).num_retries(1).retry_wait(0s).init();
    int ended = 0;
    for (int i = 0; i < 50; ++i) {
        const auto call = worker.call<&Hasty::answer>("four");
        try {
            ended += call.result() == 4 ? 1 : 0;
        } catch (const TimeoutError&) {
            ++ended;
        }
    }
    CHECK(ended == 50);
}

TEST_CASE("where no other attempt is possible the future gets the timeout at once", "[retry][R13]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto api = Worker<Api>::options().mode(mode).attempt_timeout(20ms).init();
    Gate release;
    auto call = api.call([&](Api&) { release.pass(); });
    CHECK(outcome_of(call) == "timeout");
    CHECK_FALSE(release.is_open());
    CHECK(call.stop_reason() == StopReason::retries_exhausted);
    release.open();
    CHECK(api.call<&Api::next>().result() == 1);
}

TEST_CASE("an attempt whose future is not done in time is tried again", "[retry][R13][W12]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto api = options(mode).attempt_timeout(20ms).init();
    std::vector<Promise<int>> promises(4);
    auto call = api.call([&](Api&, CallContext& context) {
        const int number = context.attempt().number;
        if (number == 3) return ready(3);
        return promises[static_cast<std::size_t>(number)].future();
    });
    CHECK(call.result() == 3);
    CHECK(call.attempts() == 3);
}

TEST_CASE("every argument and result is destroyed once, however often its call was tried", "[retry][W11]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto token = std::make_shared<int>(0);
    {
        auto api = options(mode).retry_until([](const std::shared_ptr<int>& p) { return p.use_count() < 0; }).init();
        const auto call = api.call([](Api&, std::shared_ptr<int> kept) { return kept; }, token);
        CHECK(outcome_of(call) == "rejected");
        auto late = options(mode).init().call([](Api&, std::shared_ptr<int>) -> int { throw HttpError(1); }, token);
        CHECK(outcome_of(late) == "http 1");
    }
    CHECK(token.use_count() == 1);
}

// ---- calls inside calls

TEST_CASE("a call made inside a call inherits its deadline", "[retry][R21]") {
    const Mode mode = GENERATE(every_mode());
    const Mode inner_mode = GENERATE(every_mode());
    CAPTURE(mode, inner_mode);
    ManualClock clock;
    auto inner = Worker<Api>::options().mode(inner_mode).clock(clock).init();
    auto outer = Worker<Api>::options().mode(mode).clock(clock).call_timeout(10s).init();
    const auto left = [&](Api&, CallContext& context) -> Duration {
        return context.deadline() ? Duration(*context.deadline() - clock.now()) : never;
    };
    CHECK(outer.call([&](Api&) { return inner.call(left).result(); }).result() == 10s);
    CHECK(outer
              .call([&](Api&) {
                  const auto scope = detached_context();
                  return inner.call(left).result();
              })
              .result() == never);
    CHECK(outer.call([&](Api&) { return inner.with({.call_timeout = 3s}).call(left).result(); }).result() == 3s);
}

TEST_CASE("a call made inside a call is cancelled with it", "[retry][R21]") {
    const Mode mode = GENERATE(every_queueing_mode());
    const bool detached = GENERATE(false, true);
    CAPTURE(mode, detached);
    Promise<Future<int>> made;
    Gate release;
    auto inner = Worker<Api>::options().mode(mode).init();
    auto outer = Worker<Api>::options().mode(mode).init();
    const Busy busy(inner);
    auto call = outer.call([&](Api&, CallContext& context) {
        if (detached) {
            const auto scope = detached_context();
            made.set_value(inner.call<&Api::next>());
        } else {
            made.set_value(inner.call<&Api::next>());
        }
        static_cast<void>(context.stop_token().wait_for(patience));
        release.pass();
    });
    const Future<int> inside = made.future().result();
    CHECK_FALSE(call.cancel());
    if (detached) {
        busy.end();
        CHECK(inside.result() == 1);
    } else {
        CHECK(eventually([&] { return inside.done(); }));
        CHECK(inside.cancelled());
    }
    release.open();
}

TEST_CASE("work that a call merely started goes on after it", "[retry][R21]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    ManualClock clock;
    auto inner = options(mode).clock(clock).retry_wait(1h).init();
    auto outer = Worker<Api>::options().mode(mode).clock(clock).call_timeout(10s).init();
    Future<int> inside;
    // A first call keeps the worker busy until after the deadline that the second one would have inherited.
    outer.call([&](Api&) { inside = inner.call<&Api::next>(); }).result();
    CHECK(inside.result() == 1);
    auto slow = inner.call<&Api::flaky>(2);
    outer.call([&](Api&) { inside = inner.call<&Api::count>(); }).result();
    clock.run_until([&] { return inside.done(); });
    CHECK(inside.result() == 3);
}

TEST_CASE("a sync worker inside of a call is asked to stop with it", "[retry][R21]") {
    const RetryOrder order = GENERATE(RetryOrder::keep, RetryOrder::overtake);
    auto inner = options(Mode::sync).retry_wait(1h).retry_order(order).init();
    auto outer = Worker<Api>::options().mode(Mode::thread).init();
    Gate tried;
    auto in_backoff = outer.call([&](Api&) {
        return outcome_of(inner.call([&](Api&) {
            tried.open();
            throw HttpError(503);
        }));
    });
    REQUIRE(tried.pass());
    in_backoff.cancel();
    const std::string end = in_backoff.result();
    CHECK((end == "cancelled" || end == "http 503"));

    Gate started;
    auto running = outer.call([&](Api&) {
        return inner
            .call([&](Api&, CallContext& context) {
                started.open();
                return context.stop_token().wait_for(patience);
            })
            .result();
    });
    REQUIRE(started.pass());
    running.cancel();
    CHECK(running.result());
}

TEST_CASE("a validator that no method can meet is warned of at the stop", "[retry][R6][O10]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto log = std::make_shared<ReportLog>();
    {
        auto api = options(mode)
                       .observer(log)
                       .retry_until([](const std::string&) { return true; })
                       .retry_until([](int) { return true; })
                       .init();
        api.call<&Api::next>().result();
        api.stop();
    }
    CHECK(log->warnings(WarningKind::idle_validator).size() == 1);
}

TEST_CASE("filters and validators that throw are warned of once", "[retry][R5][R6][O10]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto log = std::make_shared<ReportLog>();
    auto api = options(mode)
                   .observer(log)
                   .retry_on([](const HttpError&) -> bool { throw std::logic_error("broken"); })
                   .retry_until([](int) -> bool { throw std::logic_error("broken, too"); })
                   .init();
    for (int i = 0; i < 3; ++i) {
        CHECK(outcome_of(api.call<&Api::denied>()) == "http 403");
        const auto rejected = api.call<&Api::next>();
        CHECK(outcome_of(rejected) == "rejected");
        CHECK(rejected.attempts() == 4);
    }
    CHECK(log->warnings(WarningKind::hook_error).size() == 2);
}

// ---- what happens while functions of the policy run

TEST_CASE("a cancel that comes while a predicate runs ends the call before its backoff", "[retry][R8]") {
    const Mode mode = GENERATE(every_queueing_mode());
    const RetryOrder order = GENERATE(RetryOrder::keep, RetryOrder::overtake);
    const Duration wait = GENERATE(0ms, 1h);
    CAPTURE(mode, order, wait.count());
    Gate asked;
    Gate cancelled;
    auto api = options(mode)
                   .retry_wait(wait)
                   .retry_order(order)
                   .retry_on([&](const HttpError&) {
                       asked.open();
                       return cancelled.pass();
                   })
                   .init();
    auto call = api.call<&Api::denied>();
    REQUIRE(asked.pass());
    CHECK_FALSE(call.cancel());
    cancelled.open();
    CHECK(outcome_of(call) == "http 403");
    CHECK(call.attempts() == 1);
    CHECK(call.stop_reason() == StopReason::cancelled);
    CHECK(api.call<&Api::count>().result() == 1);
}

TEST_CASE("a cancel that comes while amounts are computed ends the wait for limits", "[retry][R8][L10]") {
    const Mode mode = GENERATE(every_queueing_mode());
    const RetryOrder order = GENERATE(RetryOrder::keep, RetryOrder::overtake);
    CAPTURE(mode, order);
    LimitSet set({ResourceLimit("slots", 4)});
    const Acquisition held = set.acquire({"slots", 4});
    Gate asked;
    Gate cancelled;
    auto api = options(mode)
                   .limits(set)
                   .retry_order(order)
                   .method<&Api::flaky>([&](auto& m) {
                       m.acquires("slots", [&](int) {
                           asked.open();
                           static_cast<void>(cancelled.pass());
                           return 1;
                       });
                   })
                   .init();
    auto call = api.call<&Api::flaky>(0);
    REQUIRE(asked.pass());
    call.cancel();
    cancelled.open();
    CHECK(outcome_of(call) == "cancelled");
    CHECK(call.attempts() == 0);
    CHECK(eventually([&] { return set.stats("slots").waiting == 0; }));
}

TEST_CASE("a deadline that comes while a predicate runs leaves no further attempt", "[retry][R8][R13]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    ManualClock clock;
    auto api = options(mode)
                   .clock(clock)
                   .retry_wait(0ms)
                   .call_timeout(1s)
                   .retry_on([&](const HttpError&) {
                       clock.advance(2s);
                       return true;
                   })
                   .init();
    const auto call = api.call<&Api::denied>();
    CHECK(outcome_of(call) == "timeout");
    CHECK(call.attempts() == 1);
    CHECK(call.stop_reason() == StopReason::deadline);
    CHECK(api.with({.call_timeout = 1h}).call<&Api::count>().result() == 1);
}

TEST_CASE("a result that cannot be kept ends the call in what its move throws", "[retry][R6][R10]") {
    struct Stubborn {
        Stubborn() = default;
        Stubborn(const Stubborn&) { throw HttpError(507); }
    };
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto api = options(mode).retry_until([](const Stubborn&) { return false; }).init();
    CHECK(outcome_of(api.call([](Api&) { return Stubborn(); })) == "http 507");
}

TEST_CASE("a call that waits for a limit outlives the deadline of an outer call that has ended", "[retry][R21]") {
    const RetryOrder order = GENERATE(RetryOrder::keep, RetryOrder::overtake);
    const int retries = GENERATE(0, 2);
    CAPTURE(order, retries);
    ManualClock clock;
    LimitSet set({ResourceLimit("slots", 1)});
    Acquisition held = set.acquire("slots");
    auto inner = options(Mode::thread)
                     .clock(clock)
                     .limits(set)
                     .num_retries(retries)
                     .retry_order(order)
                     .method<&Api::next>([](auto& m) { m.acquires("slots"); })
                     .init();
    auto outer = options(Mode::thread).clock(clock).call_timeout(1s).init();
    Future<int> call;
    outer.call([&](Api&) { call = inner.call<&Api::next>(); }).result();
    clock.advance(2s);
    CHECK_FALSE(call.done());
    held.release();
    CHECK(call.result() == 1);
    CHECK(call.attempts() == 1);
}

TEST_CASE("a call in its caller that fails at once and for ever ends with the call around it", "[retry][R21]") {
    auto inner = options(Mode::sync).num_retries(unlimited).retry_wait(0ms).init();
    auto outer = Worker<Api>::options().mode(Mode::thread).init();
    Gate tried;
    auto call = outer.call([&](Api&) {
        return outcome_of(inner.call([&](Api&) {
            tried.open();
            throw HttpError(503);
        }));
    });
    REQUIRE(tried.pass());
    call.cancel();
    CHECK(call.result() == "http 503");
}

TEST_CASE("calls made by a call that waits for what it returned are cancelled with it", "[retry][R21]") {
    const Mode mode = GENERATE(every_queueing_mode());
    const int retries = GENERATE(0, 3);
    const std::string how = GENERATE("cancel", "deadline", "stop", "its source fails");
    CAPTURE(mode, retries, how);
    ManualClock clock;
    auto inner = Worker<Api>::options().mode(mode).init();
    auto outer = options(mode).num_retries(retries).clock(clock).init();
    Gate started;
    Gate release;
    Promise<int> source;
    Future<bool> asked;
    const auto method = [&](Api&) {
        asked = inner.call([&](Api&, CallContext& context) {
            started.open();
            while (!context.stop_token().stop_requested() && !release.is_open()) std::this_thread::yield();
            return context.stop_token().stop_requested();
        });
        return source.future();
    };
    auto call = how == "deadline" ? outer.with({.call_timeout = 1s}).call(method) : outer.call(method);
    REQUIRE(started.pass());
    outer.call<&Api::count>().result();
    CHECK_FALSE(asked.done());
    if (how == "cancel") {
        CHECK(call.cancel());
        CHECK(call.cancelled());
    } else if (how == "deadline") {
        clock.advance(1s);
        CHECK(outcome_of(call) == "timeout");
    } else if (how == "stop") {
        outer.stop(Stop::now);
        CHECK(outcome_of(call) == "stopped");
    } else {
        // Then the call has ended by itself, and what it merely started goes on.
        source.set_exception(std::make_exception_ptr(std::bad_alloc()));
        CHECK(outcome_of(call) == "other");
        release.open();
    }
    CHECK(asked.result() == (how != "its source fails"));
}

TEST_CASE("what a call has begun is asked to stop however late its method returns a future", "[retry][R13][R21]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    const auto observer = std::make_shared<Observer>();
    const std::weak_ptr<Observer> of_worker = observer;
    ManualClock clock;
    auto inner = Worker<Api>::options().mode(mode).init();
    {
        Promise<int> never_done;
        Gate started;
        Future<bool> asked;
        auto outer = options(mode).clock(clock).observer(observer).attempt_timeout(1h).init();
        auto call = outer.with({.call_timeout = 1s}).call([&](Api&, CallContext& context) {
            asked = inner.call([](Api&, CallContext& of_inner) { return of_inner.stop_token().wait_for(patience); });
            started.open();
            CHECK(context.stop_token().wait_for(1h));  // on the clock: at the deadline, when the call has ended
            return never_done.future();
        });
        REQUIRE(started.pass());
        clock.advance(1s);
        CHECK(outcome_of(call) == "timeout");
        CHECK((outcome_of(asked) != "value" || asked.result()));
    }
    CHECK(of_worker.use_count() == 1);  // no timer keeps the worker
}

TEST_CASE("what an attempt has begun that is over its time is asked to stop before the next one", "[retry][R13][R21]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto inner = Worker<Api>::options().mode(mode).init();
    auto outer = options(mode).retry_wait(0s).attempt_timeout(2ms).init();
    for (int i = 0; i < 20; ++i) {
        Promise<int> never_done;
        Future<bool> asked;
        auto call = outer.call([&](Api&, CallContext& context) {
            if (context.attempt().number == 2) return ready(2);
            asked = inner.call([](Api&, CallContext& of_inner) { return of_inner.stop_token().wait_for(patience); });
            return never_done.future();
        });
        CHECK(call.result() == 2);
        CHECK((outcome_of(asked) != "value" || asked.result()));
    }
}

TEST_CASE("a future that comes after the time of its attempt is not waited for", "[retry][R13]") {
    const Mode mode = GENERATE(every_queueing_mode());
    const RetryOrder order = GENERATE(RetryOrder::keep, RetryOrder::overtake);
    CAPTURE(mode, order);
    ManualClock clock;
    auto api = options(mode).clock(clock).retry_wait(0s).retry_order(order).attempt_timeout(1s).init();
    Promise<int> never_done;
    const auto call = api.call([&](Api&, CallContext& context) {
        if (context.attempt().number == 2) return ready(2);
        // The timer of the attempt was set before that of this wait, and goes off first.
        CHECK(context.stop_token().wait_for(1h));
        return never_done.future();
    });
    clock.advance(1s);
    REQUIRE(call.done());
    CHECK(call.result() == 2);
    CHECK(call.attempts() == 2);
    CHECK(clock.elapsed() == 1s);
}

TEST_CASE("who asks for the stop of an attempt that is over its time is told at once", "[retry][R13][R21]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto api = options(mode).num_retries(0).attempt_timeout(1ms).init();
    std::atomic<bool> was_told = false;
    const auto call = api.call([&](Api&, CallContext& context) {
        while (context.now() < *context.deadline()) std::this_thread::yield();
        const auto listener = context.stop_token().on_stop([&] { was_told = true; });
        return was_told ? 1 : 0;
    });
    CHECK(outcome_of(call) == "timeout");
    api.stop();
    CHECK(was_told);
}

TEST_CASE("in sync mode a call after its backoff waits for its turn until its deadline", "[retry][R13][R16]") {
    auto api = options(Mode::sync)
                   .num_retries(unlimited)
                   .retry_wait(50ms)
                   .retry_order(RetryOrder::overtake)
                   .call_timeout(2s)
                   .init();
    const auto others = api.with({.call_timeout = never});
    Gate taken;
    Gate over;
    Future<void> other;
    const auto call = api.call([&](Api& object) {
        if (++object.calls > 1) throw HttpError(503);
        other = on_new_thread([&] {
            others
                .call([&](Api&) {
                    taken.open();
                    static_cast<void>(over.pass());
                })
                .result();
        });
        throw HttpError(503);
    });
    CHECK(outcome_of(call) == "timeout");
    CHECK(taken.is_open());
    CHECK(nested_text(call) == "http");
    over.open();
    other.result();
    CHECK(others.call<&Api::count>().result() == call.attempts());
    api.stop();
}

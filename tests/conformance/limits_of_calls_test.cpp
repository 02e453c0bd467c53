// What calls take of limits by themselves. L8, L9, L10, L17, R16, R17
#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "concur/testing.hpp"
#include "support/worker_support.hpp"

using namespace concur;
using namespace concur::test;

namespace {

struct Request {
    int tokens = 0;
};
struct Reply {
    int used = 0;
};

/// A class that knows nothing of limits.
struct Api {
    int calls = 0;
    int next() { return ++calls; }
    int succeed_at(int attempt) {
        if (++calls < attempt) throw std::runtime_error("not yet");
        return calls;
    }
    Reply complete(const Request& request) {
        if (request.tokens < 0) throw std::runtime_error("refused");
        return {request.tokens / 2};
    }
    std::string send(std::string_view text, int copies) { return std::string(text) + std::to_string(copies); }
    Future<int> later(const Future<int>& value) { return value; }
    void wait_for_stop() { static_cast<void>(this_worker::context().stop_token().wait_for(patience)); }
};

Options<Api> api(Mode mode) { return Worker<Api>::options().mode(mode); }

bool waits(const LimitSet& limits, std::string_view key, int count = 1) {
    return eventually([&] { return limits.stats(key).waiting == count; });
}

/// What tests of every mode do, on a clock of their own: seconds until the call is done.
template <class Call>
Duration time_of(testing::ManualClock& clock, Call make_call) {
    const auto before = clock.elapsed();
    const auto call = make_call();
    clock.run_until([&] { return call.done(); });
    return clock.elapsed() - before;
}

}  // namespace

// ---- CallLimit

TEST_CASE("a CallLimit charges each call that starts, and those above it wait", "[limits][L1][L9]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    testing::ManualClock clock;
    LimitSet limits({CallLimit(2, 1s)}, {.clock = clock});
    const auto worker = api(mode).clock(clock).limits(limits).init();
    std::vector<Future<int>> calls;
    for (int i = 0; i < 5; ++i) calls.push_back(worker.call<&Api::next>());
    clock.run_until([&] { return calls.back().done(); });
    CHECK(clock.elapsed() == Duration(2s));
    for (int i = 0; i < 5; ++i) CHECK(calls[static_cast<std::size_t>(i)].result() == i + 1);
    CHECK(limits.stats("calls").granted == 5);
    CHECK(limits.stats("calls").unreported == 0);
    CHECK(limits.stats("calls").wait_time == Duration(2s));
}

TEST_CASE("a CallLimit counts calls, or attempts where it is told to", "[limits][L1][L9]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    testing::ManualClock clock;
    const auto builder = api(mode).clock(clock).num_retries(4).retry_wait(0s);
    LimitSet by_call({CallLimit(1, 10s)}, {.clock = clock});
    const auto one = builder.limits(by_call).init();
    CHECK(time_of(clock, [&] { return one.call<&Api::succeed_at>(3); }) == Duration());
    CHECK(by_call.stats("calls").granted == 1);
    LimitSet by_attempt({CallLimit(1, 10s).per_attempt()}, {.clock = clock});
    const auto each = builder.limits(by_attempt).init();
    CHECK(time_of(clock, [&] { return each.call<&Api::succeed_at>(3); }) == Duration(20s));
    CHECK(by_attempt.stats("calls").granted == 3);
}

TEST_CASE("a call is charged to its CallLimit with the first attempt that has all it acquires", "[limits][L1][L9]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    LimitSet limits({CallLimit(10, 1h), ResourceLimit("connections", 1)});
    std::atomic<int> asked{0};
    const auto worker = api(mode)
                            .limits(limits)
                            .num_retries(3)
                            .retry_wait(0s)
                            .method<&Api::complete>([&](auto& m) {
                                m.acquires("connections", [&](const Request&) {
                                    if (++asked == 1) throw std::runtime_error("not yet");
                                    return 1;
                                });
                            })
                            .init();
    CHECK(worker.call<&Api::complete>(Request{2}).result().used == 1);
    CHECK(asked == 2);
    CHECK(limits.stats("calls").granted == 1);
}

TEST_CASE("of a pool, sets with a CallLimit count the calls that they serve, and others serve any number",
          "[limits][L1][L12]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    LimitSet counted({CallLimit(2, 1h), ResourceLimit("slots", 10)}, {.tag = "counted"});
    LimitSet free({ResourceLimit("slots", 10)}, {.tag = "free"});
    LimitSet other({ResourceLimit("printers", 1)}, {.tag = "other"});
    const auto worker = api(mode)
                            .limits(LimitPool({counted, free, other}))
                            .method<&Api::complete>([](auto& m) { m.acquires("slots"); })
                            .init();
    // One after the other, those that can serve it: all three, and without the third where slots are needed.
    for (int i = 0; i < 3; ++i) CHECK(worker.call<&Api::next>().result() == i + 1);
    CHECK(counted.stats("calls").granted == 1);
    for (int i = 0; i < 4; ++i) CHECK(worker.call<&Api::complete>(Request{2}).result().used == 1);
    CHECK(counted.stats("calls").granted == 2);
    CHECK(counted.stats("slots").granted == 1);
    CHECK(free.stats("slots").granted == 3);
    CHECK(other.stats("printers").granted == 0);
}

TEST_CASE("of a pool, each set counts calls or attempts as its own CallLimit says", "[limits][L1][L12]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    LimitSet by_call({CallLimit(100, 1h)});
    LimitSet by_attempt({CallLimit(100, 1h).per_attempt()});
    LimitSet free({ResourceLimit("slots", 1)});
    const auto builder = api(mode).num_retries(5).retry_wait(0s);
    const LimitPool pool({by_call, by_attempt, free});
    const auto worker = builder.limits(pool).init();
    CHECK(worker.call<&Api::succeed_at>(6).result() == 6);  // each set serves two attempts
    CHECK(by_call.stats("calls").granted == 1);
    CHECK(by_attempt.stats("calls").granted == 2);
}

TEST_CASE("a call that waits for its CallLimit ends at once when it is cancelled", "[limits][L10]") {
    const Mode mode = GENERATE(every_queueing_mode());
    const RetryOrder order = GENERATE(RetryOrder::keep, RetryOrder::overtake);
    CAPTURE(mode, order);
    LimitSet limits({CallLimit(1, 1h)});
    const auto worker = api(mode).limits(limits).retry_order(order).init();
    CHECK(worker.call<&Api::next>().result() == 1);
    const auto waiting = worker.call<&Api::next>();
    REQUIRE(waits(limits, "calls"));
    CHECK(waiting.cancel());
    CHECK_THROWS_AS(waiting.result(), CancelledError);
    CHECK(waits(limits, "calls", 0));
    CHECK(limits.stats("calls").cancelled == 1);
    CHECK(limits.stats("calls").timeouts == 0);
}

TEST_CASE("a call that waits for its CallLimit ends at once when its worker is stopped", "[limits][L10][W22]") {
    const Mode mode = GENERATE(every_queueing_mode());
    const RetryOrder order = GENERATE(RetryOrder::keep, RetryOrder::overtake);
    CAPTURE(mode, order);
    LimitSet limits({CallLimit(1, 1h)});
    auto worker = api(mode).limits(limits).retry_order(order).init();
    CHECK(worker.call<&Api::next>().result() == 1);
    const auto waiting = worker.call<&Api::next>();
    const auto behind = worker.call<&Api::next>();
    REQUIRE(waits(limits, "calls", order == RetryOrder::overtake ? 2 : 1));
    worker.stop(Stop::now);
    CHECK_THROWS_AS(waiting.result(), WorkerStoppedError);
    CHECK_THROWS_AS(behind.result(), WorkerStoppedError);
    CHECK(waits(limits, "calls", 0));
    CHECK(limits.stats("calls").timeouts == 0);
}

TEST_CASE("a call that waits for its CallLimit ends at its deadline", "[limits][L9][L10][R13]") {
    const Mode mode = GENERATE(every_mode());
    const RetryOrder order = GENERATE(RetryOrder::keep, RetryOrder::overtake);
    CAPTURE(mode, order);
    testing::ManualClock clock;
    LimitSet limits({CallLimit(1, 1h)}, {.clock = clock});
    const auto worker = api(mode).clock(clock).limits(limits).retry_order(order).call_timeout(90s).init();
    CHECK(time_of(clock, [&] { return worker.call<&Api::next>(); }) == Duration());
    Future<int> late;
    CHECK(time_of(clock, [&] { return late = worker.call<&Api::next>(); }) == Duration(90s));
    CHECK_THROWS_AS(late.result(), TimeoutError);
    CHECK(late.stop_reason() == StopReason::deadline);
    CHECK(waits(limits, "calls", 0));
    CHECK(limits.stats("calls").granted == 1);
    CHECK(limits.stats("calls").timeouts == 1);
    CHECK(limits.stats("calls").cancelled == 0);
}

// ---- what methods acquire

TEST_CASE("an attempt takes what its method acquires, and gives it back at its end", "[limits][L17]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    LimitSet limits({ResourceLimit("connections", 2)});
    const auto worker = api(mode)
                            .limits(limits)
                            .method<&Api::wait_for_stop>([](auto& m) {
                                m.acquires({{"connections", 2}});
                            })
                            .method<&Api::next>([](auto& m) { m.acquires("connections"); })
                            .init();
    CHECK(worker.call<&Api::next>().result() == 1);
    CHECK(limits.stats("connections").granted == 1);
    CHECK(limits.stats("connections").in_use == 0);
    if (runs_in_caller(mode)) return;
    const auto running = worker.call<&Api::wait_for_stop>();
    CHECK(eventually([&] { return limits.stats("connections").in_use == 2; }));
    static_cast<void>(running.cancel());
    running.wait();
    CHECK(eventually([&] { return limits.stats("connections").in_use == 0; }));
    CHECK(limits.stats("connections").granted == 2);
}

TEST_CASE("amounts follow from the arguments, and are corrected by the result", "[limits][L17]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    LimitSet limits({RateLimit("tokens", 1000, 1h), RateLimit("bytes", 1000, 1h)});
    const auto worker =
        api(mode)
            .limits(limits)
            .method<&Api::complete>([](auto& m) {
                m.acquires("tokens", [](const Request& request) { return request.tokens < 0 ? 7 : request.tokens; });
                m.reports("tokens", [](const Reply& reply) { return reply.used; });
            })
            .method<&Api::send>([](auto& m) {
                m.acquires("bytes",
                           [](std::string_view text, int copies) { return static_cast<int>(text.size()) * copies; });
            })
            .init();
    CHECK(worker.call<&Api::complete>(Request{100}).result().used == 50);
    CHECK(limits.stats("tokens").available == 950);
    CHECK(limits.stats("tokens").refunded == 50);
    CHECK(limits.stats("tokens").unreported == 0);
    CHECK_THROWS_AS(worker.call<&Api::complete>(Request{-1}).result(), std::runtime_error);
    CHECK(limits.stats("tokens").available == 943);
    CHECK(limits.stats("tokens").unreported == 1);
    CHECK(worker.call<&Api::send>("abcd", 3).result() == "abcd3");
    CHECK(limits.stats("bytes").available == 988);
    Promise<Request> request;
    const auto with_input = worker.call<&Api::next>();
    with_input.wait();
    request.set_value(Request{10});
    CHECK(worker.call<&Api::complete>(request.future()).result().used == 5);
    CHECK(limits.stats("tokens").available == 938);
}

TEST_CASE("the same method by its pointer, and options without limits", "[limits][L17][R11]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    LimitSet limits({RateLimit("tokens", 1000, 1h)});
    const auto builder = api(mode).method<&Api::next>([](auto& m) { m.acquires("tokens", 3); });
    const auto worker = builder.limits(limits).init();
    CHECK(worker.call(&Api::next).result() == 1);
    CHECK(limits.stats("tokens").available == 997);
    CHECK(worker.call<&Api::succeed_at>(1).result() == 2);
    CHECK(limits.stats("tokens").available == 997);
    CHECK(builder.init().call<&Api::next>().result() == 1);
}

TEST_CASE("what can never be acquired is what the call ends in", "[limits][L17][L4]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    LimitSet limits({ResourceLimit("connections", 2)});
    const auto worker = api(mode)
                            .limits(limits)
                            .num_retries(3)
                            .method<&Api::next>([](auto& m) { m.acquires("printers"); })
                            .method<&Api::complete>([](auto& m) {
                                m.acquires("connections", [](const Request& request) {
                                    if (request.tokens == 0) throw std::domain_error("no tokens");
                                    return request.tokens;
                                });
                                m.num_retries(0);
                            })
                            .init();
    CHECK_THROWS_AS(worker.call<&Api::next>().result(), UnknownLimitError);
    CHECK_THROWS_AS(worker.call<&Api::complete>(Request{3}).result(), LimitUnsatisfiableError);
    CHECK_THROWS_AS(worker.call<&Api::complete>(Request{-1}).result(), ConfigError);
    CHECK_THROWS_AS(worker.call<&Api::complete>(Request{0}).result(), std::domain_error);
    CHECK(worker.call<&Api::complete>(Request{2}).result().used == 1);
    CHECK(limits.stats("connections").in_use == 0);
}

TEST_CASE("a report that throws is warned of, and the attempt is charged in full", "[limits][L17][O10]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto log = std::make_shared<ReportLog>();
    LimitSet limits({RateLimit("tokens", 1000, 1h)});
    const auto worker = api(mode)
                            .limits(limits)
                            .observer(log)
                            .method<&Api::complete>([](auto& m) {
                                m.acquires("tokens", 10);
                                m.reports("tokens", [](const Reply& reply) -> int {
                                    if (reply.used > 0) throw std::domain_error("unknown");
                                    return -1;
                                });
                            })
                            .init();
    CHECK(worker.call<&Api::complete>(Request{2}).result().used == 1);
    CHECK(worker.call<&Api::complete>(Request{0}).result().used == 0);
    CHECK(log->warnings(WarningKind::hook_error).size() == 2);
    CHECK(limits.stats("tokens").available == 980);
    CHECK(limits.stats("tokens").unreported == 2);
}

TEST_CASE("permits are held until the future is done that a method returned", "[limits][L17]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    LimitSet limits({ResourceLimit("connections", 1)});
    const auto worker = api(mode).limits(limits).method<&Api::later>([](auto& m) { m.acquires("connections"); }).init();
    Promise<int> inner;
    const auto call = worker.call([future = inner.future()](Api&) { return as_is(future); });
    static_cast<void>(call);
    Promise<int> value;
    const auto following = worker.call<&Api::later>(as_is(value.future()));
    CHECK(eventually([&] { return limits.stats("connections").in_use == 1; }));
    value.set_value(4);
    CHECK(following.result() == 4);
    CHECK(eventually([&] { return limits.stats("connections").in_use == 0; }));
    inner.set_value(1);
}

// ---- with retries

TEST_CASE("no permit is held during backoff, and attempts take theirs anew", "[limits][R17][L9]") {
    const Mode mode = GENERATE(every_mode());
    const RetryOrder order = GENERATE(RetryOrder::keep, RetryOrder::overtake);
    CAPTURE(mode, order);
    testing::ManualClock clock;
    LimitSet limits({ResourceLimit("connections", 1), CallLimit(100, 1h)}, {.clock = clock});
    std::atomic<int> held_in_backoff{0};
    const auto worker = api(mode)
                            .clock(clock)
                            .limits(limits)
                            .retry_order(order)
                            .num_retries(3)
                            .retry_wait(1s)
                            .retry_jitter(0)
                            .method<&Api::succeed_at>([](auto& m) { m.acquires("connections"); })
                            .retry_on([&](const std::runtime_error&) {
                                held_in_backoff += static_cast<int>(limits.stats("connections").in_use);
                                return true;
                            })
                            .init();
    CHECK(time_of(clock, [&] { return worker.call<&Api::succeed_at>(3); }) == Duration(3s));
    CHECK(held_in_backoff == 0);
    CHECK(limits.stats("connections").granted == 3);
    CHECK(limits.stats("connections").in_use == 0);
    CHECK(limits.stats("calls").granted == 1);
}

TEST_CASE("an attempt's time begins when it has what it acquires", "[limits][L9][L17]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    testing::ManualClock clock;
    LimitSet limits({RateLimit("tokens", 1, 1min)}, {.clock = clock});
    const auto worker = api(mode)
                            .clock(clock)
                            .limits(limits)
                            .attempt_timeout(1s)
                            .method<&Api::next>([](auto& m) { m.acquires("tokens"); })
                            .init();
    CHECK(time_of(clock, [&] { return worker.call<&Api::next>(); }) == Duration());
    Future<int> second;
    CHECK(time_of(clock, [&] { return second = worker.call<&Api::next>(); }) == Duration(1min));
    CHECK(second.result() == 2);
}

TEST_CASE("an acquire inside a method is part of the attempt's time", "[limits][L9]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    testing::ManualClock clock;
    LimitSet limits({RateLimit("tokens", 1, 1h)}, {.clock = clock});
    const auto used_up = limits.acquire("tokens");
    const auto acquire = [limits](Api&) mutable { static_cast<void>(limits.acquire("tokens").acquired()); };
    const auto by_attempt = api(mode).clock(clock).attempt_timeout(3s).init();
    const auto by_call = api(mode).clock(clock).call_timeout(4s).init();
    Future<void> call;
    CHECK(time_of(clock, [&] { return call = by_attempt.call(acquire); }) == Duration(3s));
    CHECK_THROWS_AS(call.result(), TimeoutError);
    CHECK(time_of(clock, [&] { return call = by_call.call(acquire); }) == Duration(4s));
    CHECK_THROWS_AS(call.result(), TimeoutError);
    CHECK(waits(limits, "tokens", 0));
    CHECK(limits.stats("tokens").timeouts == 2);
    CHECK(limits.stats("tokens").cancelled == 0);
}

// ---- places and threads

TEST_CASE("a call that waits for permits keeps its place, or is overtaken where retries are", "[limits][R16][L17]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    LimitSet limits({ResourceLimit("connections", 1)});
    const auto builder = api(mode).limits(limits).method<&Api::succeed_at>([](auto& m) { m.acquires("connections"); });
    {
        auto held = limits.acquire("connections");
        const auto worker = builder.init();
        const auto waiting = worker.call<&Api::succeed_at>(1);
        const auto behind = worker.call<&Api::next>();
        REQUIRE(waits(limits, "connections"));
        CHECK_FALSE(behind.done());
        held.release();
        CHECK(waiting.result() == 1);
        CHECK(behind.result() == 2);
    }
    auto held = limits.acquire("connections");
    const auto worker = builder.retry_order(RetryOrder::overtake).init();
    const auto waiting = worker.call<&Api::succeed_at>(1);
    REQUIRE(waits(limits, "connections"));
    CHECK(worker.call<&Api::next>().result() == 1);
    held.release();
    CHECK(waiting.result() == 2);
}

TEST_CASE("ten thousand calls that wait for permits cost no thread", "[limits][R16]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    constexpr int count = 10'000;
    LimitSet limits({ResourceLimit("connections", 1)});
    auto held = limits.acquire("connections");
    const auto worker = api(mode)
                            .limits(limits)
                            .retry_order(RetryOrder::overtake)
                            .method<&Api::next>([](auto& m) { m.acquires("connections"); })
                            .init();
    CHECK(worker.call<&Api::succeed_at>(1).result() == 1);
    const std::size_t threads = thread_count();
    std::vector<Future<int>> calls;
    for (int i = 0; i < count; ++i) calls.push_back(worker.call<&Api::next>());
    REQUIRE(waits(limits, "connections", count));
    CHECK(thread_count() <= threads);
    held.release();
    int last = 1;
    int out_of_order = 0;
    for (const auto& call : calls) out_of_order += call.result() == ++last ? 0 : 1;
    CHECK(out_of_order == 0);
    CHECK(eventually([&] { return limits.stats("connections").in_use == 0; }));
}

TEST_CASE("a call that runs acquires before those of its worker that wait and cannot begin", "[limits][L8][L17][R16]") {
    const Mode mode = GENERATE(every_queueing_mode());
    const bool is_granted_first = GENERATE(true, false);
    CAPTURE(mode, is_granted_first);
    testing::ManualClock clock;
    LimitSet limits({ResourceLimit("slots", 1), RateLimit("tokens", 2, 1h)}, {.clock = clock});
    const LimitRequests both{{"slots", 1}, {"tokens", 1}};
    auto worker = api(mode)
                      .clock(clock)
                      .limits(limits)
                      .retry_order(RetryOrder::overtake)
                      .method<&Api::next>([&](auto& m) { m.acquires(both); })
                      .init();
    std::optional<Acquisition> held = limits.acquire("slots");
    const auto aside = worker.call<&Api::next>();
    REQUIRE(waits(limits, "slots"));
    Gate started;
    Gate may_acquire;
    const auto runs = worker.call([&](Api& object) {
        started.open();
        if (!may_acquire.pass()) throw std::runtime_error("never told to go on");
        const auto mine = this_worker::limits().acquire(both, 1min);
        return object.calls;
    });
    REQUIRE(started.pass());
    if (is_granted_first) {
        held.reset();  // to the call that is put aside: it is in the queue now, behind the one that runs
        REQUIRE(eventually([&] { return limits.stats("slots").waiting == 0; }));
        may_acquire.open();
    } else {
        may_acquire.open();
        clock.settle();
        held.reset();
    }
    CHECK(runs.result() == 0);
    CHECK(aside.result() == 1);
    CHECK(limits.stats("tokens").in_use == 2);
    CHECK(limits.stats("tokens").unreported == 2);
    CHECK(limits.stats("slots").cancelled == 0);
    CHECK(limits.stats("slots").in_use == 0);
}

TEST_CASE("what is granted to a call that is cancelled before it begins goes back, of rates too", "[limits][L6][L17]") {
    LimitSet limits({ResourceLimit("slots", 1), RateLimit("tokens", 1, 1h)});
    auto worker = api(Mode::thread)
                      .limits(limits)
                      .retry_order(RetryOrder::overtake)
                      .method<&Api::next>([](auto& m) {
                          m.acquires({{"slots", 1}, {"tokens", 1}});
                      })
                      .init();
    std::optional<Acquisition> held = limits.acquire("slots");
    const auto aside = worker.call<&Api::next>();
    REQUIRE(waits(limits, "slots"));
    const Busy busy(worker);
    held.reset();
    REQUIRE(eventually([&] { return limits.stats("tokens").in_use == 1; }));
    CHECK(aside.cancel());
    CHECK(limits.stats("tokens").in_use == 0);
    CHECK(limits.stats("slots").in_use == 0);
    busy.end();
    CHECK(worker.call<&Api::next>().result() == 1);
}

TEST_CASE("a grant in the instant of a cancel is not lost by a call", "[limits][L6][L17]") {
    const Mode mode = GENERATE(every_queueing_mode());
    const RetryOrder order = GENERATE(RetryOrder::keep, RetryOrder::overtake);
    CAPTURE(mode, order);
    LimitSet limits({ResourceLimit("connections", 1)});
    const auto worker = api(mode)
                            .limits(limits)
                            .retry_order(order)
                            .method<&Api::next>([](auto& m) { m.acquires("connections"); })
                            .init();
    int lost = 0;
    for (int round = 0; round < 100; ++round) {
        auto held = limits.acquire("connections");
        std::vector<Future<int>> calls;
        for (int i = 0; i < 3; ++i) calls.push_back(worker.call<&Api::next>());
        std::thread canceller([&] {
            for (const auto& call : calls) static_cast<void>(call.cancel());
        });
        held.release();
        canceller.join();
        for (const auto& call : calls) call.wait();
        lost += eventually([&] { return limits.stats("connections").in_use == 0; }) ? 0 : 1;
        lost += limits.stats("connections").waiting;
    }
    CHECK(lost == 0);
}

// ---- deadlocks

TEST_CASE("a method that acquires what its call holds already is told so", "[limits][L8][L17]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    LimitSet limits({ResourceLimit("connections", 1)});
    struct Careless {
        void query() { static_cast<void>(this_worker::limits().acquire("connections").acquired()); }
    };
    const auto worker = Worker<Careless>::options()
                            .mode(mode)
                            .limits(limits)
                            .method<&Careless::query>([](auto& m) { m.acquires("connections"); })
                            .init();
    CHECK_THROWS_AS(worker.call<&Careless::query>().result(), LimitDeadlockError);
    CHECK(limits.stats("connections").in_use == 0);
}

TEST_CASE("a call inside a call that holds what it needs is told so", "[limits][L8][L17]") {
    LimitSet limits({ResourceLimit("connections", 1)});
    const auto inner =
        api(Mode::sync).limits(limits).method<&Api::next>([](auto& m) { m.acquires("connections"); }).init();
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto outer = api(mode).limits(limits).init();
    const auto call = outer.call([inner](Api&) {
        const auto held = this_worker::limits().acquire("connections");
        return inner.call<&Api::next>().result();
    });
    CHECK_THROWS_AS(call.result(), LimitDeadlockError);
    CHECK(limits.stats("connections").in_use == 0);
}

TEST_CASE("a call that keeps its order acquires before those of its worker that were put aside and have not begun",
          "[limits][L17][R16]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    LimitSet limits({ResourceLimit("slots", 1)});
    const auto worker = api(mode)
                            .limits(limits)
                            .method<&Api::next>([](auto& m) {
                                m.acquires("slots").retry(RetryPolicy().retry_order(RetryOrder::overtake));
                            })
                            .method<&Api::succeed_at>([](auto& m) { m.acquires("slots"); })
                            .init();
    std::optional<Acquisition> held = limits.acquire("slots");
    const auto aside = worker.call<&Api::next>();
    REQUIRE(waits(limits, "slots"));
    const Busy busy(worker);
    const auto keeps = worker.call<&Api::succeed_at>(0);
    held.reset();  // to the call that is put aside: it is in the queue now, behind the other one
    REQUIRE(waits(limits, "slots", 0));
    busy.end();
    REQUIRE(eventually([&] { return keeps.done() && aside.done(); }));
    CHECK(keeps.result() == 1);
    CHECK(aside.result() == 2);
    CHECK(limits.stats("slots").in_use == 0);
}

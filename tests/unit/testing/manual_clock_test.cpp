#include <concur/testing/manual_clock.hpp>

#include <atomic>
#include <functional>
#include <future>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "support/race.hpp"
#include "support/worker_support.hpp"

using concur::Duration;
using concur::Future;
using concur::Mode;
using concur::Worker;
using concur::testing::ManualClock;
using concur::testing::NoProgressError;
using namespace concur::test;
using namespace std::chrono_literals;

namespace {

struct Sleepy {
    /// False if it was asked to stop meanwhile.
    bool sleep(concur::CallContext& context, std::chrono::nanoseconds time) {
        return !context.stop_token().wait_for(time);
    }
    int add(int a, int b) { return a + b; }
};

auto thread_worker(const ManualClock& clock) { return Worker<Sleepy>::options().mode("thread").clock(clock).init(); }

/// What happened, in order; written by workers and timers, read when all is settled.
class Log {
public:
    void add(std::string line) {
        const std::lock_guard lock(mutex_);
        lines_.push_back(std::move(line));
    }
    [[nodiscard]] std::vector<std::string> lines() const {
        const std::lock_guard lock(mutex_);
        return lines_;
    }

private:
    mutable std::mutex mutex_;
    std::vector<std::string> lines_;
};

class CallTimer final : public concur::detail::Timer {
public:
    explicit CallTimer(std::function<void()> f) : f_{std::move(f)} {}
    void expired() noexcept override { f_(); }

private:
    std::function<void()> f_;
};

concur::detail::IntrusivePtr<concur::detail::Timer> timer(std::function<void()> f) {
    return concur::detail::IntrusivePtr<concur::detail::Timer>(new CallTimer(std::move(f)));
}

/// Sets a timer on the clock, `time` from now.
void set_timer(const ManualClock& clock, Duration time, std::function<void()> f) {
    const concur::TimeSource source = clock;
    source.get().schedule(timer(std::move(f)), concur::detail::deadline_after(clock.now(), time));
}

}  // namespace

TEST_CASE("a manual clock stands still until it is moved", "[manual_clock][O9]") {
    ManualClock clock;
    const auto start = clock.now();
    CHECK(clock.elapsed() == 0s);
    clock.settle();
    CHECK(clock.elapsed() == 0s);
    clock.advance(90s);
    clock.advance(0s);
    CHECK(clock.elapsed() == 90s);
    CHECK(clock.now() == start + 90s);
    CHECK(clock.elapsed() / 1s == 90);
}

TEST_CASE("time does not go back", "[manual_clock][O9]") {
    ManualClock clock;
    CHECK_THROWS_AS(clock.advance(-1ns), concur::ConfigError);
    CHECK_THROWS_AS(clock.advance(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN())),
                    concur::ConfigError);
    CHECK(contains(text_of_error([&] { clock.advance(-2s); }), "advance: -2 s is not allowed"));
    CHECK(clock.elapsed() == 0s);
}

TEST_CASE("a worker that sleeps wakes up when its time has come, and not before", "[manual_clock][O9]") {
    ManualClock clock;
    const auto worker = thread_worker(clock);
    const Future<bool> slept = worker.call<&Sleepy::sleep>(1h);
    clock.advance(59min);
    CHECK_FALSE(slept.done());
    clock.advance(1min);
    CHECK(slept.done());
    CHECK(slept.result());
    CHECK(clock.elapsed() == 1h);
}

TEST_CASE("a year is a step like any other", "[manual_clock][O9]") {
    ManualClock clock;
    const auto worker = thread_worker(clock);
    const Future<bool> slept = worker.call<&Sleepy::sleep>(24h * 365);
    clock.advance(24h * 364);
    CHECK_FALSE(slept.done());
    clock.advance(24h);
    CHECK(slept.done());
    clock.advance(24h * 365);
    CHECK(clock.elapsed() == 24h * 730);
}

TEST_CASE("result moves the clock as far as it needs", "[manual_clock][O9]") {
    ManualClock clock;
    const auto worker = thread_worker(clock);
    Future<bool> first = worker.call<&Sleepy::sleep>(1h);
    const Future<bool> second = worker.call<&Sleepy::sleep>(2h);
    CHECK(first.result());
    CHECK(clock.elapsed() == 1h);
    CHECK(second.result());
    CHECK(clock.elapsed() == 3h);
}

TEST_CASE("result with a timeout ends when the clock says so", "[manual_clock][F3]") {
    ManualClock clock;
    const auto worker = thread_worker(clock);
    const Future<bool> slept = worker.call<&Sleepy::sleep>(1h);
    CHECK_THROWS_AS(slept.result(10min), concur::TimeoutError);
    CHECK(clock.elapsed() == 10min);
    CHECK_FALSE(slept.wait_for(20min));
    CHECK(clock.elapsed() == 30min);
    CHECK_FALSE(slept.wait_until(clock.now() + 15min));
    CHECK(clock.elapsed() == 45min);
    CHECK(slept.result(1h));
    CHECK(clock.elapsed() == 1h);
}

TEST_CASE("a quick call does not cost any time", "[manual_clock][F3]") {
    ManualClock clock;
    const auto worker = thread_worker(clock);
    for (int i = 0; i < 1000; ++i) REQUIRE(worker.call<&Sleepy::add>(i, 1).result(1s) == i + 1);
    CHECK(clock.elapsed() == 0s);
}

TEST_CASE("wait and gather are on the clock of their futures", "[manual_clock][O9]") {
    ManualClock clock;
    const auto one = thread_worker(clock);
    const auto two = thread_worker(clock);
    const std::vector<Future<bool>> both{one.call<&Sleepy::sleep>(1h), two.call<&Sleepy::sleep>(2h)};
    CHECK(concur::wait(both, {.timeout = 10min}).done.empty());
    CHECK(clock.elapsed() == 10min);
    CHECK(concur::wait(both, {.return_when = concur::ReturnWhen::first_completed}).done.size() == 1);
    CHECK(clock.elapsed() == 1h);
    CHECK_THROWS_AS(concur::gather(both, {.timeout = 30min}), concur::TimeoutError);
    CHECK(clock.elapsed() == 90min);
    CHECK(concur::gather(both) == std::vector{true, true});
    CHECK(clock.elapsed() == 2h);
}

TEST_CASE("a wait for futures of workers and others is on the workers' clock", "[manual_clock][O9]") {
    ManualClock clock;
    const auto worker = thread_worker(clock);
    const std::vector<Future<bool>> both{concur::ready(true), worker.call<&Sleepy::sleep>(1h)};
    CHECK(concur::gather(both) == std::vector{true, true});
    CHECK(clock.elapsed() == 1h);
}

TEST_CASE("continuations are on the clock of what they follow", "[manual_clock][O9]") {
    ManualClock clock;
    const auto worker = thread_worker(clock);
    const Future<int> next = worker.call<&Sleepy::sleep>(1h).then([](bool slept) { return slept ? 1 : 0; });
    CHECK_THROWS_AS(next.result(1min), concur::TimeoutError);
    CHECK(next.result() == 1);
    CHECK(clock.elapsed() == 1h);
}

TEST_CASE("drain with a timeout ends when the clock says so", "[manual_clock][W25]") {
    ManualClock clock;
    const auto worker = thread_worker(clock);
    const Future<bool> slept = worker.call<&Sleepy::sleep>(1h);
    CHECK_FALSE(worker.drain(59min));
    CHECK(clock.elapsed() == 59min);
    CHECK(worker.drain());
    CHECK(slept.done());
    CHECK(clock.elapsed() == 1h);
    CHECK(worker.drain(1h));
    CHECK(clock.elapsed() == 1h);
}

TEST_CASE("stop drains for stop_timeout of the clock, then asks what runs", "[manual_clock][W21]") {
    ManualClock clock;
    const auto worker = Worker<Sleepy>::options().mode("thread").clock(clock).stop_timeout(10s).init();
    const Future<bool> slept = worker.call<&Sleepy::sleep>(1h);
    const Future<bool> queued = worker.call<&Sleepy::sleep>(1h);
    worker.stop();
    CHECK(clock.elapsed() == 10s);
    CHECK_FALSE(slept.result());  // asked
    CHECK_THROWS_AS(queued.result(), concur::WorkerStoppedError);
}

TEST_CASE("a stop that needs less time takes less", "[manual_clock][W21]") {
    ManualClock clock;
    const auto worker = thread_worker(clock);
    const Future<bool> slept = worker.call<&Sleepy::sleep>(20s);
    worker.stop();
    CHECK(slept.result());
    CHECK(clock.elapsed() == 20s);
}

TEST_CASE("stop now wakes what sleeps on the clock without moving it", "[manual_clock][W22]") {
    ManualClock clock;
    const auto worker = thread_worker(clock);
    const Future<bool> slept = worker.call<&Sleepy::sleep>(1h);
    clock.settle();
    worker.stop(concur::Stop::now);
    CHECK_FALSE(slept.result());
    CHECK(clock.elapsed() == 0s);
}

TEST_CASE("a stop from inside goes on by itself after stop_timeout of the clock", "[manual_clock][W21]") {
    ManualClock clock;
    const auto worker = Worker<Sleepy>::options().mode("thread").clock(clock).stop_timeout(10s).init();
    const Future<bool> slept = worker.call([worker](Sleepy& object, concur::CallContext& context) {
        worker.stop();
        return object.sleep(context, 1h);
    });
    clock.advance(9s);
    CHECK_FALSE(slept.done());
    clock.advance(1s);
    CHECK(slept.done());
    CHECK_FALSE(slept.result());
}

TEST_CASE("init_timeout is a time of the clock", "[manual_clock][W5]") {
    struct Patient {
        explicit Patient(const concur::Proxy<Sleepy>& other) { other.call<&Sleepy::sleep>(1h).result(); }
    };
    ManualClock clock;
    const concur::Proxy<Sleepy> other = thread_worker(clock);
    const auto log = std::make_shared<ReportLog>();
    const auto options = Worker<Patient>::options().mode("thread").clock(clock).observer(log);
    CHECK_THROWS_AS(options.init_timeout(1min).init(other), concur::TimeoutError);
    CHECK(clock.elapsed() == 1min);
    CHECK(log->warnings(concur::WarningKind::stuck).size() == 1);
    const auto worker = options.init_timeout(3h).init(other);
    CHECK(clock.elapsed() == 2h);  // the rest of the first hour, and another one
}

TEST_CASE("a sync worker that sleeps moves the clock itself", "[manual_clock][O9]") {
    ManualClock clock;
    const auto worker = Worker<Sleepy>::options().mode("sync").clock(clock).init();
    CHECK(worker.call<&Sleepy::sleep>(1h).result());
    CHECK(clock.elapsed() == 1h);
    const auto blocking = Worker<Sleepy>::options().mode("thread").clock(clock).blocking().init();
    CHECK(blocking.call<&Sleepy::sleep>(1h));
    CHECK(clock.elapsed() == 2h);
}

TEST_CASE("advance goes through everything in order of time, and settles in between", "[manual_clock][O9]") {
    ManualClock clock;
    Log log;
    const auto slow = thread_worker(clock);
    const auto note = [&](const std::string& what) { log.add(what + " " + std::to_string(clock.elapsed() / 1s)); };
    set_timer(clock, 3s, [&] { note("c"); });
    set_timer(clock, 1s, [&] {
        note("a");
        static_cast<void>(slow.call([&](Sleepy&) { note("call of a"); }));
    });
    set_timer(clock, 2s, [&] { note("b"); });
    clock.advance(2s);
    CHECK(log.lines() == std::vector<std::string>{"a 1", "call of a 1", "b 2"});
    clock.advance(5s);
    CHECK(log.lines().back() == "c 3");
    CHECK(clock.elapsed() == 7s);
}

TEST_CASE("timers due at the same instant go off in the order they were set", "[manual_clock][O9]") {
    ManualClock clock;
    Log log;
    std::vector<std::string> expected;
    for (int i = 0; i < 200; ++i) {
        expected.push_back(std::to_string(i));
        set_timer(clock, 1s, [&log, i] { log.add(std::to_string(i)); });
    }
    clock.advance(1s);
    CHECK(log.lines() == expected);
}

TEST_CASE("sleepers due at the same instant wake up in the order they lay down", "[manual_clock][O9]") {
    ManualClock clock;
    Log log;
    std::vector<std::string> expected;
    std::vector<concur::Proxy<Sleepy>> workers;
    for (int i = 0; i < 8; ++i) {
        workers.push_back(thread_worker(clock));
        static_cast<void>(workers.back().call([&log, i](Sleepy& object, concur::CallContext& context) {
            object.sleep(context, 1s);
            log.add(std::to_string(i));
        }));
        clock.settle();
        expected.push_back(std::to_string(i));
    }
    clock.advance(1s);
    CHECK(log.lines() == expected);
}

TEST_CASE("a timer that is set within the span of a step goes off within it", "[manual_clock][O9]") {
    ManualClock clock;
    std::atomic<int> rounds{0};
    std::function<void()> again = [&] {
        ++rounds;
        set_timer(clock, 1s, again);
    };
    set_timer(clock, 1s, again);
    clock.advance(1000s);
    CHECK(rounds == 1000);
    clock.advance(999ms);
    CHECK(rounds == 1000);
    clock.advance(1ms);
    CHECK(rounds == 1001);
}

TEST_CASE("a timer for now, or the past, goes off without time", "[manual_clock][O9]") {
    ManualClock clock;
    std::atomic<int> expired{0};
    set_timer(clock, 0s, [&] { ++expired; });
    const concur::TimeSource source = clock;
    source.get().schedule(timer([&] { ++expired; }), concur::detail::TimePoint());
    clock.settle();
    CHECK(expired == 2);
    CHECK(clock.elapsed() == 0s);
}

TEST_CASE("a timer that is taken back never goes off, one that is set again once", "[manual_clock][O9]") {
    ManualClock clock;
    std::atomic<int> expired{0};
    const concur::TimeSource source = clock;
    const auto once = timer([&] { ++expired; });
    source.get().schedule(once, clock.now() + 1s);
    source.get().schedule(once, clock.now() + 2s);
    clock.advance(1s);
    CHECK(expired == 0);
    clock.advance(10s);
    CHECK(expired == 1);
    source.get().schedule(once, clock.now() + 1s);
    source.get().unschedule(*once);
    source.get().unschedule(*once);
    CHECK_FALSE(clock.advance_to_next());
    CHECK(expired == 1);
}

TEST_CASE("advance_to_next goes to the next instant, and no further", "[manual_clock][O9]") {
    ManualClock clock;
    std::atomic<int> expired{0};
    CHECK_FALSE(clock.advance_to_next());
    for (const auto time : {1h, 2h, 2h, 5h}) set_timer(clock, time, [&] { ++expired; });
    CHECK(clock.advance_to_next());
    CHECK((clock.elapsed() == 1h && expired == 1));
    CHECK(clock.advance_to_next());
    CHECK((clock.elapsed() == 2h && expired == 3));
    CHECK(clock.advance_to_next());
    CHECK_FALSE(clock.advance_to_next());
    CHECK(clock.elapsed() == 5h);
}

TEST_CASE("run_until stops at the first instant that makes its condition true", "[manual_clock][O9]") {
    ManualClock clock;
    const auto worker = thread_worker(clock);
    const Future<bool> first = worker.call<&Sleepy::sleep>(1h);
    const Future<bool> second = worker.call<&Sleepy::sleep>(1h);
    clock.run_until([] { return true; });
    clock.run_until([&] { return first.done(); });
    CHECK(clock.elapsed() == 1h);
    CHECK_FALSE(second.done());
    clock.run_until([&] { return second.done(); });
    CHECK(clock.elapsed() == 2h);
}

TEST_CASE("run_until says when nothing can make its condition true", "[manual_clock][O9]") {
    ManualClock clock;
    const auto worker = thread_worker(clock);
    concur::Promise<int> promise;
    const Future<int> sum = worker.call<&Sleepy::add>(promise.future(), 1);
    CHECK_THROWS_AS(clock.run_until([&] { return sum.done(); }), NoProgressError);
    CHECK(contains(text_of_error([&] { clock.run_until([] { return false; }); }), "no timer is left"));
    promise.set_value(1);
    clock.run_until([&] { return sum.done(); });
    CHECK(sum.result() == 2);
    const auto thrown = [&] { clock.run_until([]() -> bool { throw std::logic_error("predicate"); }); };
    CHECK_THROWS_AS(thrown(), std::logic_error);
}

TEST_CASE("settle waits for a method that is at work", "[manual_clock][O9]") {
    ManualClock clock;
    const auto worker = thread_worker(clock);
    std::atomic<bool> ended{false};
    Gate gate;
    static_cast<void>(worker.call([&](Sleepy&) {
        gate.pass();
        ended = true;
    }));
    auto opener = std::async(std::launch::async, [&] { gate.open(); });
    clock.settle();
    CHECK(ended);
}

TEST_CASE("a chain of calls through several workers is settled at its end", "[manual_clock][O9]") {
    ManualClock clock;
    std::vector<concur::Proxy<Sleepy>> workers;
    for (int i = 0; i < 5; ++i) workers.push_back(thread_worker(clock));
    for (int round = 0; round < 50; ++round) {
        Future<int> sum = workers[0].call<&Sleepy::add>(0, 1);
        for (int i = 1; i < 40; ++i) sum = workers[static_cast<std::size_t>(i) % 5].call<&Sleepy::add>(sum, 1);
        std::atomic<int> seen{0};
        sum.then([](int value) { return value; }).on_done([&](const Future<int>& done) { seen = done.result(); });
        clock.settle();
        REQUIRE(seen == 40);
    }
    CHECK(clock.elapsed() == 0s);
}

TEST_CASE("callbacks that the runtime runs are settled, too", "[manual_clock][O9]") {
    ManualClock clock;
    const auto worker = thread_worker(clock);
    for (int round = 0; round < 50; ++round) {
        const Future<bool> sleeping = worker.call<&Sleepy::sleep>(1h);
        const Future<bool> queued = worker.call<&Sleepy::sleep>(1h);
        std::atomic<int> seen{0};
        queued.on_done([&, worker](const Future<bool>&) {
            static_cast<void>(worker.call([&](Sleepy&) { ++seen; }));
            ++seen;
        });
        clock.settle();
        queued.cancel();
        sleeping.cancel();
        clock.settle();
        REQUIRE(seen == 2);
    }
}

TEST_CASE("a call that waits for a worker on real time is waited for first", "[manual_clock][O9]") {
    ManualClock clock;
    const auto worker = thread_worker(clock);
    const auto real = Worker<Sleepy>::options().mode("thread").init();
    for (int round = 0; round < 20; ++round) {
        Future<int> input = real.call([](Sleepy&) {
            std::this_thread::sleep_for(1ms);  // it takes real time, that is all
            return 1;
        });
        if (round % 2 == 1) input = input.then([](int value) { return value; });
        const Future<int> sum = worker.call<&Sleepy::add>(input, 1);
        if (round % 3 == 0) {
            clock.settle();
            REQUIRE(sum.done());
        } else {
            REQUIRE(sum.result(1s) == 2);  // no spurious timeout
        }
        REQUIRE(clock.elapsed() == 0s);
    }
}

TEST_CASE("a failed input from real time does not leave settle waiting", "[manual_clock][O9]") {
    ManualClock clock;
    const auto worker = thread_worker(clock);
    const auto real = Worker<Sleepy>::options().mode("thread").init();
    concur::Promise<int> promise;
    for (int round = 0; round < 20; ++round) {
        const Future<int> waiting = worker.call<&Sleepy::add>(promise.future(), 1);
        const Future<int> input = real.call([](Sleepy&) -> int { throw std::runtime_error("lost"); });
        const Future<int> sum = worker.call<&Sleepy::add>(input, promise.future());
        clock.settle();
        REQUIRE(sum.done());
        REQUIRE_THROWS_AS(sum.result(), std::runtime_error);
        REQUIRE_FALSE(waiting.done());
    }
    promise.set_value(1);
}

TEST_CASE("a call that waits for a promise is settled", "[manual_clock][O9]") {
    ManualClock clock;
    const auto worker = thread_worker(clock);
    const auto real = Worker<Sleepy>::options().mode("thread").init();
    concur::Promise<int> promise;
    const Future<int> at_once = worker.call<&Sleepy::add>(promise.future(), 1);
    const Future<int> through_real = worker.call<&Sleepy::add>(real.call<&Sleepy::add>(promise.future(), 1), 1);
    const Future<int> through_then = worker.call<&Sleepy::add>(promise.future().then([](int i) { return i; }), 1);
    clock.advance(1h);
    CHECK_FALSE(at_once.done());
    CHECK_FALSE(through_real.done());
    promise.set_value(1);
    clock.settle();
    CHECK(at_once.result() == 2);
    CHECK(through_real.result() == 3);
    CHECK(through_then.result() == 2);
}

TEST_CASE("a worker on real time that depends on this clock is not waited for", "[manual_clock][O9]") {
    ManualClock clock;
    const auto worker = thread_worker(clock);
    const auto other = thread_worker(clock);
    const auto real = Worker<Sleepy>::options().mode("thread").init();
    const Future<bool> slept = worker.call<&Sleepy::sleep>(1h);
    // The input of the second call is a call in real time that waits for the first one's sleep.
    const Future<int> blocked = real.call([slept](Sleepy&) { return slept.result() ? 1 : 0; });
    const Future<int> sum = other.call<&Sleepy::add>(blocked, 1);
    clock.advance(59min);
    CHECK_FALSE(sum.done());
    clock.advance(1min);
    clock.settle();
    CHECK(sum.result() == 2);
    CHECK(clock.elapsed() == 1h);
}

TEST_CASE("a method may wait for another worker on the clock", "[manual_clock][O9]") {
    ManualClock clock;
    const auto inner = thread_worker(clock);
    const auto outer = thread_worker(clock);
    const Future<bool> slept = outer.call([inner](Sleepy&) { return inner.call<&Sleepy::sleep>(1h).result(); });
    clock.advance(59min);
    CHECK_FALSE(slept.done());
    CHECK(slept.result());
    CHECK(clock.elapsed() == 1h);
}

TEST_CASE("a method may return a future of what takes time", "[manual_clock][O9]") {
    ManualClock clock;
    const auto inner = thread_worker(clock);
    const auto outer = thread_worker(clock);
    const Future<bool> slept = outer.call([inner](Sleepy&) { return inner.call<&Sleepy::sleep>(1h); });
    CHECK_THROWS_AS(slept.result(1min), concur::TimeoutError);
    CHECK(slept.result());
    CHECK(clock.elapsed() == 1h);
}

TEST_CASE("a method may move its own clock", "[manual_clock][O9]") {
    for (const Mode mode : {Mode::thread, Mode::sync}) {
        ManualClock clock;
        const auto sleeper = thread_worker(clock);
        const Future<bool> slept = sleeper.call<&Sleepy::sleep>(1h);
        const auto mover = Worker<Sleepy>::options().mode(mode).clock(clock).init();
        CHECK(mover
                  .call([&](Sleepy&) {
                      clock.settle();
                      clock.advance(1h);
                      return slept.done();
                  })
                  .result());
        CHECK(clock.elapsed() == 1h);
    }
}

TEST_CASE("two clocks are independent", "[manual_clock][O9]") {
    ManualClock fast;
    ManualClock slow;
    const auto on_fast = thread_worker(fast);
    const auto on_slow = thread_worker(slow);
    const Future<bool> a = on_fast.call<&Sleepy::sleep>(1h);
    const Future<bool> b = on_slow.call<&Sleepy::sleep>(1h);
    fast.advance(2h);
    slow.advance(10min);
    CHECK(a.done());
    CHECK_FALSE(b.done());
    CHECK(fast.elapsed() == 2h);
    CHECK(slow.elapsed() == 10min);
}

TEST_CASE("a worker that waits on another clock is settled when that one is", "[manual_clock][O9]") {
    ManualClock near;
    ManualClock far;
    const auto on_near = thread_worker(near);
    const auto on_far = thread_worker(far);
    const Future<bool> by_wait = on_near.call([on_far](Sleepy&) { return on_far.call<&Sleepy::sleep>(1h).result(); });
    const auto other = thread_worker(near);
    const auto other_far = thread_worker(far);
    const Future<int> by_input = other.call<&Sleepy::add>(
        other_far.call([](Sleepy& object, concur::CallContext& context) { return object.sleep(context, 1h) ? 1 : 0; }),
        1);
    near.advance(1h);
    CHECK_FALSE(by_wait.done());
    CHECK_FALSE(by_input.done());
    far.advance(1h);
    near.settle();
    CHECK(by_wait.done());
    CHECK(by_input.done());
}

TEST_CASE("steps of several threads add up", "[manual_clock][O9]") {
    ManualClock clock;
    const auto worker = thread_worker(clock);
    race(
        100, [](int) {}, [&](int round) { CHECK(clock.elapsed() == (round + 1) * 4s); },
        [&](int) { clock.advance(1s); },
        [&](int) {
            clock.advance(1s);
            clock.advance(1s);
        },
        [&](int) { clock.advance(1s); }, [&](int) { static_cast<void>(worker.call<&Sleepy::add>(1, 2).result()); });
}

TEST_CASE("several threads may wait for results on one clock", "[manual_clock][O9]") {
    ManualClock clock;
    std::vector<concur::Proxy<Sleepy>> workers;
    for (int i = 0; i < 3; ++i) workers.push_back(thread_worker(clock));
    std::atomic<int> slept{0};
    const auto sleep_by = [&](std::size_t worker) {
        return [&, worker](int) { slept += workers[worker].call<&Sleepy::sleep>(1s).result() ? 1 : 0; };
    };
    race(
        100, [&](int) { slept = 0; }, [&](int) { CHECK(slept == 3); }, sleep_by(0), sleep_by(1), sleep_by(2));
}

TEST_CASE("two threads that wait for what nobody does sleep, and wake up when it is done", "[manual_clock][O9]") {
    ManualClock clock;
    const auto worker = thread_worker(clock);
    concur::Promise<int> promise;
    const Future<int> sum = worker.call<&Sleepy::add>(promise.future(), 1);
    auto one = std::async(std::launch::async, [&] { return sum.result(); });
    auto two = std::async(std::launch::async, [&] { return sum.result(); });
    clock.advance(1h);
    promise.set_value(1);
    CHECK(one.get() == 2);
    CHECK(two.get() == 2);
}

TEST_CASE("workers, futures and tokens outlive their clock", "[manual_clock][O9]") {
    concur::Proxy<Sleepy> worker;
    concur::StopToken token;
    Future<bool> slept;
    {
        ManualClock clock;
        worker = thread_worker(clock);
        token = worker.call([](Sleepy&, concur::CallContext& context) { return context.stop_token(); }).result();
        slept = worker.call<&Sleepy::sleep>(1h);
    }
    CHECK_FALSE(slept.wait_for(30min));
    CHECK(slept.result());
    worker.stop();
    worker = {};
    CHECK(slept.wait_for(1s));
    CHECK_FALSE(token.wait_for(1h));
}

TEST_CASE("a clock that was never used goes away with its timers", "[manual_clock][O9]") {
    auto alive = std::make_shared<int>(1);
    const std::weak_ptr<int> watch = alive;
    {
        ManualClock clock;
        set_timer(clock, 1h, [alive = std::move(alive)] {});
        CHECK_FALSE(watch.expired());
    }
    CHECK(watch.expired());
}

TEST_CASE("a failure is dated by the worker's clock", "[manual_clock][O9]") {
    ManualClock clock;
    const auto worker = thread_worker(clock);
    clock.advance(24h);
    const Future<void> failed = worker.call([](Sleepy&) { throw std::runtime_error("lost"); });
    CHECK_THROWS_AS(failed.result(), std::runtime_error);
    CHECK(failed.failure()->time == clock.now());
}

TEST_CASE("a manual clock is for modes whose objects live in this process", "[manual_clock][O9]") {
    ManualClock clock;
    for (const Mode mode : {Mode::process, Mode::ray}) {
        try {
            static_cast<void>(Worker<Sleepy>::options().mode(mode).clock(clock).init());
            FAIL("not refused");
        } catch (const concur::ConfigError& error) {
            CHECK(error.option() == "clock");
            CHECK(contains(error.what(), "sync, thread or asio"));
        }
    }
    CHECK(Worker<Sleepy>::options().mode("sync").clock({}).init().call<&Sleepy::add>(1, 2).result() == 3);
}

TEST_CASE("a clock at the end of time still lets workers work and rest", "[testing][O9]") {
    ManualClock clock;
    clock.advance(concur::never);
    auto worker = Worker<Sleepy>::options().clock(clock).init();
    clock.settle();
    CHECK(worker.call([](Sleepy&) { return 3; }).result() == 3);
    clock.settle();
    worker.stop();
}

TEST_CASE("a builder that was moved from still has a clock", "[testing][W7]") {
    auto builder = Worker<Sleepy>::options().mode("sync");
    const auto other = std::move(builder);
    CHECK(other.init().call([](Sleepy&) { return 1; }).result() == 1);
    CHECK_NOTHROW(builder.init().stop());  // NOLINT(bugprone-use-after-move)
}

// Stopping, draining and scopes. W20 to W26
#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/worker_support.hpp"

using namespace concur;
using namespace concur::test;

namespace {

struct Counter {
    Counter() = default;
    explicit Counter(std::shared_ptr<std::atomic<int>> counted) : alive{std::move(counted)} { ++*alive; }
    ~Counter() {
        if (alive) --*alive;
    }
    int add(int amount) { return value += amount; }
    int get() const { return value; }
    std::shared_ptr<std::atomic<int>> alive;
    int value = 0;
};

using Counters = Proxy<Counter>;

Counters make(Mode mode) { return Worker<Counter>::options().mode(mode).init(); }

/// Runs until it is asked to stop, then ends as it was told to.
class Patient {
public:
    explicit Patient(const Counters& worker)
        : call_{worker.call([gate = started_](Counter&, CallContext& context) {
              gate->open();
              return context.stop_token().wait_for(patience) ? 1 : 2;
          })} {
        REQUIRE(started_->pass());
    }
    [[nodiscard]] const Future<int>& call() const { return call_; }

private:
    std::shared_ptr<Gate> started_ = std::make_shared<Gate>();
    Future<int> call_;
};

bool ended_in_stop(const Future<int>& future) {
    try {
        future.result();
    } catch (const WorkerStoppedError&) {
        return true;
    }
    return false;
}

}  // namespace

TEST_CASE("a call after stop throws at the call", "[worker][W20]") {
    const Mode mode = GENERATE(every_mode());
    const Stop how = GENERATE(Stop::drain, Stop::now);
    CAPTURE(mode, how);
    auto worker = Worker<Counter>::options().mode(mode).name("ended").init();
    CHECK_FALSE(worker.stopped());
    worker.stop(how);
    CHECK(worker.stopped());
    CHECK_THROWS_AS(worker.call<&Counter::add>(1), WorkerStoppedError);
    CHECK_THROWS_AS(worker.call([](Counter&) {}), WorkerStoppedError);
    CHECK_THROWS_AS(worker.call<&Counter::value>(), WorkerStoppedError);
    CHECK_THROWS_AS(worker.call<&Counter::add>(ready(1)), WorkerStoppedError);
    CHECK_THROWS_AS(worker.call<&Counter::add>(failed<int>(std::range_error("input"))), WorkerStoppedError);
    Promise<int> pending;
    CHECK_THROWS_AS(worker.call<&Counter::add>(pending.future()), WorkerStoppedError);
    const std::string text = text_of_error([&] { return worker.call<&Counter::add>(1); });
    CHECK(contains(text, "ended"));
    CHECK(contains(text, "Counter::add"));
}

TEST_CASE("a refused call gives back its arguments", "[worker][W20]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    worker.stop();
    auto token = std::make_shared<int>(1);
    CHECK_THROWS_AS(worker.call([](Counter&, const std::shared_ptr<int>&) {}, token), WorkerStoppedError);
    CHECK_THROWS_AS(worker.call([](Counter&, const std::shared_ptr<int>&) {}, ready(token)), WorkerStoppedError);
    CHECK(token.use_count() == 1);
}

TEST_CASE("stop finishes what is queued, and destroys the object", "[worker][W21]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto alive = std::make_shared<std::atomic<int>>(0);
    auto worker = Worker<Counter>::options().mode(mode).init(alive);
    std::vector<Future<int>> futures;
    for (int i = 0; i < 100; ++i) futures.push_back(worker.call<&Counter::add>(1));
    worker.stop();
    CHECK(*alive == 0);
    for (const auto& future : futures) CHECK(future.done());
    CHECK(futures.back().result() == 100);
}

TEST_CASE("the last handle's destructor finishes what is queued", "[worker][W23]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    std::vector<Future<int>> futures;
    {
        auto worker = make(mode);
        for (int i = 0; i < 100; ++i) futures.push_back(worker.call<&Counter::add>(1));
    }
    CHECK(futures.back().done());
    CHECK(futures.back().result() == 100);
}

TEST_CASE("stop waits for the running call, and for those queued behind it", "[worker][W21]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    Busy busy(worker);
    auto queued = worker.call<&Counter::add>(1);
    auto stopper = on_new_thread([worker] { worker.stop(); });
    CHECK(eventually([&] { return worker.stopped(); }));
    CHECK_FALSE(stopper.wait_for(20ms));
    CHECK_FALSE(queued.done());
    busy.end();
    CHECK_NOTHROW(stopper.result());
    CHECK(busy.call().done());
    CHECK(queued.done());
    CHECK(queued.result() == 1);
}

TEST_CASE("stop waits for calls whose inputs are pending", "[worker][W21]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    Promise<int> input;
    auto pending = worker.call<&Counter::add>(input.future());
    auto stopper = on_new_thread([worker] { worker.stop(); });
    CHECK(eventually([&] { return worker.stopped(); }));
    CHECK_FALSE(stopper.wait_for(20ms));
    input.set_value(4);
    CHECK_NOTHROW(stopper.result());
    CHECK(pending.result() == 4);
}

TEST_CASE("a caller that waits for his call's inputs is counted, and sent away by stop now",
          "[worker][W22][W25][W14]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    Promise<int> first_input;
    Promise<int> never_set;
    std::atomic<int> made{0};
    const auto add = [&](const Future<int>& input) {
        return on_new_thread([&, input] {
            ++made;
            return worker.call<&Counter::add>(input).result();
        });
    };
    auto first = add(first_input.future());
    CHECK(eventually([&] { return made == 1 && !worker.drain(1ms); }));
    first_input.set_value(3);
    CHECK(first.result() == 3);
    CHECK(worker.drain());
    auto second = add(never_set.future());
    CHECK(eventually([&] { return made == 2 && !worker.drain(1ms); }));
    worker.stop(Stop::now);
    CHECK_THROWS_AS(second.result(), WorkerStoppedError);
}

TEST_CASE("stop waits for futures that methods returned", "[worker][W21][W12]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    Promise<int> inner;
    auto following = worker.call([future = inner.future()](Counter&) { return future; });
    auto stopper = on_new_thread([worker] { worker.stop(); });
    CHECK(eventually([&] { return worker.stopped(); }));
    CHECK_FALSE(stopper.wait_for(20ms));
    inner.set_value(4);
    CHECK_NOTHROW(stopper.result());
    CHECK(following.result() == 4);
}

TEST_CASE("while a worker drains, its own running calls may still call it", "[worker][W21]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    Gate started;
    Gate stopping;
    std::vector<Future<int>> own;
    auto running = on_new_thread([&, worker] {
        return worker
            .call([&, worker](Counter&) {
                started.open();
                stopping.pass();
                for (int i = 0; i < 10; ++i) own.push_back(worker.call<&Counter::add>(1));
            })
            .wait();
    });
    REQUIRE(started.pass());
    auto stopper = on_new_thread([worker] { worker.stop(); });
    CHECK(eventually([&] { return worker.stopped(); }));
    CHECK_THROWS_AS(worker.call<&Counter::add>(100), WorkerStoppedError);  // others may not
    stopping.open();
    CHECK_NOTHROW(stopper.result());
    CHECK_NOTHROW(running.result());
    REQUIRE(own.size() == 10);
    for (const auto& future : own) CHECK(future.done());
    CHECK(own.back().result() == 10);
}

TEST_CASE("a chain of calls that a worker makes on itself is finished by stop", "[worker][W21]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    struct Chain {
        int step(const Proxy<Chain>& self, int left) {
            ++steps;
            if (left > 0) self.call<&Chain::step>(self, left - 1);
            return steps;
        }
        int steps = 0;
    };
    auto worker = Worker<Chain>::options().mode(mode).init();
    auto first = worker.call<&Chain::step>(worker, 50);
    auto count = std::make_shared<int>(0);
    worker.call([count](Chain& chain, const Future<int>&) { *count = chain.steps; }, as_is(first));
    worker.stop();
    CHECK(first.done());
}

TEST_CASE("a callback may stop the worker that the callback before it waits for", "[worker][W21][F6]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    Gate held;
    Gate released;
    auto holder = on_new_thread([&] {
        worker
            .call([&](Counter&) {
                held.open();
                released.pass();
            })
            .wait();
    });
    REQUIRE(held.pass());
    Promise<int> promise;
    std::atomic<int> answer{0};
    std::atomic<bool> stopped{false};
    promise.future().on_done([&](auto) { answer = worker.call([](Counter&) { return 7; }).result(); });
    promise.future().on_done([&](auto) {
        worker.stop();
        stopped = true;
    });
    auto setter = on_new_thread([&] { promise.set_value(1); });
    CHECK(eventually([&] { return worker.stopped(); }));
    released.open();
    setter.result();
    holder.result();
    CHECK(eventually([&] { return stopped.load(); }));
    CHECK(answer == 7);
}

TEST_CASE("stop is idempotent", "[worker][W23]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    worker.stop();
    CHECK_NOTHROW(worker.stop());
    CHECK_NOTHROW(worker.stop(Stop::now));
    CHECK_NOTHROW(worker.stop(Stop::drain));
    CHECK(worker.stopped());
}

TEST_CASE("two threads may stop a worker, and both wait for its end", "[worker][W23]") {
    const Mode mode = GENERATE(every_queueing_mode());
    const Stop second_how = GENERATE(Stop::drain, Stop::now);
    CAPTURE(mode, second_how);
    const auto alive = std::make_shared<std::atomic<int>>(0);
    auto worker = Worker<Counter>::options().mode(mode).init(alive);
    const Busy busy(worker);
    auto queued = worker.call<&Counter::add>(1);
    auto first = on_new_thread([=] { return worker.stop(), alive->load(); });
    CHECK(eventually([&] { return worker.stopped(); }));
    auto second = on_new_thread([=] { return worker.stop(second_how), alive->load(); });
    if (second_how == Stop::now) {
        CHECK(ended_in_stop(queued));
    } else {
        CHECK_FALSE(second.wait_for(20ms));
    }
    CHECK_FALSE(first.done());
    busy.end();
    CHECK(first.result() == 0);
    CHECK(second.result() == 0);
    if (second_how == Stop::drain) CHECK(queued.result() == 1);
}

TEST_CASE("stop inside the worker only begins the stop", "[worker][W23]") {
    const Mode mode = GENERATE(every_mode());
    const Stop how = GENERATE(Stop::drain, Stop::now);
    CAPTURE(mode, how);
    const auto alive = std::make_shared<std::atomic<int>>(0);
    auto worker = Worker<Counter>::options().mode(mode).init(alive);
    auto call = worker.call([worker, how](Counter& counter) {
        worker.stop(how);
        worker.stop(how);
        return worker.stopped() ? counter.add(5) : 0;  // the object is there until the call has ended
    });
    CHECK(call.result() == 5);
    CHECK(eventually([&] { return *alive == 0; }));
    CHECK_THROWS_AS(worker.call<&Counter::add>(1), WorkerStoppedError);
    CHECK_NOTHROW(worker.stop());
}

TEST_CASE("stop inside the worker lets queued calls end", "[worker][W23]") {
    const Mode mode = GENERATE(every_queueing_mode());
    const Stop how = GENERATE(Stop::drain, Stop::now);
    CAPTURE(mode, how);
    auto worker = make(mode);
    Gate go;
    auto stops = worker.call([&, worker](Counter&) {
        go.pass();
        worker.stop(how);
    });
    auto queued = worker.call<&Counter::add>(1);
    go.open();
    CHECK_NOTHROW(stops.result());
    if (how == Stop::drain) {
        CHECK(queued.result() == 1);
    } else {
        CHECK(ended_in_stop(queued));
    }
}

TEST_CASE("stop in a callback on the worker's thread only begins the stop", "[worker][W23][F6]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto alive = std::make_shared<std::atomic<int>>(0);
    auto worker = Worker<Counter>::options().mode(mode).init(alive);
    Gate go;
    auto call = runs_in_caller(mode) ? worker.call<&Counter::add>(1) : worker.call([&](Counter& c) {
        go.pass();
        return c.add(1);
    });
    auto stopped = call.then([worker](int) {
        worker.stop();
        return worker.stopped();
    });
    go.open();
    CHECK(stopped.result());
    CHECK(eventually([&] { return *alive == 0; }));
}

TEST_CASE("the last handle that goes in a callback on the worker's thread does not wait for itself", "[worker][W23]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto alive = std::make_shared<std::atomic<int>>(0);
    auto slot = std::make_shared<Counters>(Worker<Counter>::options().mode(mode).init(alive));
    Gate go;
    auto call = runs_in_caller(mode) ? slot->call<&Counter::add>(1) : slot->call([&](Counter& c) {
        go.pass();
        return c.add(1);
    });
    auto dropped = call.then([slot](int) { *slot = Counters(); });
    go.open();
    CHECK_NOTHROW(dropped.result());
    CHECK(eventually([&] { return *alive == 0; }));
}

TEST_CASE("an argument may hold the last handle on the worker that gets it", "[worker][W23]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto alive = std::make_shared<std::atomic<int>>(0);
    Future<int> call;
    {
        auto worker = Worker<Counter>::options().mode(mode).init(alive);
        call = worker.call([](Counter& c, const Counters&) { return c.add(3); }, worker);
    }
    CHECK(call.result() == 3);
    CHECK(eventually([&] { return *alive == 0; }));
}

// ---- stop now

TEST_CASE("stop now fails what is queued, and asks what runs", "[worker][W22]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    const auto alive = std::make_shared<std::atomic<int>>(0);
    auto worker = Worker<Counter>::options().mode(mode).init(alive);
    const Patient running(worker);
    std::vector<Future<int>> queued;
    for (int i = 0; i < 20; ++i) queued.push_back(worker.call<&Counter::add>(1));
    worker.stop(Stop::now);
    CHECK(*alive == 0);
    CHECK(running.call().result() == 1);
    for (const auto& future : queued) {
        CHECK(future.done());
        CHECK(ended_in_stop(future));
        CHECK(future.stop_reason() == StopReason::worker_stopped);
        CHECK(future.attempts() == 0);
    }
}

TEST_CASE("stop now fails calls that wait for inputs", "[worker][W22]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    Promise<int> input;
    auto pending = worker.call<&Counter::add>(input.future());
    worker.stop(Stop::now);
    CHECK(ended_in_stop(pending));
    CHECK(pending.stop_reason() == StopReason::worker_stopped);
    CHECK_NOTHROW(input.set_value(1));
}

TEST_CASE("stop now fails calls that follow a returned future", "[worker][W22][W12]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    Promise<int> inner;
    auto following = worker.call([future = inner.future()](Counter&) { return future; });
    CHECK(eventually([&] { return following.attempts() == 1 && !following.running(); }));
    worker.stop(Stop::now);
    CHECK(ended_in_stop(following));
    CHECK_NOTHROW(inner.set_value(1));
}

TEST_CASE("stop now asks a call that runs in another thread's turn", "[worker][W22]") {
    auto worker = make(Mode::sync);
    auto started = std::make_shared<Gate>();
    auto caller = on_new_thread([worker, started] {
        return worker
            .call([started](Counter&, CallContext& context) {
                started->open();
                return context.stop_token().wait_for(patience) ? 1 : 2;
            })
            .result();
    });
    REQUIRE(started->pass());
    auto waits_for_turn = on_new_thread([worker] { return worker.call<&Counter::add>(1).result(); });
    worker.stop(Stop::now);
    CHECK(caller.result() == 1);
    CHECK(ended_in_stop(waits_for_turn));
}

TEST_CASE("a call that returns a future after stop now fails", "[worker][W22][W12]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    Promise<int> inner;
    Gate started;
    auto call = worker.call([&, future = inner.future()](Counter&, CallContext& context) {
        started.open();
        static_cast<void>(context.stop_token().wait_for(patience));
        return future;
    });
    REQUIRE(started.pass());
    worker.stop(Stop::now);
    CHECK(ended_in_stop(call));
}

TEST_CASE("stop goes on as stop now after its time", "[worker][W21]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = Worker<Counter>::options().mode(mode).stop_timeout(30ms).init();
    const Patient running(worker);
    auto queued = worker.call<&Counter::add>(1);
    worker.stop();
    CHECK(running.call().result() == 1);
    CHECK(ended_in_stop(queued));
}

TEST_CASE("stop inside the worker goes on as stop now after its time", "[worker][W21][W23]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = Worker<Counter>::options().mode(mode).stop_timeout(30ms).init();
    auto running = worker.call([worker](Counter&, CallContext& context) {
        worker.stop();
        return context.stop_token().wait_for(patience) ? 1 : 2;
    });
    CHECK(running.result() == 1);
}

TEST_CASE("a method that ignores the stop loses its call after stop_timeout, with a warning", "[worker][W22][O10]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    const auto log = std::make_shared<ReportLog>();
    const auto alive = std::make_shared<std::atomic<int>>(0);
    auto worker = Worker<Counter>::options().mode(mode).name("stubborn").stop_timeout(20ms).observer(log).init(alive);
    const Busy stuck(worker);
    auto stopper = on_new_thread([worker] { worker.stop(Stop::now); });
    bool told = false;
    try {
        stuck.call().result();
    } catch (const WorkerStoppedError&) {
        told = true;
    }
    CHECK(told);
    CHECK(stuck.call().stop_reason() == StopReason::worker_stopped);
    CHECK(eventually([&] { return log->warnings(WarningKind::stuck).size() == 1; }));
    CHECK(log->warnings(WarningKind::stuck).at(0).worker == "stubborn");
    CHECK_FALSE(stopper.done());  // goes on waiting
    CHECK(*alive == 1);
    stuck.end();
    CHECK_NOTHROW(stopper.result());
    CHECK(*alive == 0);
}

TEST_CASE("a value that comes after its call was given up goes away", "[worker][W22]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker =
        Worker<Counter>::options().mode(mode).stop_timeout(20ms).observer(std::make_shared<ReportLog>()).init();
    auto token = std::make_shared<int>(1);
    const std::weak_ptr<int> watched = token;
    Gate started;
    Gate release;
    auto call = worker.call(
        [&](Counter&, std::shared_ptr<int> value) {
            started.open();
            release.pass();
            return value;
        },
        std::move(token));
    REQUIRE(started.pass());
    auto stopper = on_new_thread([worker] { worker.stop(Stop::now); });
    CHECK_THROWS_AS(call.result(), WorkerStoppedError);
    release.open();
    CHECK_NOTHROW(stopper.result());
    CHECK(watched.expired());
}

TEST_CASE("stop now while the worker drains fails the rest", "[worker][W22][W23]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    const Patient running(worker);
    auto queued = worker.call<&Counter::add>(1);
    auto stopper = on_new_thread([worker] { worker.stop(); });
    CHECK(eventually([&] { return worker.stopped(); }));
    CHECK_FALSE(stopper.wait_for(10ms));
    worker.stop(Stop::now);
    CHECK_NOTHROW(stopper.result());
    CHECK(running.call().result() == 1);
    CHECK(ended_in_stop(queued));
}

TEST_CASE("after stop now not even the worker's own calls are taken", "[worker][W22]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    Gate started;
    auto call = worker.call([&, worker](Counter&, CallContext& context) {
        started.open();
        static_cast<void>(context.stop_token().wait_for(patience));
        try {
            worker.call<&Counter::add>(1);
        } catch (const WorkerStoppedError&) {
            return true;
        }
        return false;
    });
    REQUIRE(started.pass());
    worker.stop(Stop::now);
    CHECK(call.result());
}

TEST_CASE("callbacks of calls that a stop ended run elsewhere and may use the worker's handle", "[worker][W22][F6]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    const Patient running(worker);
    auto queued = worker.call<&Counter::add>(1);
    auto again = queued.recover([worker](const WorkerStoppedError&) {
        worker.stop();  // waits for the end, on the runtime
        return 7;
    });
    worker.stop(Stop::now);
    CHECK(again.result() == 7);
}

// ---- draining

TEST_CASE("drain waits until nothing is queued or running", "[worker][W25]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    CHECK(worker.drain());
    std::vector<Future<int>> futures;
    for (int i = 0; i < 100; ++i) futures.push_back(worker.call<&Counter::add>(1));
    CHECK(worker.drain());
    for (const auto& future : futures) CHECK(future.done());
    CHECK(worker.call<&Counter::add>(1).result() == 101);  // new calls stay welcome
    CHECK(worker.drain());                                 // its result is there a moment before the worker is idle
    CHECK(worker.drain(0s));
}

TEST_CASE("drain gives up at its time", "[worker][W25]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    {
        const Busy busy(worker);
        CHECK_FALSE(worker.drain(5ms));
        CHECK_FALSE(worker.drain(0s));
        CHECK_FALSE(worker.drain(-1s));
    }
    CHECK(worker.drain(patience));
}

TEST_CASE("drain waits for pending inputs and returned futures", "[worker][W25]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    Promise<int> input;
    Promise<int> inner;
    auto pending = worker.call<&Counter::add>(input.future());
    auto following = worker.call([future = inner.future()](Counter&) { return future; });
    CHECK_FALSE(worker.drain(5ms));
    input.set_value(1);
    pending.wait();
    CHECK_FALSE(worker.drain(5ms));
    auto drainer = on_new_thread([worker] { return worker.drain(); });
    inner.set_value(1);
    CHECK(drainer.result());
    CHECK(following.done());
}

TEST_CASE("drain counts what calls submit meanwhile", "[worker][W25]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    struct Chain {
        void step(const Proxy<Chain>& self, int left) {
            ++steps;
            if (left > 0) self.call<&Chain::step>(self, left - 1);
        }
        int steps = 0;
    };
    auto worker = Worker<Chain>::options().mode(mode).init();
    worker.call<&Chain::step>(worker, 100);
    CHECK(worker.drain());
    CHECK(worker.call<&Chain::steps>().result() == 101);
}

TEST_CASE("drain of a stopped worker returns", "[worker][W25]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    worker.stop();
    CHECK(worker.drain());
    CHECK(worker.drain(0s));
}

TEST_CASE("drain ends when the worker is stopped meanwhile", "[worker][W25]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    Promise<int> never_set;
    auto pending = worker.call<&Counter::add>(never_set.future());
    auto drainer = on_new_thread([worker] { return worker.drain(); });
    worker.stop(Stop::now);
    CHECK(drainer.result());
    CHECK(ended_in_stop(pending));
}

TEST_CASE("several threads may drain", "[worker][W25]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    std::vector<Future<bool>> drainers;
    {
        const Busy busy(worker);
        for (int i = 0; i < 4; ++i) drainers.push_back(on_new_thread([worker] { return worker.drain(); }));
    }
    for (const auto& drainer : drainers) CHECK(drainer.result());
}

// ---- scopes

TEST_CASE("a scope stops its worker whatever other handles live", "[worker][W26]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto alive = std::make_shared<std::atomic<int>>(0);
    auto worker = Worker<Counter>::options().mode(mode).init(alive);
    Future<int> last;
    {
        auto scope = worker.stop_on_exit();
        for (int i = 0; i < 50; ++i) last = worker.call<&Counter::add>(1);
        CHECK_FALSE(worker.stopped());
    }
    CHECK(worker.stopped());
    CHECK(*alive == 0);
    CHECK(last.result() == 50);
}

TEST_CASE("a scope may stop now", "[worker][W26][W22]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    std::optional<Patient> running;
    Future<int> queued;
    {
        auto scope = worker.stop_on_exit(Stop::now);
        running.emplace(worker);
        queued = worker.call<&Counter::add>(1);
    }
    CHECK(running->call().result() == 1);
    CHECK(ended_in_stop(queued));
}

TEST_CASE("a scope stops its worker when an exception leaves it, and holds it alive", "[worker][W26]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    Future<int> last;
    try {
        auto worker = make(mode);
        auto scope = worker.stop_on_exit();
        last = worker.call<&Counter::add>(1);
        worker = Counters();
        throw std::range_error("leaves");
    } catch (const std::range_error&) {
    }
    CHECK(last.done());
}

TEST_CASE("a scope inside its own worker only begins the stop", "[worker][W26][W23]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    auto call = worker.call([worker](Counter& counter) {
        { auto scope = worker.stop_on_exit(); }
        return counter.add(2);
    });
    CHECK(call.result() == 2);
    CHECK(worker.stopped());
    CHECK_NOTHROW(worker.stop());
}

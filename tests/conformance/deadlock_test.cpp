// Waits that could never end are errors: waiting for oneself, and rings of workers. W17
//
// Every ring is closed in a fixed order where the order matters, and in whatever order it comes where it does not: then
// at least one member of the ring gets the error, and everything ends.
#include <concur/testing/manual_clock.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <vector>

#include "support/worker_support.hpp"

using namespace concur;
using namespace concur::test;

namespace {

struct Cell {
    int get() const { return value; }
    int add(int amount) { return value += amount; }
    int value = 7;
};

using Cells = Proxy<Cell>;

Cells make(Mode mode, const char* name) { return Worker<Cell>::options().mode(mode).name(name).init(); }

}  // namespace

TEST_CASE("waiting inside a worker for its own queued call is a deadlock error", "[worker][W17]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = make(mode, "self");
    Future<int> inner;
    auto outer = worker.call([&, worker](Cell&) {
        inner = worker.call<&Cell::get>();
        return inner.result();
    });
    CHECK_THROWS_AS(outer.result(), DeadlockError);
    CHECK(inner.result() == 7);  // it was queued, and runs
    CHECK(worker.call<&Cell::get>().result() == 7);
}

TEST_CASE("a worker may queue calls on itself, and return their futures", "[worker][W17][W12]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = make(mode, "self");
    auto outer = worker.call([worker](Cell&) { return worker.call<&Cell::add>(1); });
    CHECK(outer.result() == 8);
    auto chained = worker.call([worker](Cell&) {
        return worker.call<&Cell::add>(1).then([worker](int) { return worker.call<&Cell::add>(1); });
    });
    CHECK(chained.result() == 10);
}

TEST_CASE("every way to wait for oneself is noticed", "[worker][W17]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = make(mode, "self");
    const auto inside = [&](auto wait) {
        return worker.call([worker, wait](Cell&) { return end_of([&] { wait(worker); }); });
    };
    CHECK(inside([](const Cells& self) { self.call<&Cell::get>().result(); }).result() == "deadlock");
    CHECK(inside([](const Cells& self) { self.call<&Cell::get>().wait(); }).result() == "deadlock");
    CHECK(inside([](const Cells& self) { static_cast<void>(self.call<&Cell::get>().exception()); }).result() ==
          "deadlock");
    CHECK(inside([](const Cells& self) { self.call<&Cell::get>().result(never); }).result() == "deadlock");
    CHECK(inside([](const Cells& self) { wait(self.call<&Cell::get>()); }).result() == "deadlock");
    CHECK(inside([](const Cells& self) {
              gather(std::vector{self.call<&Cell::get>(), self.call<&Cell::get>()});
          }).result() == "deadlock");
    CHECK(inside([](const Cells& self) { gather(ready(1), self.call<&Cell::get>()); }).result() == "deadlock");
    CHECK(inside([](const Cells& self) { self.drain(); }).result() == "deadlock");
    CHECK(inside([](const Cells& self) { self.call<&Cell::get>().then([](int v) { return v; }).result(); }).result() ==
          "deadlock");
    CHECK(inside([](const Cells& self) { self.call<&Cell::add>(self.call<&Cell::get>()).result(); }).result() ==
          "deadlock");
    CHECK(worker.call<&Cell::get>().valid());
}

TEST_CASE("a wait with a time limit ends by itself and is no deadlock", "[worker][W17]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = make(mode, "self");
    auto outer = worker.call([worker](Cell&) { return worker.call<&Cell::get>().result(5ms); });
    CHECK_THROWS_AS(outer.result(), TimeoutError);
    auto waits = worker.call([worker](Cell&) { return worker.call<&Cell::get>().wait_for(5ms); });
    CHECK_FALSE(waits.result());
    CHECK(worker.call<&Cell::get>().result() == 7);
}

TEST_CASE("waiting for any of two futures is fine while one can end", "[worker][W17][F30]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = make(mode, "self");
    auto other = make(mode, "other");
    auto first = worker.call([worker, other](Cell&) {
        const std::vector futures{worker.call<&Cell::get>(), other.call<&Cell::get>()};
        return wait(futures, {.return_when = ReturnWhen::first_completed}).done.size();
    });
    CHECK(first.result() == 1);
    auto none = worker.call([worker](Cell&) {
        const std::vector futures{worker.call<&Cell::get>(), worker.call<&Cell::add>(1)};
        return wait(futures, {.return_when = ReturnWhen::first_completed}).done.size();
    });
    CHECK_THROWS_AS(none.result(), DeadlockError);
}

TEST_CASE("a worker that waits for another one which waits for nobody is fine", "[worker][W17]") {
    const Mode outer_mode = GENERATE(every_mode());
    const Mode inner_mode = GENERATE(every_mode());
    CAPTURE(outer_mode, inner_mode);
    auto inner = make(inner_mode, "inner");
    auto outer = make(outer_mode, "outer");
    CHECK(outer.call([inner](Cell&) { return inner.call<&Cell::get>().result(); }).result() == 7);
    CHECK(outer.call([inner](Cell&) { return inner.drain(); }).result());
}

TEST_CASE("a ring of two workers ends in a deadlock error", "[worker][W17]") {
    const Mode first_mode = GENERATE(every_mode());
    const Mode second_mode = GENERATE(every_mode());
    CAPTURE(first_mode, second_mode);
    auto first = make(first_mode, "first");
    auto second = make(second_mode, "second");
    auto call = on_new_thread([first, second] {
        return first
            .call([first, second](Cell&) {
                return second.call([first](Cell&) { return first.call<&Cell::get>().result(); }).result();
            })
            .result();
    });
    if (runs_in_caller(first_mode) && runs_in_caller(second_mode)) {
        CHECK(call.result() == 7);  // one thread all the way: nested calls run inline
    } else {
        CHECK_THROWS_AS(call.result(), DeadlockError);
    }
    CHECK(first.call<&Cell::get>().result() == 7);
    CHECK(second.call<&Cell::get>().result() == 7);
}

TEST_CASE("a ring of three workers ends in a deadlock error", "[worker][W17]") {
    const Mode first_mode = GENERATE(every_mode());
    const Mode second_mode = GENERATE(every_mode());
    const Mode third_mode = GENERATE(every_queueing_mode());
    CAPTURE(first_mode, second_mode, third_mode);
    auto first = make(first_mode, "first");
    auto second = make(second_mode, "second");
    auto third = make(third_mode, "third");
    auto call = on_new_thread([=] {
        return first
            .call([=](Cell&) {
                return second
                    .call([=](Cell&) {
                        return third.call([first](Cell&) { return first.call<&Cell::get>().result(); }).result();
                    })
                    .result();
            })
            .result();
    });
    CHECK_THROWS_AS(call.result(), DeadlockError);
    for (const auto& worker : {first, second, third}) CHECK(worker.call<&Cell::get>().result() == 7);
}

TEST_CASE("two workers that begin to wait for each other at the same time are noticed", "[worker][W17]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto first = make(mode, "first");
    auto second = make(mode, "second");
    Gate first_runs;
    Gate second_runs;
    const auto waits_for = [](Gate& runs, Gate& other_runs, const Cells& other) {
        return [&, other](Cell&) {
            runs.open();
            other_runs.pass();
            return end_of([&] { other.call<&Cell::get>().result(); });
        };
    };
    auto one = first.call(waits_for(first_runs, second_runs, second));
    auto two = second.call(waits_for(second_runs, first_runs, first));
    const std::string first_end = one.result();
    const std::string second_end = two.result();
    CAPTURE(first_end, second_end);
    CHECK((first_end == "deadlock" || second_end == "deadlock"));
    CHECK(first_end != "other");
    CHECK(second_end != "other");
}

TEST_CASE("threads that hold a sync worker's turn each and wait for the other's are noticed", "[worker][W17][W14]") {
    auto first = make(Mode::sync, "first");
    auto second = make(Mode::sync, "second");
    Gate first_runs;
    Gate second_runs;
    const auto holds_and_calls = [](const Cells& own, const Cells& other, Gate& runs, Gate& other_runs) {
        return on_new_thread([&, own, other] {
            return own
                .call([&, other](Cell&) {
                    runs.open();
                    other_runs.pass();
                    return end_of([&] { other.call<&Cell::get>().result(); });
                })
                .result();
        });
    };
    auto one = holds_and_calls(first, second, first_runs, second_runs);
    auto two = holds_and_calls(second, first, second_runs, first_runs);
    const std::string first_end = one.result();
    const std::string second_end = two.result();
    CAPTURE(first_end, second_end);
    CHECK((first_end == "deadlock") != (second_end == "deadlock"));
    CHECK((first_end == "value") != (second_end == "value"));
    CHECK(first.call<&Cell::get>().result() == 7);
    CHECK(second.call<&Cell::get>().result() == 7);
}

TEST_CASE("a thread worker that waits for the turn of a sync worker, which waits for it, is noticed",
          "[worker][W17][W14]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto queue = make(mode, "queue");
    auto turns = make(Mode::sync, "turns");
    Gate turn_taken;
    Gate queue_runs;
    auto holder = on_new_thread([&, queue, turns] {
        return turns
            .call([&, queue](Cell&) {
                turn_taken.open();
                queue_runs.pass();
                return end_of([&] { queue.call<&Cell::get>().result(); });
            })
            .result();
    });
    auto waiter = queue.call([&, turns](Cell&) {
        queue_runs.open();
        turn_taken.pass();
        return end_of([&] { turns.call<&Cell::get>().result(); });
    });
    const std::string holder_end = holder.result();
    const std::string waiter_end = waiter.result();
    CAPTURE(holder_end, waiter_end);
    CHECK((holder_end == "deadlock" || waiter_end == "deadlock"));
}

TEST_CASE("a sync worker that waits for an input which needs it is noticed", "[worker][W17][W14]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto queue = make(mode, "queue");
    auto turns = make(Mode::sync, "turns");
    // Inside the sync worker, a call on another sync worker waits for an input that waits for the first one's turn.
    auto other = make(Mode::sync, "other");
    auto end = on_new_thread([=] {
        return turns
            .call([=](Cell&) {
                auto input = queue.call([turns](Cell&) { return turns.call<&Cell::get>().result(); });
                return end_of([&] { other.call<&Cell::add>(input).result(); });
            })
            .result();
    });
    CHECK(end.result() == "deadlock");
    CHECK(other.call<&Cell::get>().result() == 7);
}

// ---- through returned futures, continuations, constructors, drain and stop

TEST_CASE("a method that returns a future of its own call's future is a deadlock error", "[worker][W17][W12]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = make(mode, "self");
    Promise<Future<int>> own;
    auto future_of_own = own.future();
    auto call = worker.call([future_of_own](Cell&) { return future_of_own; });
    own.set_value(call);
    CHECK_THROWS_AS(call.result(), DeadlockError);
}

TEST_CASE("returned futures that wait for each other are a deadlock error", "[worker][W17][W12]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto first = make(mode, "first");
    auto second = make(mode, "second");
    Promise<Future<int>> promise;
    auto one = first.call([later = promise.future()](Cell&) { return later; });
    auto two = second.call([one](Cell&) { return one; });
    promise.set_value(two);
    const auto ends = gather(on_new_thread([one] { return end_of([&] { one.result(); }); }),
                             on_new_thread([two] { return end_of([&] { two.result(); }); }));
    CHECK(std::get<0>(ends) == "deadlock");
    CHECK(std::get<1>(ends) == "deadlock");
}

TEST_CASE("waiting for a call that returned a future of this very worker is noticed", "[worker][W17][W12]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto first = make(mode, "first");
    auto second = make(mode, "second");
    Gate following;
    const bool followed_before = GENERATE(true, false);
    CAPTURE(followed_before);
    auto end = first.call([&, first, second](Cell&) {
        auto follower = second.call([first](Cell&) { return first.call<&Cell::get>(); });
        if (followed_before) {
            // Until it neither is queued nor runs: then it waits for what it returned.
            while (second.call<&Cell::value>().result() != 7 || follower.running()) std::this_thread::yield();
        }
        return end_of([&] { follower.result(); });
    });
    CHECK(end.result() == "deadlock");
}

TEST_CASE("waiting in a continuation for the worker that runs it is noticed", "[worker][W17]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = make(mode, "self");
    Busy busy(worker);
    auto waits = worker.call<&Cell::get>().then([worker](int) { return worker.call<&Cell::get>().result(); });
    auto done = std::make_shared<Promise<std::string>>();
    auto end = done->future();
    worker.call<&Cell::get>().on_done(
        [worker, done](const Future<int>&) { done->set_value(end_of([&] { worker.call<&Cell::get>().result(); })); });
    busy.end();
    CHECK_THROWS_AS(waits.result(), DeadlockError);
    CHECK(end.result() == "deadlock");
    CHECK(worker.call<&Cell::get>().result() == 7);
}

TEST_CASE("a continuation that waits for itself through a worker is noticed", "[worker][W17]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = make(mode, "self");
    Promise<int> promise;
    Future<int> continued;
    // The continuation runs on a thread of ours; the worker waits for the continuation, which waits for the worker.
    continued = promise.future().then(
        [worker, &continued](int) { return worker.call([me = continued](Cell&) { return me.result(); }).result(); });
    auto setter = on_new_thread([promise = std::move(promise)]() mutable { promise.set_value(1); });
    CHECK_THROWS_AS(continued.result(), DeadlockError);
    CHECK_NOTHROW(setter.result());
    CHECK(worker.call<&Cell::get>().result() == 7);
}

namespace {

struct AsksInConstructor {
    explicit AsksInConstructor(const Cells& asked) : answer{asked.call<&Cell::get>().result()} {}
    int answer;
};

}  // namespace

TEST_CASE("a constructor may wait for another worker", "[worker][W17][W5]") {
    const Mode mode = GENERATE(every_mode());
    const Mode asked_mode = GENERATE(every_mode());
    CAPTURE(mode, asked_mode);
    auto asked = make(asked_mode, "asked");
    auto worker = Worker<AsksInConstructor>::options().mode(mode).init(asked);
    CHECK(worker.call<&AsksInConstructor::answer>().result() == 7);
}

TEST_CASE("a constructor that waits for the worker which waits in init is noticed", "[worker][W17][W5]") {
    const Mode mode = GENERATE(every_mode());
    const Mode asked_mode = GENERATE(every_queueing_mode());
    CAPTURE(mode, asked_mode);
    auto asked = make(asked_mode, "asked");
    auto outer = asked.call([asked, mode](Cell&) {
        auto made = Worker<AsksInConstructor>::options().mode(mode).init(asked);
        return made.call<&AsksInConstructor::answer>().result();
    });
    CHECK_THROWS_AS(outer.result(), DeadlockError);
    CHECK(asked.call<&Cell::get>().result() == 7);
}

TEST_CASE("an input of init that needs the worker which calls init is noticed", "[worker][W17][W5]") {
    const Mode mode = GENERATE(every_mode());
    const Mode asked_mode = GENERATE(every_queueing_mode());
    CAPTURE(mode, asked_mode);
    auto asked = make(asked_mode, "asked");
    struct Holds {
        int value;
    };
    auto outer = asked.call([asked, mode](Cell&) {
        return Worker<Holds>::options()
            .mode(mode)
            .init(asked.call<&Cell::get>())
            .template call<&Holds::value>()
            .result();
    });
    CHECK_THROWS_AS(outer.result(), DeadlockError);
}

TEST_CASE("draining a worker that waits for this one is noticed", "[worker][W17][W25]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto first = make(mode, "first");
    auto second = make(mode, "second");
    Gate second_waits;
    auto one = first.call([&, second](Cell&) {
        second_waits.pass();
        return end_of([&] { second.drain(); });
    });
    auto two = second.call([&, first](Cell&) {
        second_waits.open();
        return end_of([&] { first.call<&Cell::get>().result(); });
    });
    const std::string first_end = one.result();
    const std::string second_end = two.result();
    CAPTURE(first_end, second_end);
    CHECK((first_end == "deadlock" || second_end == "deadlock"));
    CHECK(first_end != "other");
    CHECK(second_end != "other");
}

TEST_CASE("a call whose input waits for that worker to become idle is noticed", "[worker][W17][W25]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto idle = make(mode, "idle");
    auto drains = make(mode, "drains");
    const Busy busy(idle);
    std::string drain_end;
    auto drained = drains.call([&](Cell&) {
        drain_end = end_of([&] { idle.drain(); });
        return 1;
    });
    // The wait in drain() or the call, whichever comes second gets the error, and the other one ends.
    auto call = idle.call<&Cell::add>(drained);
    busy.end();
    const std::string call_end = end_of([&] { call.result(); });
    CHECK(drained.result() == 1);
    CAPTURE(call_end, drain_end);
    CHECK((call_end == "deadlock" || drain_end == "deadlock"));
    CHECK((call_end == "value" || drain_end == "value"));
}

TEST_CASE("a stop of a worker by an input of its last call is noticed", "[worker][W17][W21]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    testing::ManualClock clock;
    auto stopped = Worker<Cell>::options().mode(mode).name("stopped").clock(clock).init();
    auto stops = Worker<Cell>::options().mode(mode).name("stops").clock(clock).init();
    auto outer = stopped.call([&, stopped](Cell&) {
        auto input = stops.call([stopped](Cell&) { return end_of([&] { stopped.stop(); }); });
        clock.settle();  // the stop waits for this worker
        // Still taken: the worker's own running call makes it.
        return stopped.call([](Cell&, const std::string& end) { return end; }, input);
    });
    const std::string call_end = end_of([&] { outer.result(); });
    CHECK(call_end == "deadlock");
    CHECK(stops.drain());
}

TEST_CASE("a stop of a worker that waits for an input by that input is noticed", "[worker][W17][W21]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto stopped = make(mode, "stopped");
    auto stops = make(mode, "stops");
    Gate may_stop;
    auto input = stops.call([&, stopped](Cell&) {
        may_stop.pass();
        return end_of([&] { stopped.stop(); });
    });
    auto follows = stopped.call([](Cell&, const std::string& end) { return end; }, input);
    may_stop.open();
    CHECK(follows.result() == "deadlock");
    CHECK(stops.drain());
}

TEST_CASE("draining a worker whose call follows a call on this one is noticed", "[worker][W17][W25]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    const bool followed_before = GENERATE(true, false);
    CAPTURE(followed_before);
    auto first = make(mode, "first");
    auto second = make(mode, "second");
    Gate may_drain;
    Gate first_runs;
    auto drains = first.call([&, second](Cell&) {
        first_runs.open();
        may_drain.pass();
        return end_of([&] { second.drain(); });
    });
    REQUIRE(first_runs.pass());
    auto follows = second.call([&, first](Cell&) {
        if (!followed_before) {
            may_drain.open();
            // As good as sure that the other one drains then; it is noticed in either order.
            std::this_thread::sleep_for(20ms);
        }
        return first.call<&Cell::get>();
    });
    if (followed_before) {
        CHECK(second.call<&Cell::get>().result() == 7);  // the first one waits for its future already
        may_drain.open();
    }
    const bool ended = drains.wait_for(patience);
    CHECK(ended);
    if (!ended) {
        // Not noticed: end the hang, for the sake of the tests after this one.
        follows.cancel();
        drains.wait();
        return;
    }
    const std::string drain_end = drains.result();
    const std::string follow_end = end_of([&] { follows.result(); });
    CAPTURE(drain_end, follow_end);
    CHECK((drain_end == "deadlock" || follow_end == "deadlock"));
}

TEST_CASE("stopping a worker that waits for this one is noticed", "[worker][W17][W21]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto first = make(mode, "first");
    auto second = make(mode, "second");
    auto one = first.call([first, second](Cell&) {
        auto waits = second.call([first](Cell&) { return end_of([&] { first.call<&Cell::get>().result(); }); });
        const std::string stop_end = end_of([&] { second.stop(); });
        return std::pair(stop_end, waits);
    });
    const auto [stop_end, waits] = one.result();
    const std::string wait_end = waits.result();
    CAPTURE(stop_end, wait_end);
    CHECK((stop_end == "deadlock" || wait_end == "deadlock"));
    CHECK(second.stopped());
    CHECK_NOTHROW(second.stop());
    CHECK(first.call<&Cell::get>().result() == 7);
}

TEST_CASE("stopping a worker whose call follows a call on this one is noticed", "[worker][W17][W21]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto first = make(mode, "first");
    // What is not noticed ends with this time.
    auto second = Worker<Cell>::options().mode(mode).name("second").stop_timeout(5s).init();
    auto one = first.call([first, second](Cell&) {
        auto follows = second.call([first](Cell&) { return first.call<&Cell::get>(); });
        second.call<&Cell::get>().result();  // until it follows
        const std::string stop_end = end_of([&] { second.stop(); });
        return std::pair(stop_end, follows);
    });
    const auto [stop_end, follows] = one.result();
    const std::string follow_end = end_of([&, future = follows] { future.result(); });
    CAPTURE(stop_end, follow_end);
    CHECK((stop_end == "deadlock" || follow_end == "deadlock"));
    CHECK_NOTHROW(second.stop());
}

TEST_CASE("the last handle that goes inside a worker it waits for does not hang", "[worker][W17][W23]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto first = make(mode, "first");
    auto waits = first.call([first, mode](Cell&) {
        Future<std::string> inner;
        {
            auto second = make(mode, "second");
            inner = second.call([first](Cell&) { return end_of([&] { first.call<&Cell::get>().result(); }); });
        }  // waits for the worker, which waits for this one
        return inner;
    });
    const std::string end = waits.result();
    CHECK((end == "deadlock" || end == "value"));
    CHECK(first.call<&Cell::get>().result() == 7);
}

TEST_CASE("a callback may wait for what is queued behind it on its own thread", "[worker][W17][W21][W25]") {
    const Mode mode = GENERATE(every_queueing_mode());
    const std::string how = GENERATE("drain", "stop", "last handle", "turn", "init");
    CAPTURE(mode, how);
    auto source = make(mode, "source");
    auto worker = std::make_shared<Cells>(make(mode, "worker"));
    auto turns = make(Mode::sync, "turns");
    Busy busy(source);
    auto input = source.call<&Cell::get>();
    Promise<std::string> promise;
    auto end = promise.future();
    auto needs_input = std::make_shared<Future<int>>();
    input.on_done([&, worker, needs_input](const Future<int>&) {
        promise.set_value(end_of([&] {
            if (how == "drain") worker->drain();
            if (how == "stop") worker->stop();
            if (how == "last handle") *worker = Cells();
            if (how == "turn") turns.call<&Cell::get>().result();
            if (how == "init") static_cast<void>(Worker<AsksInConstructor>::options().mode(mode).init(*worker));
        }));
    });
    // Its input arrives on the same thread, after the callback.
    *needs_input = worker->call<&Cell::add>(input);
    Gate turn_taken;
    auto holder = on_new_thread([&, turns, needs_input] {
        return turns.call([&](Cell&) { return turn_taken.open(), needs_input->result(); }).result();
    });
    REQUIRE(turn_taken.pass());
    busy.end();
    CHECK(end.result() == "value");
    CHECK(needs_input->result() == 14);
    CHECK(holder.result() == 14);
}

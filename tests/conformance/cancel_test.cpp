// Cancelling calls, wherever they are on their way. F5, F6
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "support/worker_support.hpp"

using namespace concur;
using namespace concur::test;

namespace {

struct Cell {
    int add(int amount) { return value += amount; }
    int value = 0;
};

Proxy<Cell> make(Mode mode) { return Worker<Cell>::options().mode(mode).init(); }

}  // namespace

TEST_CASE("a queued call that is cancelled never starts", "[worker][F5]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    Busy busy(worker);
    auto before = worker.call<&Cell::add>(1);
    auto queued = worker.call<&Cell::add>(10);
    auto after = worker.call<&Cell::add>(100);
    CHECK(queued.cancel());
    CHECK(queued.done());
    CHECK(queued.cancelled());
    CHECK(queued.stop_reason() == StopReason::cancelled);
    CHECK(queued.attempts() == 0);
    CHECK_THROWS_AS(queued.result(), CancelledError);
    CHECK_FALSE(queued.cancel());  // finished
    busy.end();
    CHECK(before.result() == 1);
    CHECK(after.result() == 101);
    CHECK_FALSE(before.cancelled());
}

TEST_CASE("all queued calls can be cancelled, in any order", "[worker][F5]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    std::vector<Future<int>> calls;
    {
        const Busy busy(worker);
        for (int i = 0; i < 100; ++i) calls.push_back(worker.call<&Cell::add>(1));
        for (std::size_t i = 0; i < calls.size(); ++i) CHECK(calls[i * 37 % calls.size()].cancel());
    }
    CHECK(worker.drain());
    CHECK(worker.call<&Cell::value>().result() == 0);
}

TEST_CASE("a call that waits for an input can be cancelled, and its input goes on", "[worker][F5][F22]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    Promise<int> promise;
    const auto input = promise.future();
    auto call = worker.call<&Cell::add>(input);
    CHECK(call.cancel());
    CHECK(call.cancelled());
    CHECK(worker.drain());  // nothing of it is left in the worker
    CHECK_FALSE(input.done());
    promise.set_value(1);
    CHECK(input.result() == 1);
    CHECK(worker.call<&Cell::value>().result() == 0);
}

TEST_CASE("a running call is asked, and ends in its own way", "[worker][F5]") {
    const Mode mode = GENERATE(every_queueing_mode());
    const int how = GENERATE(0, 1, 2);
    CAPTURE(mode, how);
    auto worker = make(mode);
    Gate started;
    auto call = worker.call([&](Cell&, CallContext& context) {
        started.open();
        static_cast<void>(context.stop_token().wait_for(patience));
        if (how == 1) throw CancelledError("asked to stop");
        if (how == 2) throw std::string("own way");
        return 5;
    });
    REQUIRE(started.pass());
    CHECK_FALSE(call.cancel());
    CHECK_FALSE(call.cancel());
    call.wait();
    CHECK(call.cancelled() == (how == 1));
    if (how == 0) CHECK(call.result() == 5);
    if (how == 1) CHECK_THROWS_AS(call.result(), CancelledError);
    if (how == 2) CHECK_THROWS_AS(call.result(), std::string);
    CHECK(worker.call<&Cell::add>(1).result() == 1);  // the worker lives on
}

TEST_CASE("a finished call cannot be cancelled", "[worker][F5]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    auto call = worker.call<&Cell::add>(1);
    CHECK(call.result() == 1);
    CHECK_FALSE(call.cancel());
    CHECK_FALSE(call.cancel(Cancel::sources));
    CHECK(call.result() == 1);
    CHECK_FALSE(call.cancelled());
}

TEST_CASE("a cancel reaches the future that a method returned", "[worker][F5][W12]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    Promise<int> promise;
    auto call = worker.call([inner = promise.future()](Cell&) { return inner; });
    CHECK(eventually([&] { return call.attempts() == 1 && !call.running(); }));
    CHECK(call.cancel());
    CHECK_THROWS_AS(call.result(), CancelledError);
    CHECK(promise.stop_requested());
    CHECK(worker.drain());
    CHECK(worker.call<&Cell::add>(1).result() == 1);
}

TEST_CASE("a cancelled call lets go of its pending inputs, and they of it", "[worker][F5][F22]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    Promise<int> never_set;
    auto kept = std::make_shared<int>(1);
    for (int i = 0; i < 100; ++i) {
        auto call = worker.call([kept](Cell&, int, int) {}, never_set.future(), never_set.future());
        CHECK(call.cancel());
    }
    CHECK(kept.use_count() == 1);
    CHECK(worker.drain());
    CHECK(worker.call<&Cell::add>(1).result() == 1);
}

TEST_CASE("a call that is cancelled in a callback is done when cancel returns", "[worker][F5]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    Promise<int> inner;
    auto call = worker.call([later = inner.future()](Cell&) { return later; });
    CHECK(eventually([&] { return call.attempts() == 1 && !call.running(); }));
    bool withdrawn = false;
    bool cancelled = false;
    ready(1).on_done([&](auto) {
        withdrawn = call.cancel();
        cancelled = call.cancelled();
    });
    Promise<int> trigger;
    trigger.future().on_done([&](auto) {
        Promise<int> second_inner;
        auto second = worker.call([later = second_inner.future()](Cell&) { return later; });
        withdrawn =
            withdrawn && eventually([&] { return second.attempts() == 1 && !second.running(); }) && second.cancel();
        cancelled = cancelled && second.cancelled() && second.stop_reason() == StopReason::cancelled;
    });
    trigger.set_value(1);
    CHECK(withdrawn);
    CHECK(cancelled);
}

TEST_CASE("a cancel reaches the running call of another worker that a method returned", "[worker][F5][W12]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto inner = make(mode);
    auto outer = make(mode);
    auto started = std::make_shared<Gate>();
    auto call = outer.call([inner, started](Cell&) {
        return inner.call([started](Cell&, CallContext& context) {
            started->open();
            return context.stop_token().wait_for(patience) ? 1 : 2;
        });
    });
    REQUIRE(started->pass());
    CHECK(eventually([&] { return !call.running(); }));
    CHECK_FALSE(call.cancel());
    CHECK(call.result() == 1);
}

TEST_CASE("cancelling a continuation leaves its call alone, unless sources are meant", "[worker][F5][F7]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    Busy busy(worker);
    auto call = worker.call<&Cell::add>(1);
    auto continued = call.then([](int v) { return v; });
    CHECK(continued.cancel());
    CHECK(continued.cancelled());
    CHECK_FALSE(call.done());
    auto second = worker.call<&Cell::add>(10);
    auto second_continued = second.then([](int v) { return v; });
    CHECK(second_continued.cancel(Cancel::sources));
    CHECK(second.cancelled());
    busy.end();
    CHECK(call.result() == 1);
    CHECK(worker.call<&Cell::value>().result() == 1);
}

TEST_CASE("callbacks of a cancelled call do not run on the thread that cancels", "[worker][F5][F6]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    const Busy busy(worker);
    auto call = worker.call<&Cell::add>(1);
    Promise<std::thread::id> where;
    auto place = where.future();
    call.on_done([&](const Future<int>& f) {
        if (f.cancelled()) where.set_value(std::this_thread::get_id());
    });
    CHECK(call.cancel());
    CHECK(place.result() != std::this_thread::get_id());
}

TEST_CASE("a cancelled call whose future is gone is no unobserved failure", "[worker][F5][W18]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    const auto log = std::make_shared<ReportLog>();
    {
        auto worker = Worker<Cell>::options().mode(mode).observer(log).init();
        const Busy busy(worker);
        CHECK(worker.call<&Cell::add>(1).cancel());
    }
    CHECK(log->failures().empty());
}

TEST_CASE("a call can be cancelled by another call, and by itself", "[worker][F5]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    Promise<Future<int>> target;
    Promise<Future<bool>> own;
    auto canceller = worker.call([f = target.future()](Cell&) { return f.result().cancel(); });
    auto queued = worker.call<&Cell::add>(1);
    target.set_value(queued);
    CHECK(canceller.result());
    CHECK(queued.cancelled());
    auto itself = worker.call([f = own.future()](Cell&, CallContext& context) {
        const bool withdrawn = f.result().cancel();
        return !withdrawn && context.stop_token().stop_requested();
    });
    own.set_value(itself);
    CHECK(itself.result());
}

TEST_CASE("a queued call may be cancelled while its worker ends", "[worker][F5]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    Gate ending;
    Gate worker_is_gone;
    Future<void> queued;
    std::thread canceller;
    {
        auto worker = make(mode);
        const Busy busy(worker);
        std::shared_ptr<void> argument(nullptr, [&](void*) {
            ending.open();
            worker_is_gone.pass();
        });
        queued = worker.call([](Cell&, const std::shared_ptr<void>&) {}, std::move(argument));
        canceller = std::thread([&] { queued.cancel(); });
        REQUIRE(ending.pass());
    }
    worker_is_gone.open();
    canceller.join();
    CHECK(queued.cancelled());
}

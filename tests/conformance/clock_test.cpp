#include <concur/testing/inject.hpp>
#include <concur/testing/manual_clock.hpp>

#include "support/worker_support.hpp"

using concur::Future;
using concur::Mode;
using concur::Worker;
using concur::testing::ManualClock;
using namespace concur::test;

namespace {

struct Sleepy {
    bool sleep(concur::CallContext& context, std::chrono::nanoseconds time) {
        return !context.stop_token().wait_for(time);
    }
    int twice(int value) { return 2 * value; }
};

}  // namespace

TEST_CASE("a method's wait takes the time of its worker's clock", "[clock][O9]") {
    const Mode mode = GENERATE(every_mode());
    ManualClock clock;
    const auto worker = Worker<Sleepy>::options().mode(mode).clock(clock).init();
    CHECK(worker.call<&Sleepy::sleep>(24h).result());
    CHECK(clock.elapsed() == 24h);
    CHECK(worker.call<&Sleepy::sleep>(0s).result());
    CHECK(clock.elapsed() == 24h);
}

TEST_CASE("a held result times out by its worker's clock", "[clock][F3]") {
    const Mode mode = GENERATE(every_mode());
    ManualClock clock;
    const auto worker = Worker<Sleepy>::options().mode(mode).clock(clock).init();
    concur::Promise<int> promise;
    const Future<int> future = worker.call([input = promise.future()](Sleepy&) { return input; });
    CHECK_THROWS_AS(future.result(1h), concur::TimeoutError);
    CHECK(clock.elapsed() == 1h);
    CHECK_FALSE(worker.drain(1h));
    CHECK(clock.elapsed() == 2h);
    promise.set_value(1);
    CHECK(future.result(1h) == 1);
    CHECK(worker.drain(1h));
    CHECK(clock.elapsed() == 2h);
}

TEST_CASE("a stop gives up what is held after stop_timeout of the worker's clock", "[clock][W21]") {
    const Mode mode = GENERATE(every_mode());
    ManualClock clock;
    const auto worker = Worker<Sleepy>::options().mode(mode).clock(clock).stop_timeout(10s).init();
    concur::Promise<int> promise;
    const Future<int> future = worker.call([input = promise.future()](Sleepy&) { return input; });
    worker.stop();
    CHECK(clock.elapsed() == 10s);
    CHECK_THROWS_AS(future.result(), concur::WorkerStoppedError);
}

TEST_CASE("a token that was kept waits on its worker's clock", "[clock][W30]") {
    const Mode mode = GENERATE(every_mode());
    ManualClock clock;
    const auto worker = Worker<Sleepy>::options().mode(mode).clock(clock).init();
    const concur::StopToken token =
        worker.call([](Sleepy&, concur::CallContext& context) { return context.stop_token(); }).result();
    CHECK_FALSE(token.wait_for(1h));
    CHECK(clock.elapsed() == 1h);
}

TEST_CASE("a builder keeps its clock for all its workers", "[clock][O9]") {
    const Mode mode = GENERATE(every_mode());
    ManualClock clock;
    const auto options = Worker<Sleepy>::options().mode(mode).clock(clock);
    CHECK(options.init().call<&Sleepy::sleep>(1h).result());
    CHECK(options.name("second").init().call<&Sleepy::sleep>(1h).result());
    CHECK(clock.elapsed() == 2h);
    CHECK(options.clock({}).init().call<&Sleepy::twice>(2).result() == 4);
}

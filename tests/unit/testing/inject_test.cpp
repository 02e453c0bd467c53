#include <concur/testing/inject.hpp>

#include <concur/testing/manual_clock.hpp>
#include <stdexcept>

#include "support/worker_support.hpp"

using concur::Mode;
using concur::Worker;
using concur::testing::Delay;
using concur::testing::FailNth;
using namespace concur::test;

namespace {

struct Counter {
    int next() { return ++count; }
    int count = 0;
};

}  // namespace

TEST_CASE("the nth attempt of the worker fails, without the method having run", "[inject][O9]") {
    const Mode mode = GENERATE(every_mode());
    const auto worker = Worker<Counter>::options().mode(mode).inject(FailNth(2, std::out_of_range("lost"))).init();
    CHECK(worker.call<&Counter::next>().result() == 1);
    CHECK_THROWS_AS(worker.call<&Counter::next>().result(), std::out_of_range);
    CHECK(worker.call<&Counter::next>().result() == 2);
    CHECK(worker.call([](Counter& counter) { return counter.count; }).result() == 2);
}

TEST_CASE("each worker of a builder counts its own attempts, and faults add up", "[inject][O9]") {
    const Mode mode = GENERATE(every_mode());
    const auto options = Worker<Counter>::options()
                             .mode(mode)
                             .inject(FailNth(1, std::make_exception_ptr(7)))
                             .inject(FailNth(3, std::logic_error("third")));
    for (int i = 0; i < 2; ++i) {
        const auto worker = options.init();
        CHECK_THROWS_AS(worker.call<&Counter::next>().result(), int);
        CHECK(worker.call<&Counter::next>().result() == 1);
        CHECK_THROWS_AS(worker.call<&Counter::next>().result(), std::logic_error);
        CHECK(worker.call<&Counter::next>().result() == 2);
    }
}

TEST_CASE("a delay waits on the worker's clock", "[inject][O9]") {
    const Mode mode = GENERATE(every_mode());
    concur::testing::ManualClock clock;
    const auto worker = Worker<Counter>::options().mode(mode).clock(clock).inject(Delay(2, 1h)).init();
    CHECK(worker.call<&Counter::next>().result() == 1);
    CHECK(clock.elapsed() == 0s);
    CHECK(worker.call<&Counter::next>().result() == 2);
    CHECK(clock.elapsed() == 1h);
    CHECK(worker.call<&Counter::next>().result() == 3);
    CHECK(clock.elapsed() == 1h);
}

TEST_CASE("a stop ends a delay", "[inject][O9]") {
    const auto worker = Worker<Counter>::options().mode("thread").inject(Delay(1, 1h)).init();
    const concur::Future<int> delayed = worker.call<&Counter::next>();
    worker.stop(concur::Stop::now);
    CHECK(delayed.done());
}

TEST_CASE("faults that make no sense are refused when they are made", "[inject][O9]") {
    CHECK_THROWS_AS(FailNth(0, std::logic_error("")), concur::ConfigError);
    CHECK_THROWS_AS(FailNth(1, std::exception_ptr()), concur::ConfigError);
    CHECK_THROWS_AS(Delay(-1, 1s), concur::ConfigError);
    CHECK_THROWS_AS(Delay(1, -1s), concur::ConfigError);
    CHECK(contains(text_of_error([] { return FailNth(0, std::logic_error("")); }), "FailNth: 0 is not allowed"));
    CHECK(contains(text_of_error([] { return Delay(1, -2s); }), "Delay: -2 s is not allowed"));
}

// Blocking proxies: calls return the value itself, or throw. W16
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

#include "support/worker_support.hpp"

using namespace concur;
using namespace concur::test;

namespace {

struct Counter {
    int add(int amount) { return value += amount; }
    void nothing() {}
    void refuse() const { throw std::domain_error("refused"); }
    std::unique_ptr<int> give(int v) const { return std::make_unique<int>(v); }
    std::string_view view() const { return "view"; }
    Future<int> later(int v) const { return ready(v); }
    int attempt(CallContext& context) const { return context.attempt().number; }
    int value = 0;
};

}  // namespace

TEST_CASE("a blocking proxy returns values", "[worker][W16]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Counter>::options().mode(mode).blocking().init();
    static_assert(std::is_same_v<decltype(worker), Proxy<Counter, Mode::dynamic, Blocking::yes>>);
    static_assert(std::is_same_v<decltype(worker.call<&Counter::add>(1)), int>);
    static_assert(std::is_same_v<decltype(worker.call<&Counter::nothing>()), void>);
    static_assert(std::is_same_v<decltype(worker.call<&Counter::view>()), std::string>);
    static_assert(std::is_same_v<decltype(worker.call<&Counter::later>(1)), int>);
    const int sum = worker.call<&Counter::add>(5);
    CHECK(sum == 5);
    worker.call<&Counter::nothing>();
    CHECK(*worker.call<&Counter::give>(3) == 3);
    CHECK(worker.call<&Counter::view>() == "view");
    CHECK(worker.call<&Counter::later>(4) == 4);
    CHECK(worker.call<&Counter::value>() == 5);
    CHECK(worker.call<&Counter::attempt>() == 1);
    CHECK(worker.call([](Counter& counter, int k) { return counter.value * k; }, 2) == 10);
    CHECK(worker.call<&Counter::add>(ready(1)) == 6);
}

TEST_CASE("a blocking call throws what the method throws", "[worker][W16]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Counter>::options().mode(mode).blocking().init();
    CHECK_THROWS_AS(worker.call<&Counter::refuse>(), std::domain_error);
    CHECK_THROWS_AS(worker.call([](Counter&) { throw 5; }), int);
    CHECK_THROWS_AS(worker.call<&Counter::add>(failed<int>(std::range_error("input"))), std::range_error);
    CHECK_THROWS_AS(worker.call([](Counter&) { return failed<int>(std::range_error("later")); }), std::range_error);
    CHECK(worker.call<&Counter::add>(1) == 1);
    worker.stop();
    CHECK_THROWS_AS(worker.call<&Counter::add>(1), WorkerStoppedError);
}

TEST_CASE("blocking and other proxies do not convert into each other", "[worker][W16]") {
    using Blocks = Proxy<Counter, Mode::dynamic, Blocking::yes>;
    static_assert(!std::is_convertible_v<Blocks, Proxy<Counter>>);
    static_assert(!std::is_convertible_v<Proxy<Counter>, Blocks>);
    static_assert(!std::is_constructible_v<Blocks, Proxy<Counter>>);
    static_assert(std::is_convertible_v<Proxy<Counter, Mode::sync, Blocking::yes>, Blocks>);
    auto typed = Worker<Counter>::options().mode(concur::thread).blocking().init();
    static_assert(std::is_same_v<decltype(typed), Proxy<Counter, Mode::thread, Blocking::yes>>);
    const Blocks dynamic = typed;
    CHECK(dynamic.call<&Counter::add>(2) == 2);
    CHECK(typed.call<&Counter::add>(2) == 4);
}

TEST_CASE("a blocking call ends when its worker is stopped now", "[worker][W16][W22]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = Worker<Counter>::options().mode(mode).blocking().init();
    Gate started;
    auto caller = on_new_thread([&, worker] {
        worker.call([&](Counter&, CallContext& context) {
            started.open();
            static_cast<void>(context.stop_token().wait_for(patience));
            throw CancelledError("asked to stop");
        });
    });
    REQUIRE(started.pass());
    auto waiting = on_new_thread([worker] { return worker.call<&Counter::add>(1); });
    worker.stop(Stop::now);
    CHECK_THROWS_AS(caller.result(), CancelledError);
    CHECK_THROWS_AS(waiting.result(), WorkerStoppedError);
}

TEST_CASE("a blocking call on its own worker runs inline in sync mode and is a deadlock in others",
          "[worker][W16][W17]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Counter>::options().mode(mode).blocking().init();
    const auto calls_itself = [worker](Counter&) { return worker.call<&Counter::add>(3); };
    if (runs_in_caller(mode)) {
        CHECK(worker.call(calls_itself) == 3);
    } else {
        CHECK_THROWS_AS(worker.call(calls_itself), DeadlockError);
    }
    CHECK(worker.call<&Counter::add>(0) == 3);
}

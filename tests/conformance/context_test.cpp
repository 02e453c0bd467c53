// What a running call can learn about itself. W30, W31, W7 (names)
#include <atomic>
#include <string>

#include "support/worker_support.hpp"

namespace app {

struct Named {
    std::string method(concur::CallContext& context) const { return std::string(context.method_name()); }
    std::string worker(concur::CallContext& context) const { return std::string(context.worker_name()); }
};
struct Derived : Named {};
template <class T>
struct Template {
    std::string worker(concur::CallContext& context) const { return std::string(context.worker_name()); }
};
namespace {
struct Hidden {
    std::string worker(concur::CallContext& context) const { return std::string(context.worker_name()); }
    std::string method(concur::CallContext& context) const { return std::string(context.method_name()); }
};
}  // namespace

}  // namespace app

using namespace concur;
using namespace concur::test;

namespace {

struct Asked {
    int attempt() const { return this_worker::context().attempt().number; }
    bool same_context(CallContext& context) const { return &context == &this_worker::context(); }
    bool in_helper(CallContext& context) const { return helper() == &context; }
    static const CallContext* helper() { return &this_worker::context(); }
};

struct NeedsContext {
    NeedsContext() {
        try {
            static_cast<void>(this_worker::context());
            outcome = "context";
        } catch (const NotOnWorkerError&) {
            outcome = "none";
        }
    }
    std::string outcome;
};

}  // namespace

TEST_CASE("a context names worker, method and attempt", "[worker][W30]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<app::Named>::options().mode(mode).name("a name").init();
    CHECK(worker.call<&app::Named::method>().result() == "app::Named::method");
    CHECK(worker.call<&app::Named::worker>().result() == "a name");
    const auto attempt = worker.call([](app::Named&, CallContext& context) { return context.attempt(); }).result();
    CHECK(attempt.number == 1);
    CHECK(attempt.last_error == nullptr);
}

TEST_CASE("names carry their namespaces, without unnamed ones", "[worker][W7]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    CHECK(Worker<app::Named>::options().mode(mode).init().call<&app::Named::worker>().result() == "app::Named");
    auto hidden = Worker<app::Hidden>::options().mode(mode).init();
    CHECK(hidden.call<&app::Hidden::worker>().result() == "app::Hidden");
    CHECK(hidden.call<&app::Hidden::method>().result() == "app::Hidden::method");
    auto derived = Worker<app::Derived>::options().mode(mode).init();
    CHECK(derived.call<&app::Derived::worker>().result() == "app::Derived");
    CHECK(derived.call<&app::Derived::method>().result() == "app::Named::method");  // where it is declared
    auto instance = Worker<app::Template<int>>::options().mode(mode).init();
    CHECK(instance.call<&app::Template<int>::worker>().result() == "app::Template<int>");
    const auto method_name = [](auto&, CallContext& context) { return std::string(context.method_name()); };
    CHECK(derived.call(method_name).result() == "lambda");
}

TEST_CASE("a class whose name is too long for a worker is cut, not refused", "[worker][W7]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    struct ANameThatIsLongerThanTheSixtyThreeBytesThatAWorkerCanHoldWhichIsQuiteALot {};
    using Long = ANameThatIsLongerThanTheSixtyThreeBytesThatAWorkerCanHoldWhichIsQuiteALot;
    auto worker = Worker<Long>::options().mode(mode).init();
    CHECK(worker.name() == "ANameThatIsLongerThanTheSixtyThreeBytesThatAWorkerCanHoldWhichI");
}

TEST_CASE("this_worker gives the context without a parameter", "[worker][W31]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Asked>::options().mode(mode).init();
    CHECK(worker.call<&Asked::attempt>().result() == 1);
    CHECK(worker.call<&Asked::same_context>().result());
    CHECK(worker.call<&Asked::in_helper>().result());
}

TEST_CASE("outside of workers there is no context", "[worker][W31]") {
    CHECK_THROWS_AS(static_cast<void>(this_worker::context()), NotOnWorkerError);
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<NeedsContext>::options().mode(mode).init();  // a constructor is no call
    CHECK(worker.call<&NeedsContext::outcome>().result() == "none");
    CHECK_THROWS_AS(static_cast<void>(this_worker::context()), NotOnWorkerError);  // nor after one
    auto call = worker.call([](NeedsContext&) { throw 1; });
    CHECK_THROWS_AS(call.result(), int);
    CHECK_THROWS_AS(static_cast<void>(this_worker::context()), NotOnWorkerError);
    CHECK_THROWS_AS(on_new_thread([] { return this_worker::context().attempt().number; }).result(), NotOnWorkerError);
}

TEST_CASE("a nested sync call has its own context, and gives back the outer one", "[worker][W31]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto inner = Worker<Asked>::options().mode(concur::sync).name("inner").init();
    auto outer = Worker<Asked>::options().mode(mode).name("outer").init();
    const auto names = outer
                           .call([inner](Asked&) {
                               const auto name = [] { return std::string(this_worker::context().worker_name()); };
                               std::string all = name();
                               inner.call([&](Asked&) { all += " " + name(); });
                               return all + " " + name();
                           })
                           .result();
    CHECK(names == "outer inner outer");
}

// ---- stop tokens

TEST_CASE("a running call is asked to stop by a cancel", "[worker][W30][F5]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = Worker<Asked>::options().mode(mode).init();
    Gate started;
    auto call = worker.call([&](Asked&, CallContext& context) {
        started.open();
        return context.stop_token().wait_for(patience);
    });
    REQUIRE(started.pass());
    CHECK(call.running());
    CHECK_FALSE(call.cancel());
    CHECK(call.result());  // it ended in its own way
    CHECK_FALSE(call.cancelled());
    CHECK_FALSE(
        worker.call([](Asked&, CallContext& context) { return context.stop_token().stop_requested(); }).result());
}

TEST_CASE("a stop token that is taken after the request knows of it", "[worker][W30]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = Worker<Asked>::options().mode(mode).init();
    Gate started;
    Gate asked;
    auto call = worker.call([&](Asked&, CallContext& context) {
        started.open();
        asked.pass();
        return context.stop_token().stop_requested() && this_worker::context().stop_token().stop_requested();
    });
    REQUIRE(started.pass());
    CHECK_FALSE(call.cancel());
    asked.open();
    CHECK(call.result());
}

TEST_CASE("a stop token's callback runs once, when the stop is requested", "[worker][W30]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = Worker<Asked>::options().mode(mode).init();
    std::atomic<int> told{0};
    Gate started;
    auto call = worker.call([&](Asked&, CallContext& context) {
        const StopToken token = context.stop_token();
        const auto first = token.on_stop([&] { ++told; });
        {
            const auto gone = token.on_stop([&] { told += 100; });
        }
        started.open();
        static_cast<void>(token.wait_for(patience));
        const auto late = token.on_stop([&] { told += 10; });  // at once
    });
    REQUIRE(started.pass());
    CHECK_FALSE(call.cancel());
    CHECK_FALSE(call.cancel());
    CHECK_NOTHROW(call.result());
    CHECK(told == 11);
}

TEST_CASE("a stop token may outlive its call and its worker", "[worker][W30]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    StopToken kept;
    {
        auto worker = Worker<Asked>::options().mode(mode).init();
        kept = worker.call([](Asked&, CallContext& context) { return context.stop_token(); }).result();
    }
    CHECK_FALSE(kept.stop_requested());
    CHECK_FALSE(kept.wait_for(1ms));
    CHECK_FALSE(StopToken().stop_requested());
    CHECK_FALSE(StopToken().wait_for(1ms));
    CHECK_FALSE(StopToken().wait_for(-1s));
}

TEST_CASE("stop now asks the running call through its token", "[worker][W22][W30]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    const bool token_taken_before = GENERATE(true, false);
    CAPTURE(token_taken_before);
    auto worker = Worker<Asked>::options().mode(mode).init();
    Gate started;
    Gate look;
    auto call = worker.call([&](Asked&, CallContext& context) {
        StopToken token;
        if (token_taken_before) token = context.stop_token();
        started.open();
        if (!token_taken_before) look.pass();
        return context.stop_token().wait_for(patience);
    });
    REQUIRE(started.pass());
    auto stopper = on_new_thread([worker] { worker.stop(Stop::now); });
    if (!token_taken_before) {
        CHECK(eventually([&] { return worker.stopped(); }));
        look.open();
    }
    CHECK(call.result());
    CHECK_NOTHROW(stopper.result());
}

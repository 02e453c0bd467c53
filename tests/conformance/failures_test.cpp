// What the user's code throws, wherever it throws it. W15, W18, F23 (as far as failures go), wrong use
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>

#include "support/worker_support.hpp"

using namespace concur;
using namespace concur::test;

namespace {

struct OwnError : std::runtime_error {
    OwnError(const std::string& text, int n) : std::runtime_error(text), number{n} {}
    int number;
};

struct Thrower {
    void own() { throw OwnError("own text", 42); }
    void number() { throw 7; }
    void text() { throw "text"; }
    void nested() {
        try {
            throw std::range_error("inside");
        } catch (...) {
            std::throw_with_nested(std::logic_error("outside"));
        }
    }
    void pointer() { std::rethrow_exception(std::make_exception_ptr(std::out_of_range("rethrown"))); }
    int fine() const { return 1; }
};

struct MoveThrows {
    MoveThrows() = default;
    MoveThrows(const MoveThrows&) = default;
    MoveThrows(MoveThrows&& other) : armed{other.armed} {
        if (armed && --*armed < 0) throw OwnError("move", 1);
    }
    std::shared_ptr<int> armed;
};

struct CopyThrows {
    CopyThrows() = default;
    CopyThrows(const CopyThrows&) { throw OwnError("copy", 2); }
    CopyThrows(CopyThrows&&) = default;
};

struct ConversionThrows {
    operator int() const { throw OwnError("conversion", 3); }
};

struct FromIntThrows {
    FromIntThrows(int value) {
        if (value < 0) throw OwnError("from int", value);
    }
};

struct ResultThrows {
    ResultThrows() = default;
    ResultThrows(const ResultThrows&) { throw OwnError("result", 4); }
};

template <class F>
int number_of_error(F f) {
    try {
        f();
    } catch (const OwnError& error) {
        return error.number;
    }
    return 0;
}

}  // namespace

TEST_CASE("what a method throws arrives with its type", "[worker][W15]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Thrower>::options().mode(mode).init();
    CHECK(number_of_error([&] { worker.call<&Thrower::own>().result(); }) == 42);
    CHECK(text_of_error<OwnError>([&] { return worker.call<&Thrower::own>().result(), 0; }) == "own text");
    CHECK_THROWS_AS(worker.call<&Thrower::number>().result(), int);
    CHECK_THROWS_AS(worker.call<&Thrower::text>().result(), const char*);
    CHECK_THROWS_AS(worker.call<&Thrower::pointer>().result(), std::out_of_range);
    CHECK(worker.call<&Thrower::fine>().result() == 1);
}

TEST_CASE("nested exceptions arrive nested", "[worker][W15]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Thrower>::options().mode(mode).init();
    std::string inside;
    try {
        worker.call<&Thrower::nested>().result();
    } catch (const std::logic_error& error) {
        try {
            std::rethrow_if_nested(error);
        } catch (const std::range_error& nested) {
            inside = nested.what();
        }
    }
    CHECK(inside == "inside");
}

TEST_CASE("a failure tells worker, method and attempt", "[worker][W15][F4]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Thrower>::options().mode(mode).name("thrower").init();
    auto failed_call = worker.call<&Thrower::own>();
    const auto failure = failed_call.failure();
    REQUIRE(failure);
    CHECK(failure->worker == "thrower");
    CHECK(failure->method == "Thrower::own");
    CHECK(failure->attempt == 1);
    CHECK(failed_call.stop_reason() == StopReason::retries_exhausted);
    CHECK(failed_call.attempts() == 1);
    auto fine = worker.call<&Thrower::fine>();
    CHECK_FALSE(fine.failure());
    CHECK(fine.stop_reason() == StopReason::none);
    CHECK(fine.attempts() == 1);
}

TEST_CASE("an argument whose copy or conversion throws fails at the call, and nothing is queued", "[worker][W11]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Thrower>::options().mode(mode).init();
    std::atomic<int> ran{0};
    const CopyThrows argument;
    CHECK(number_of_error([&] { worker.call([&](Thrower&, const CopyThrows&) { ++ran; }, argument); }) == 2);
    CHECK(number_of_error([&] { worker.call([&](Thrower&, int) { ++ran; }, ConversionThrows()); }) == 3);
    CHECK(number_of_error([&] { worker.call([&](Thrower&, const FromIntThrows&) { ++ran; }, -5); }) == -5);
    worker.drain();
    CHECK(ran == 0);
    CHECK(worker.call<&Thrower::fine>().result() == 1);
}

TEST_CASE("a callable whose copy throws fails at the call", "[worker][W11]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Thrower>::options().mode(mode).init();
    struct Callable {
        Callable() = default;
        Callable(const Callable&) { throw OwnError("callable", 5); }
        int operator()(Thrower&) const { return 1; }
    };
    const Callable callable;
    CHECK(number_of_error([&] { worker.call(callable); }) == 5);
    CHECK(worker.call<&Thrower::fine>().result() == 1);
}

TEST_CASE("an argument that throws on its way into the method fails the call's future", "[worker][W11][W15]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Thrower>::options().mode(mode).init();
    std::atomic<int> ran{0};
    MoveThrows argument;
    argument.armed = std::make_shared<int>(1'000'000);
    auto call = worker.call(
        [&](Thrower& object, MoveThrows taken) {
            static_cast<void>(object);
            static_cast<void>(taken);
            ++ran;
        },
        argument);
    CHECK_NOTHROW(call.result());
    // However often it is moved on its way, sooner or later it throws: at the call, or into the future.
    const int moves = 1'000'000 - *argument.armed;
    CHECK(moves > 0);
    for (int allowed = 0; allowed < moves; ++allowed) {
        CAPTURE(allowed);
        *argument.armed = allowed;
        CHECK(number_of_error([&] { worker.call([&](Thrower&, MoveThrows) { ++ran; }, argument).result(); }) == 1);
    }
    CHECK(ran == 1);
    CHECK(worker.call<&Thrower::fine>().result() == 1);
}

TEST_CASE("an input whose conversion throws fails the call's future", "[worker][F23][W15]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Thrower>::options().mode(mode).init();
    std::atomic<int> ran{0};
    auto call = worker.call([&](Thrower&, const FromIntThrows&) { ++ran; }, ready(-6));
    CHECK(number_of_error([&] { call.result(); }) == -6);
    CHECK(ran == 0);
    auto copied = worker.call([&](Thrower&, const CopyThrows&) { ++ran; }, ready(CopyThrows()));
    CHECK_NOTHROW(copied.result());  // the last handle: moved
    auto kept = ready(CopyThrows());
    auto copies = worker.call([&](Thrower&, const CopyThrows&) { ++ran; }, kept);
    CHECK(number_of_error([&] { copies.result(); }) == 2);
    CHECK(ran == 1);
}

TEST_CASE("a result that throws on its way out fails the call's future", "[worker][W15]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Thrower>::options().mode(mode).init();
    struct Holder {
        const ResultThrows& get() const { return value; }
        ResultThrows value;
    };
    auto holder = Worker<Holder>::options().mode(mode).init();
    CHECK(number_of_error([&] {
              static_cast<void>(holder.call<&Holder::get>().exception() == nullptr
                                    ? 0
                                    : (std::rethrow_exception(holder.call<&Holder::get>().exception()), 0));
          }) == 4);
    CHECK(number_of_error([&] { std::rethrow_exception(holder.call<&Holder::value>().exception()); }) == 4);
}

// ---- destructors

namespace {

struct DestructorThrows {
    ~DestructorThrows() noexcept(false) { throw OwnError("destructor", 6); }
    int get() const { return 1; }
};

}  // namespace

TEST_CASE("a destructor that throws becomes a warning", "[worker][W21][W23][O10]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto log = std::make_shared<ReportLog>();
    Future<int> last;
    {
        auto worker = Worker<DestructorThrows>::options().mode(mode).name("fragile").observer(log).init();
        last = worker.call<&DestructorThrows::get>();
        const bool explicitly = GENERATE(true, false);
        if (explicitly) CHECK_NOTHROW(worker.stop());
    }
    CHECK(last.result() == 1);
    const auto warnings = log->warnings(WarningKind::destructor_error);
    REQUIRE(warnings.size() == 1);
    CHECK(warnings[0].worker == "fragile");
    CHECK(number_of_error([&] { std::rethrow_exception(warnings[0].error); }) == 6);
}

TEST_CASE("a destructor may call other workers", "[worker][W21]") {
    const Mode mode = GENERATE(every_mode());
    const Mode asked_mode = GENERATE(every_mode());
    CAPTURE(mode, asked_mode);
    static std::atomic<int> answer;
    answer = 0;
    struct Asks {
        ~Asks() { answer = asked.call<&Thrower::fine>().result(); }
        Proxy<Thrower> asked;
    };
    auto asked = Worker<Thrower>::options().mode(asked_mode).init();
    {
        auto worker = Worker<Asks>::options().mode(mode).init();
        worker.call([asked](Asks& object) { object.asked = asked; }).result();
    }
    CHECK(answer == 1);
}

TEST_CASE("a destructor that calls its own worker is refused", "[worker][W20][W21]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    struct AsksItself {
        ~AsksItself() {
            try {
                self->call<&AsksItself::get>();
                *end = "accepted";
            } catch (const WorkerStoppedError&) {
                *end = "refused";
            }
        }
        int get() const { return value; }
        int value = 5;
        const Proxy<AsksItself>* self = nullptr;
        std::string* end = nullptr;
    };
    std::string end;
    auto worker = Worker<AsksItself>::options().mode(mode).init();
    worker
        .call([&](AsksItself& object) {
            object.self = &worker;
            object.end = &end;
        })
        .result();
    worker.stop();
    CHECK(end == "refused");
}

TEST_CASE("an argument's destructor may call the worker", "[worker][W11][W17]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Thrower>::options().mode(mode).init();
    Promise<int> called;
    auto end = called.future();
    struct CallsWhenGone {
        CallsWhenGone(Proxy<Thrower> w, Promise<int> p) : worker{std::move(w)}, promise{std::move(p)} {}
        CallsWhenGone(CallsWhenGone&&) = default;
        ~CallsWhenGone() {
            try {
                worker.call<&Thrower::fine>().on_done([p = std::make_shared<Promise<int>>(std::move(promise))](
                                                          const Future<int>& f) { p->set_value(f.result()); });
            } catch (const Error&) {
                // moved from
            }
        }
        Proxy<Thrower> worker;
        Promise<int> promise;
    };
    worker.call([](Thrower&, const CallsWhenGone&) {}, CallsWhenGone(worker, std::move(called)));
    CHECK(end.result() == 1);
}

// ---- failures nobody looks at

TEST_CASE("a failure nobody looks at is reported once", "[worker][W18]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto log = std::make_shared<ReportLog>();
    auto worker = Worker<Thrower>::options().mode(mode).name("dropped").observer(log).init();
    worker.call<&Thrower::own>();
    {
        auto copy = worker.call<&Thrower::own>();
        const auto another = copy;
    }
    worker.stop();
    CHECK(eventually([&] { return log->failures().size() == 2; }));
    for (const auto& failure : log->failures()) {
        CHECK(failure.worker == "dropped");
        CHECK(failure.method == "Thrower::own");
        CHECK(number_of_error([&] { std::rethrow_exception(failure.error); }) == 42);
    }
}

TEST_CASE("a failure somebody looked at is not reported", "[worker][W18]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto log = std::make_shared<ReportLog>();
    auto worker = Worker<Thrower>::options().mode(mode).observer(log).init();
    CHECK(number_of_error([&] { worker.call<&Thrower::own>().result(); }) == 42);
    CHECK(worker.call<&Thrower::own>().exception());
    CHECK_FALSE(worker.call<&Thrower::own>().outcome());
    CHECK(worker.call<&Thrower::own>().failure());
    worker.call<&Thrower::own>().on_done([](const Future<void>&) {});
    worker.call<&Thrower::fine>();
    worker.stop();
    CHECK(log->failures().empty());
}

TEST_CASE("both observers, of the worker and of all, are told", "[worker][W18]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto own = std::make_shared<ReportLog>();
    const auto all = std::make_shared<ReportLog>();
    const WatchAll watch(all);
    {
        auto worker = Worker<Thrower>::options().mode(mode).observer(own).init();
        worker.call<&Thrower::number>();
    }
    CHECK(eventually([&] { return own->failures().size() == 1 && all->failures().size() == 1; }));
}

TEST_CASE("a callback that throws is reported, and the worker goes on", "[worker][W18][F6]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto log = std::make_shared<ReportLog>();
    const WatchAll watch(log);
    {
        auto worker = Worker<Thrower>::options().mode(mode).init();
        auto call = worker.call<&Thrower::fine>();
        call.on_done([](const Future<int>&) { throw OwnError("callback", 8); });
        CHECK(call.result() == 1);
        CHECK(worker.call<&Thrower::fine>().result() == 1);
    }
    CHECK(eventually([&] { return log->failures().size() == 1; }));
    CHECK(number_of_error([&] { std::rethrow_exception(log->failures().at(0).error); }) == 8);
}

TEST_CASE("a continuation that throws fails its own future", "[worker][F7]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Thrower>::options().mode(mode).init();
    auto continued = worker.call<&Thrower::fine>().then([](int) -> int { throw OwnError("continuation", 9); });
    CHECK(number_of_error([&] { continued.result(); }) == 9);
    CHECK(worker.call<&Thrower::fine>().result() == 1);
}

TEST_CASE("an observer that throws is switched off", "[worker][W18][O10]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    struct Throwing final : Observer {
        void on_unobserved_failure(const CallEvent&) override {
            ++told;
            throw OwnError("observer", 1);
        }
        std::atomic<int> told{0};
    };
    const auto throwing = std::make_shared<Throwing>();
    const auto all = std::make_shared<ReportLog>();
    const WatchAll watch(all);
    {
        auto worker = Worker<Thrower>::options().mode(mode).observer(throwing).init();
        worker.call<&Thrower::number>();
        worker.drain();
        worker.call<&Thrower::number>();
    }
    CHECK(eventually([&] { return all->failures().size() == 2; }));
    CHECK(throwing->told == 1);
    CHECK(all->warnings(WarningKind::hook_error).size() == 1);
}

TEST_CASE("a dropped future does not cancel its call", "[worker][W18]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    struct Counts {
        void add() { ++value; }
        int value = 0;
    };
    auto worker = Worker<Counts>::options().mode(mode).init();
    for (int i = 0; i < 100; ++i) worker.call<&Counts::add>();
    for (int i = 0; i < 100; ++i) static_cast<void>(worker.call<&Counts::add>().then([] {}));
    CHECK(worker.call<&Counts::value>().result() == 200);
}

// ---- lifetimes

TEST_CASE("arguments and function are destroyed before the future is ready, however the call ends",
          "[worker][W11][F5]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    // Looked at where it can be seen first: in a continuation.
    const auto gone_at_end = [](const std::weak_ptr<int>& token, auto& call) {
        auto gone = std::make_shared<Promise<bool>>();
        call.on_done([gone, token](const auto&) { gone->set_value(token.expired()); });
        return gone->future();
    };
    auto token = std::make_shared<int>(1);
    std::weak_ptr<int> watched = token;
    const auto take_token = [&] { return std::exchange(token, nullptr); };
    const auto fresh = [&] {
        token = std::make_shared<int>(1);
        watched = token;
    };

    SECTION("by a value") {
        auto worker = Worker<Thrower>::options().mode(mode).init();
        Gate go;
        auto call = runs_in_caller(mode)
                        ? worker.call([](Thrower&, const std::shared_ptr<int>&) {}, take_token())
                        : worker.call([&go](Thrower&, const std::shared_ptr<int>&) { go.pass(); }, take_token());
        auto gone = gone_at_end(watched, call);
        go.open();
        CHECK(gone.result());
        fresh();
        CHECK_NOTHROW(worker.call([kept = take_token()](Thrower&) {}).result());
        CHECK(watched.expired());
    }
    SECTION("by an exception") {
        auto worker = Worker<Thrower>::options().mode(mode).init();
        auto call = worker.call([](Thrower&, const std::shared_ptr<int>&) { throw 1; }, take_token());
        CHECK(gone_at_end(watched, call).result());
    }
    SECTION("by a failed input") {
        if (runs_in_caller(mode)) return;
        auto worker = Worker<Thrower>::options().mode(mode).init();
        Promise<int> input;
        auto call = worker.call([](Thrower&, int, const std::shared_ptr<int>&) {}, input.future(), take_token());
        auto gone = gone_at_end(watched, call);
        input.set_exception(OwnError("input", 1));
        CHECK(gone.result());
    }
    SECTION("by a cancel while it is queued") {
        if (runs_in_caller(mode)) return;
        auto worker = Worker<Thrower>::options().mode(mode).init();
        const Busy busy(worker);
        auto call = worker.call([](Thrower&, const std::shared_ptr<int>&) {}, take_token());
        CHECK(call.cancel());
        CHECK(watched.expired());
    }
    SECTION("by a cancel while it waits for an input") {
        if (runs_in_caller(mode)) return;
        auto worker = Worker<Thrower>::options().mode(mode).init();
        Promise<int> input;
        auto call = worker.call([](Thrower&, int, const std::shared_ptr<int>&) {}, input.future(), take_token());
        CHECK(call.cancel());
        CHECK(watched.expired());
    }
    SECTION("by stop now") {
        if (runs_in_caller(mode)) return;
        auto worker = Worker<Thrower>::options().mode(mode).init();
        Busy busy(worker);
        auto call = worker.call([](Thrower&, const std::shared_ptr<int>&) {}, take_token());
        auto gone = gone_at_end(watched, call);
        auto stopper = on_new_thread([worker] { worker.stop(Stop::now); });
        CHECK(gone.result());
        busy.end();
        CHECK_NOTHROW(stopper.result());
    }
}

TEST_CASE("a value dies with its last future, not with its worker", "[worker][W12][F2]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    std::weak_ptr<int> watched;
    Future<std::shared_ptr<int>> kept;
    {
        auto worker = Worker<Thrower>::options().mode(mode).init();
        auto token = std::make_shared<int>(1);
        watched = token;
        kept = worker.call([](Thrower&, std::shared_ptr<int> t) { return t; }, std::move(token));
    }
    CHECK(kept.result().use_count() == 1);
    kept = {};
    CHECK(watched.expired());
}

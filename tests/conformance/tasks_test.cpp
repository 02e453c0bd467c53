// TaskWorker: any function on a worker, and workers that are bound to one. W16, Q8
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/worker_support.hpp"

using namespace concur;
using namespace concur::test;

namespace {

int power(int base, int exponent) {
    int result = 1;
    while (exponent-- > 0) result *= base;
    return result;
}

std::string_view first_word(std::string_view text) { return text.substr(0, text.find(' ')); }

struct Adder {
    int operator()(int a, int b) const { return a + b; }
};

TaskProxy<> tasks_in(Mode mode) { return TaskWorker::options().mode(mode).init(); }

}  // namespace

TEST_CASE("a task is anything that can be called", "[tasks][Q8]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto tasks = tasks_in(mode);
    CHECK(tasks.submit(power, 3, 3).result() == 27);
    CHECK(tasks.submit(&power, 2, 5).result() == 32);
    CHECK(tasks.submit([](int a, int b) { return a + b; }, 1, 2).result() == 3);
    CHECK(tasks.submit([](auto a, auto b) { return a + b; }, 1, 2.5).result() == 3.5);
    CHECK(tasks.submit(Adder(), 1, 2).result() == 3);
    CHECK(tasks.submit(std::plus<>(), 1, 2).result() == 3);
    CHECK(tasks.submit(std::function<int()>([] { return 4; })).result() == 4);
    CHECK(tasks.submit([n = 0]() mutable { return ++n; }).result() == 1);
    CHECK(tasks.submit([owned = std::make_unique<int>(5)] { return *owned; }).result() == 5);
    CHECK(tasks.submit(first_word, "one two").result() == "one");
    const auto kept = [] { return 6; };
    CHECK(tasks.submit(kept).result() == 6);
    static_assert(std::is_same_v<decltype(tasks.submit([] {})), Future<void>>);
    CHECK_NOTHROW(tasks.submit([] {}).result());
    CHECK(*tasks.submit([](std::unique_ptr<int> p) { return p; }, std::make_unique<int>(7)).result() == 7);
}

TEST_CASE("a task may take its context first", "[tasks][Q8]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto tasks = tasks_in(mode);
    CHECK(tasks.submit([](CallContext& context, int x) { return context.attempt().number + x; }, 4).result() == 5);
    CHECK(tasks.submit([](CallContext& context, auto x) { return context.attempt().number + x; }, 4).result() == 5);
    CHECK(tasks.submit([](CallContext& context) { return std::string(context.method_name()); }).result() == "lambda");
    CHECK(tasks.submit([] { return std::string(this_worker::context().worker_name()); }).result() == "TaskWorker");
}

TEST_CASE("a callable passed as data stays data", "[tasks][Q8]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto tasks = tasks_in(mode);
    const auto apply = [](const std::function<int(int)>& f, int x) { return f(x); };
    CHECK(tasks
              .submit(
                  apply, [](int x) { return x * 10; }, 4)
              .result() == 40);
    const auto power_of = [](int (*f)(int, int), int x) { return f(x, 2); };
    CHECK(tasks.submit(power_of, power, 5).result() == 25);
    CHECK(tasks.submit([](auto f) { return f(); }, [] { return 8; }).result() == 8);
    auto made = tasks.submit([](auto f) { return f; }, [] { return 9; });
    CHECK(made.result()() == 9);
    const auto bound = TaskWorker::options().mode(mode).init([](auto f) { return f(); });
    CHECK(bound([] { return 11; }).result() == 11);
}

TEST_CASE("futures among a task's arguments are unwrapped, and results flattened", "[tasks][F24]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto tasks = tasks_in(mode);
    auto cube = tasks.submit(power, 3, 3);
    CHECK(tasks.submit([](int a, int b) { return a + b; }, cube, 100).result() == 127);
    CHECK(tasks.submit([](auto a) { return a + 1; }, cube).result() == 28);
    CHECK(tasks.submit([](auto a) { return a.result(); }, as_is(cube)).result() == 27);
    const auto sum = [](const std::vector<int>& v) { return v[0] + v[1]; };
    CHECK(tasks.submit(sum, std::vector{cube, cube}).result() == 54);
    auto flat = tasks.submit([&tasks] { return tasks.submit(power, 2, 2); });
    static_assert(std::is_same_v<decltype(flat), Future<int>>);
    CHECK(flat.result() == 4);
    auto failing = tasks.submit([]() -> int { throw std::range_error("no input"); });
    auto failed = tasks.submit(power, failing, 2);
    CHECK_THROWS_AS(failed.result(), std::range_error);
    CHECK(failed.stop_reason() == StopReason::input_failed);
}

TEST_CASE("tasks and their worker have names", "[tasks][W7]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto tasks = tasks_in(mode);
    CHECK(tasks.name() == "TaskWorker");
    CHECK(tasks.submit([] {}).method_name() == "lambda");
    CHECK(tasks.submit(power, 1, 1).method_name() == "function");
    CHECK(TaskWorker::options().mode(mode).name("sums").init().name() == "sums");
    const auto bound = TaskWorker::options().mode(mode).init(power);
    CHECK(bound.name() == "TaskWorker");
    CHECK(bound(1, 1).method_name() == "function");
    CHECK(TaskWorker::options().mode(mode).init([] {})().method_name() == "lambda");
}

TEST_CASE("a task proxy has the rest of a proxy", "[tasks][W16]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto tasks = tasks_in(mode);
    const auto same = tasks;
    CHECK(tasks == same);
    CHECK_FALSE(tasks == tasks_in(mode));
    CHECK(tasks.mode() == mode);
    CHECK(tasks.settings().max_workers == 1);
    CHECK(tasks.drain());
    CHECK_FALSE(same.stopped());
    {
        const auto scope = tasks.stop_on_exit();
        CHECK(tasks.submit([] { return 1; }).result() == 1);
    }
    CHECK(same.stopped());
    CHECK_THROWS_AS(tasks.submit([] {}), WorkerStoppedError);
    tasks.stop();

    const TaskProxy<> empty;
    CHECK_THROWS_AS(empty.submit([] {}), NoStateError);
    CHECK_THROWS_AS(empty.map([](int x) { return x; }, std::vector{1}).collect(), NoStateError);
    CHECK_THROWS_AS(static_cast<void>(empty.with({})), NoStateError);
    CHECK_THROWS_AS(empty.stop(), NoStateError);
    static_assert(sizeof(TaskProxy<>) == sizeof(void*));
}

TEST_CASE("a typed task proxy converts to the one for every mode", "[tasks][W4][W16]") {
    auto tasks = TaskWorker::options().mode(thread).init();
    static_assert(std::is_same_v<decltype(tasks), TaskProxy<Mode::thread>>);
    static_assert(std::is_same_v<decltype(TaskWorker::options().mode("thread").init()), TaskProxy<>>);
    TaskProxy<> any = tasks;
    CHECK(any.submit(power, 2, 3).result() == 8);
    CHECK(any == TaskProxy<>(tasks));
    static_assert(!std::is_convertible_v<TaskProxy<>, TaskProxy<Mode::thread>>);
    static_assert(!std::is_convertible_v<TaskProxy<Mode::thread, Blocking::yes>, TaskProxy<>>);
}

TEST_CASE("a worker bound to a function is called like it", "[tasks][Q8]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto square = TaskWorker::options().mode(mode).init([](int x) { return x * x; });
    CHECK(square(12).result() == 144);
    CHECK(square.call(3).result() == 9);
    CHECK(square.submit(4).result() == 16);
    CHECK(square(square(3)).result() == 81);
    CHECK(square.map(std::vector{1, 2, 3}).collect() == std::vector{1, 4, 9});
    CHECK(square.with({}).submit(5).result() == 25);
    CHECK(square.with_key(3)(6).result() == 36);

    const auto of_pointer = TaskWorker::options().mode(mode).init(power);
    CHECK(of_pointer(2, 10).result() == 1024);
    static_assert(std::is_same_v<decltype(TaskWorker::options().mode(thread).init(power)),
                                 BoundTask<int (*)(int, int), Mode::thread>>);
    const auto generic = TaskWorker::options().mode(mode).init([](auto a, auto b) { return a + b; });
    CHECK(generic(1, 2).result() == 3);
    CHECK(generic(std::string("a"), "b").result() == "ab");
    const auto with_context =
        TaskWorker::options().mode(mode).init([](CallContext& context, int x) { return context.attempt().number * x; });
    CHECK(with_context(7).result() == 7);
    const auto failing = TaskWorker::options().mode(mode).init([](int) -> int { throw std::range_error("no"); });
    CHECK_THROWS_AS(failing(1).result(), std::range_error);
}

TEST_CASE("a bound function lives in its worker", "[tasks][Q8]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto count = TaskWorker::options().mode(mode).init([n = 0](int by) mutable { return n += by; });
    CHECK(count(2).result() == 2);
    CHECK(count(3).result() == 5);
    const auto owner = TaskWorker::options().mode(mode).init([owned = std::make_unique<int>(5)] { return *owned; });
    CHECK(owner().result() == 5);
    auto token = std::make_shared<int>(1);
    const std::weak_ptr<int> watched = token;
    {
        const auto holder = TaskWorker::options().mode(mode).init([token] { return *token; });
        token.reset();
        CHECK_FALSE(watched.expired());
        CHECK(holder().result() == 1);
    }
    CHECK(watched.expired());
}

TEST_CASE("a bound task's function can be hidden behind its signature", "[tasks][W16]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto square = TaskWorker::options().mode(mode).init([](int x) { return x * x; });
    const BoundTask<int(int)> any = square;
    CHECK(any(12).result() == 144);
    CHECK(any.call(3).result() == 9);
    CHECK(any.submit(4).result() == 16);
    CHECK(any.map(std::vector{1, 2, 3}, {.chunk = 2}).collect() == std::vector{1, 4, 9});
    CHECK(any.with({}).call(5).result() == 25);
    CHECK(any.mode() == mode);
    const BoundTask<int(int)> copy = any;
    CHECK(copy == any);

    const BoundTask<int(int)> typed =
        TaskWorker::options().mode(thread).init([](long x) { return static_cast<int>(x); });
    CHECK(typed(3).result() == 3);
    const BoundTask<std::string(std::string)> word = TaskWorker::options().mode(mode).init(first_word);
    CHECK(word("some words").result() == "some");
    const BoundTask<int(std::unique_ptr<int>)> taking =
        TaskWorker::options().mode(mode).init([](std::unique_ptr<int> p) { return *p; });
    CHECK(taking(std::make_unique<int>(6)).result() == 6);
    const BoundTask<int()> flattened = TaskWorker::options().mode(mode).init([] { return ready(ready(2)); });
    CHECK(flattened().result() == 2);
    using Square = decltype(square);
    static_assert(!std::is_convertible_v<Square, BoundTask<std::string(int)>>);
    static_assert(!std::is_convertible_v<Square, BoundTask<int(std::string)>>);
    static_assert(!std::is_convertible_v<Square, BoundTask<int(int, int)>>);
    static_assert(!std::is_convertible_v<Square, BoundTask<int(int), Mode::dynamic, Blocking::yes>>);

    any.stop();
    CHECK(square.stopped());
    CHECK_THROWS_AS(any(1), WorkerStoppedError);
    CHECK_THROWS_AS((BoundTask<int(int)>()(1)), NoStateError);
}

TEST_CASE("blocking tasks give values", "[tasks][W16]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto tasks = TaskWorker::options().mode(mode).blocking().init();
    static_assert(std::is_same_v<std::remove_const_t<decltype(tasks)>, TaskProxy<Mode::dynamic, Blocking::yes>>);
    const int cube = tasks.submit(power, 3, 3);
    CHECK(cube == 27);
    static_assert(std::is_void_v<decltype(tasks.submit([] {}))>);
    CHECK_THROWS_AS(tasks.submit([]() -> int { throw std::range_error("no"); }), std::range_error);
    const std::vector<int> squares = tasks.map([](int x) { return x * x; }, std::vector{1, 2, 3});
    CHECK(squares == std::vector{1, 4, 9});
    static_assert(std::is_void_v<decltype(tasks.map([](int) {}, std::vector{1}))>);
    CHECK(tasks.with({}).submit(power, 2, 2) == 4);

    const auto bound = TaskWorker::options().mode(mode).blocking().init(power);
    CHECK(bound(2, 3) == 8);
    CHECK(bound.submit(2, 4) == 16);
    const BoundTask<int(int, int), Mode::dynamic, Blocking::yes> any = bound;
    CHECK(any(2, 5) == 32);
}

TEST_CASE("tasks of one thread start in the order made", "[tasks][W13]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto tasks = tasks_in(mode);
    std::vector<int> order;
    for (int i = 0; i < 1000; ++i) tasks.submit([&order, i] { order.push_back(i); });
    CHECK(tasks.drain());
    REQUIRE(order.size() == 1000);
    CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE("a bound function whose copy throws makes init throw", "[tasks][W5]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    struct Refusing {
        Refusing() = default;
        Refusing(const Refusing&) { throw std::range_error("no copies"); }
        int operator()() const { return 1; }
    };
    const Refusing refusing;
    CHECK_THROWS_AS(TaskWorker::options().mode(mode).init(refusing), std::range_error);
}

TEST_CASE("a bound task hides its function and its mode, and never shows another mode", "[task][W4][W16]") {
    const auto square = [](int x) { return x * x; };
    using Square = std::decay_t<decltype(square)>;
    using Typed = BoundTask<Square, Mode::thread>;
    using Signature = BoundTask<int(int), Mode::thread>;
    static_assert(std::is_convertible_v<Typed, BoundTask<Square>>);
    static_assert(std::is_convertible_v<Typed, Signature>);
    static_assert(std::is_convertible_v<Typed, BoundTask<int(int)>>);
    static_assert(std::is_convertible_v<Signature, BoundTask<int(int)>>);
    static_assert(!std::is_convertible_v<Typed, BoundTask<int(int), Mode::sync>>);
    static_assert(!std::is_convertible_v<BoundTask<Square>, Signature>);
    const Signature signature = TaskWorker::options().mode(concur::thread).init(square);
    const BoundTask<int(int)> dynamic = signature;
    CHECK(dynamic(5).result() == 25);
}

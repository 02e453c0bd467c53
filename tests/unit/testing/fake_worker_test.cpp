#include <concur/testing/fake_worker.hpp>

#include <concur/testing/manual_clock.hpp>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>

#include "support/worker_support.hpp"

using concur::Future;
using concur::Proxy;
using concur::testing::FakeWorker;
using concur::testing::ManualClock;
using concur::testing::UnexpectedCallError;
using namespace concur::test;

namespace {

[[noreturn]] void must_not_run() { throw std::logic_error("a method of the real class ran"); }

/// Nobody can make one of these.
class Api {
public:
    Api() = delete;
    virtual ~Api() = default;

    virtual std::string fetch(const std::string& path) = 0;
    virtual void store(std::string_view path, std::span<const int> values) = 0;
    int add(int, int) const { must_not_run(); }
    int over(int) { must_not_run(); }
    int over(const std::string&) const { must_not_run(); }
    std::unique_ptr<int> give() { must_not_run(); }
    int take(std::unique_ptr<int>) { must_not_run(); }
    int length(const char*) { must_not_run(); }
    const std::string& name() const { must_not_run(); }
    Future<int> later() { must_not_run(); }
    int with_context(concur::CallContext&, int) { must_not_run(); }
    static int version(int) { must_not_run(); }
    int member = 0;
};

/// Code under test: asks again once.
std::string fetch_twice(const Proxy<Api>& api, const std::string& path) {
    try {
        return api.call<&Api::fetch>(path).result();
    } catch (const std::runtime_error&) {
        return api.call<&Api::fetch>(path + "?again").result();
    }
}

}  // namespace

TEST_CASE("a fake worker answers as told, and keeps what it was asked", "[fake_worker][O9]") {
    const FakeWorker<Api> fake;
    fake.on<&Api::fetch>().throws_once(std::runtime_error("busy")).returns("page");
    CHECK(fetch_twice(fake.proxy(), "/") == "page");
    CHECK(fake.calls<&Api::fetch>() == std::vector{std::tuple(std::string("/")), std::tuple(std::string("/?again"))});
    CHECK(fake.count<&Api::fetch>() == 2);
    CHECK(fake.count<&Api::add>() == 0);
}

TEST_CASE("answers for one call are used up in order, before the one for all", "[fake_worker][O9]") {
    const FakeWorker<Api> fake;
    fake.on<&Api::add>().returns(9).returns_once(1).returns_once(2).throws_once(std::make_exception_ptr(7));
    const Proxy<Api> api = fake.proxy();
    CHECK(api.call<&Api::add>(0, 0).result() == 1);
    CHECK(api.call<&Api::add>(0, 0).result() == 2);
    CHECK_THROWS_AS(api.call<&Api::add>(0, 0).result(), int);
    CHECK(api.call<&Api::add>(0, 0).result() == 9);
    CHECK(api.call<&Api::add>(0, 0).result() == 9);
    fake.on<&Api::add>().returns(10);
    CHECK(api.call<&Api::add>(0, 0).result() == 10);
}

TEST_CASE("a function answers with the arguments, and may take the context or return a future", "[fake_worker][O9]") {
    const FakeWorker<Api> fake;
    const Proxy<Api> api = fake.proxy();
    fake.on<&Api::add>().does([](int a, int b) { return a + b; });
    CHECK(api.call<&Api::add>(2, 3).result() == 5);
    fake.on<&Api::add>().does(
        [](concur::CallContext& context, int a, int) { return a + static_cast<int>(context.method_name().size()); });
    CHECK(api.call<&Api::add>(1, 0).result() == 1 + static_cast<int>(std::string_view("Api::add").size()));
    concur::Promise<int> promise;
    fake.on<&Api::add>().does([future = promise.future()](int, int) { return future; });
    const Future<int> sum = api.call<&Api::add>(1, 2);
    CHECK_FALSE(sum.done());
    promise.set_value(4);
    CHECK(sum.result() == 4);
    fake.on<&Api::add>().does([](int, int) -> int { throw std::logic_error("no"); });
    CHECK_THROWS_AS(api.call<&Api::add>(1, 2).result(), std::logic_error);
    fake.on<&Api::give>().does([] { return std::make_unique<int>(100); });
    fake.on<&Api::add>().does_once([api](int a, int b) { return *api.call<&Api::give>().result() + a + b; });
    CHECK(api.call<&Api::add>(1, 2).result() == 103);
}

TEST_CASE("every kind of method can be faked", "[fake_worker][O9]") {
    const FakeWorker<Api> fake;
    const Proxy<Api> api = fake.proxy();

    fake.on<&Api::store>().returns();
    const std::vector numbers{1, 2, 3};
    api.call<&Api::store>("there", numbers).result();
    CHECK(fake.calls<&Api::store>() == std::vector{std::tuple(std::string("there"), numbers)});

    fake.on<concur::overload<int>(&Api::over)>().returns(1);
    fake.on<concur::overload<const std::string&>(&Api::over)>().returns(2);
    CHECK(api.call<concur::overload<int>(&Api::over)>(5).result() == 1);
    CHECK(api.call<concur::overload<const std::string&>(&Api::over)>("text").result() == 2);

    fake.on<&Api::give>().returns_once(std::make_unique<int>(3)).does([] { return std::make_unique<int>(4); });
    CHECK(*api.call<&Api::give>().result() == 3);
    CHECK(*api.call<&Api::give>().result() == 4);

    fake.on<&Api::take>().does([](std::unique_ptr<int> value) { return *value; });
    CHECK(api.call<&Api::take>(std::make_unique<int>(6)).result() == 6);
    CHECK(fake.count<&Api::take>() == 1);

    fake.on<&Api::length>().does([](const char* text) { return static_cast<int>(std::string_view(text).size()); });
    CHECK(api.call<&Api::length>("four").result() == 4);
    CHECK(fake.calls<&Api::length>() == std::vector{std::tuple(std::string("four"))});

    fake.on<&Api::name>().returns("a name");
    CHECK(api.call<&Api::name>().result() == "a name");

    fake.on<&Api::later>().returns(7);
    CHECK(api.call<&Api::later>().result() == 7);

    fake.on<&Api::with_context>().does([](int value) { return value * 2; });
    CHECK(api.call<&Api::with_context>(4).result() == 8);

    fake.on<&Api::version>().returns(12);
    CHECK(api.call<&Api::version>(1).result() == 12);

    fake.on<&Api::member>().returns(13);
    CHECK(api.call<&Api::member>().result() == 13);

    fake.on<&Api::add>().returns(14);
    CHECK(api.call(&Api::add, 1, 2).result() == 14);  // by a pointer as a value
}

TEST_CASE("a method that the fake was not told about fails, and names itself", "[fake_worker][O9]") {
    const FakeWorker<Api> fake;
    const Future<int> sum = fake.proxy().call<&Api::add>(1, 2);
    try {
        sum.result();
        FAIL("answered");
    } catch (const UnexpectedCallError& error) {
        CHECK(contains(error.method_name(), "Api::add"));
        CHECK(contains(error.what(), "Api::add was called"));
    }
    fake.on<&Api::add>().returns_once(1);
    CHECK(fake.proxy().call<&Api::add>(1, 2).result() == 1);
    CHECK_THROWS_AS((fake.proxy().call<&Api::add>(1, 2).result()), UnexpectedCallError);
    CHECK(fake.log().size() == 3);
    CHECK(contains(fake.log().front(), "Api::add"));
}

TEST_CASE("a function has no object to run on", "[fake_worker][O9]") {
    const FakeWorker<Api> fake;
    const Future<int> future = fake.proxy().call([](Api& api) { return api.add(1, 2); });
    CHECK_THROWS_AS(future.result(), UnexpectedCallError);
    CHECK(contains(text_of_error([&] { return future.result(); }), "has no object"));
    CHECK_THROWS_AS(fake.proxy().call([](const auto&, int i) { return i; }, 1).result(), UnexpectedCallError);
}

TEST_CASE("calls can be held, and answered later, oldest first", "[fake_worker][O9]") {
    const FakeWorker<Api> fake;
    auto& add = fake.on<&Api::add>().holds();
    const Future<int> one = fake.proxy().call<&Api::add>(1, 1);
    const Future<int> two = fake.proxy().call<&Api::add>(2, 2);
    const Future<int> three = fake.proxy().call<&Api::add>(3, 3);
    const Future<int> four = fake.proxy().call<&Api::add>(4, 4);
    CHECK(add.held() == 4);
    CHECK_FALSE(one.done());
    add.release(10);
    CHECK(one.result() == 10);
    two.cancel();
    CHECK_THROWS_AS(two.result(), concur::CancelledError);
    CHECK(add.held() == 2);
    add.fail(std::runtime_error("lost"));
    CHECK_THROWS_AS(three.result(), std::runtime_error);
    add.release(40);
    CHECK(four.result() == 40);
    CHECK_THROWS_AS(add.release(0), concur::NoStateError);
    CHECK(fake.calls<&Api::add>().size() == 4);
}

TEST_CASE("a held call is released by another thread while its caller waits", "[fake_worker][O9]") {
    const FakeWorker<Api> fake;
    fake.on<&Api::fetch>().holds();
    std::thread releaser([&] {
        while (fake.on<&Api::fetch>().held() == 0) std::this_thread::yield();
        fake.on<&Api::fetch>().release("page");
    });
    CHECK(fake.proxy().call<&Api::fetch>("/").result() == "page");
    releaser.join();
}

TEST_CASE("stop, drain and inputs of a fake are those of a worker", "[fake_worker][O9]") {
    const FakeWorker<Api> fake;
    const Proxy<Api> api = fake.proxy();
    fake.on<&Api::add>().does([](int a, int b) { return a + b; });
    CHECK(api.call<&Api::add>(concur::ready(1), 2).result() == 3);
    CHECK_THROWS_AS(api.call<&Api::add>(concur::failed<int>(std::logic_error("input")), 2).result(), std::logic_error);
    CHECK(fake.calls<&Api::add>() == std::vector{std::tuple(1, 2)});
    CHECK(api.drain(1s));
    CHECK(contains(std::string(api.name()), "Api"));
    CHECK(api.mode() == concur::Mode::sync);
    api.stop();
    CHECK(api.stopped());
    CHECK_THROWS_AS(api.call<&Api::add>(1, 2), concur::WorkerStoppedError);
}

TEST_CASE("calls that a fake holds end with it", "[fake_worker][O9]") {
    Future<int> held;
    Proxy<Api> api;
    {
        const FakeWorker<Api> fake;
        fake.on<&Api::add>().holds();
        api = fake.proxy();
        held = api.call<&Api::add>(1, 2);
        CHECK_FALSE(api.drain(0s));
    }
    CHECK_THROWS_AS(held.result(), concur::WorkerStoppedError);
    CHECK_THROWS_AS(api.call<&Api::add>(1, 2), concur::WorkerStoppedError);
}

TEST_CASE("a fake on a manual clock times out without waiting", "[fake_worker][O9]") {
    const ManualClock clock;
    const FakeWorker<Api> fake(clock);
    fake.on<&Api::fetch>().holds();
    const Future<std::string> page = fake.proxy().call<&Api::fetch>("/");
    CHECK_THROWS_AS(page.result(1h), concur::TimeoutError);
    CHECK(clock.elapsed() == 1h);
}

TEST_CASE("many threads may call a fake", "[fake_worker][O9]") {
    const FakeWorker<Api> fake;
    fake.on<&Api::add>().does([](int a, int b) { return a + b; });
    std::atomic<int> sum{0};
    std::vector<std::thread> callers;
    for (int thread = 0; thread < 4; ++thread)
        callers.emplace_back([&] {
            for (int i = 0; i < 250; ++i) sum += fake.proxy().call<&Api::add>(1, 0).result();
        });
    for (std::thread& caller : callers) caller.join();
    CHECK(sum == 1000);
    CHECK(fake.count<&Api::add>() == 1000);
}

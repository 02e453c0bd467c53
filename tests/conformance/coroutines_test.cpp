// Methods that are coroutines, in every mode.
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <catch2/catch.hpp>
#include <concur/asio.hpp>
#include <concur/concur.hpp>
#include <concur/testing.hpp>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/worker_support.hpp"

namespace {

namespace net = boost::asio;
using namespace concur;
using namespace concur::test;
using concur::testing::ManualClock;

/// Counts what it is made of, so that a double destruction is seen.
struct Counted {
    static inline std::atomic<int> alive = 0;
    explicit Counted(int given = 0) : value{given} { ++alive; }
    Counted(const Counted& other) : value{other.value} { ++alive; }
    Counted& operator=(const Counted&) = default;
    ~Counted() { --alive; }
    int value;
};

struct NoDefault {
    explicit NoDefault(int given) : value{std::make_unique<int>(given)} {}
    std::unique_ptr<int> value;
};

class Api {
public:
    net::awaitable<int> echo(int value) {
        co_await pause(1ms);
        co_return value;
    }
    net::awaitable<int> at_once(int value) { co_return value; }
    net::awaitable<void> nothing() { co_await pause(1ms); }
    net::awaitable<std::string> joined(const std::string& a, std::string&& b, std::string c) {
        co_await pause(1ms);
        co_return a + b + c;
    }
    net::awaitable<NoDefault> no_default(int value) {
        co_await pause(1ms);
        co_return NoDefault(value);
    }
    net::awaitable<Future<int>> future(int value) {
        co_await pause(1ms);
        co_return ready(value);
    }
    net::awaitable<int> fails() {
        co_await pause(1ms);
        throw std::out_of_range("no such page");
    }
    net::awaitable<int> fails_at_first(CallContext& context, Counted counted) {
        ++attempts;
        co_await pause(1ms);
        if (context.attempt().number < 3) throw std::runtime_error("again");
        co_return counted.value * 10 + context.attempt().number;
    }
    net::awaitable<int> taken(Counted&& counted, int fails) {
        const Counted own = std::move(counted);
        counted.value = -1;
        co_await pause(1ms);
        if (++attempts <= fails) throw std::runtime_error("again");
        co_return own.value;
    }
    net::awaitable<void> for_ever(std::shared_ptr<int> held) {
        ++began;
        const Counted frame(*held);
        co_await pause(1h);
    }
    net::awaitable<int> stubborn() {
        ++began;
        try {
            co_await pause(1h);
        } catch (const boost::system::system_error&) {
        }
        co_return 5;
    }
    net::awaitable<bool> alone() {
        const bool was_alone = !inside;
        inside = true;
        for (int i = 0; i < 3; ++i) work += i;
        inside = false;
        co_await pause(1ms);
        co_return was_alone;
    }
    net::awaitable<int> most_at_once() {
        const int now = ++running;
        co_await pause(2ms);
        --running;
        co_return now;
    }
    net::awaitable<std::string> method_name_after_wait() {
        const std::string before(this_worker::context().method_name());
        co_await pause(1ms);
        co_return before;
    }
    int count() const { return attempts; }

    static net::awaitable<void> pause(std::chrono::nanoseconds time) {
        const auto executor = co_await net::this_coro::executor;
        net::steady_timer timer(executor, time);
        co_await timer.async_wait(net::use_awaitable);
    }

    std::atomic<int> began = 0;
    int attempts = 0;
    int running = 0;
    int work = 0;
    bool inside = false;
};

auto options(Mode mode) { return Worker<Api>::options().mode(mode); }

template <class F>
std::string outcome_text(F f) {
    try {
        f();
        return "value";
    } catch (const CancelledError&) {
        return "cancelled";
    } catch (const TimeoutError&) {
        return "timeout";
    } catch (const WorkerStoppedError&) {
        return "stopped";
    } catch (const std::exception& error) {
        return error.what();
    }
}

}  // namespace

TEST_CASE("a coroutine method gives what it returns, in every mode", "[asio][A1]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto api = options(mode).init();
    CHECK(api.call<&Api::echo>(7).result() == 7);
    CHECK(api.call<&Api::at_once>(8).result() == 8);
    api.call<&Api::nothing>().result();
    CHECK(*api.call<&Api::no_default>(9).result().value == 9);
    static_assert(std::is_same_v<decltype(api.call<&Api::future>(1)), Future<int>>);
    CHECK(api.call<&Api::future>(10).result() == 10);
    CHECK(outcome_text([&] { api.call<&Api::fails>().result(); }) == "no such page");
    CHECK(api.call<&Api::echo>(api.call<&Api::echo>(11)).result() == 11);
    CHECK(api.call([](Api& object, int value) { return object.echo(value); }, 12).result() == 12);
    CHECK(api.call<&Api::method_name_after_wait>().result().ends_with("method_name_after_wait"));
}

TEST_CASE("a blocking handle waits for a coroutine", "[asio][A1]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto api = options(mode).blocking().init();
    CHECK(api.call<&Api::echo>(7) == 7);
    CHECK(outcome_text([&] { api.call<&Api::fails>(); }) == "no such page");
}

TEST_CASE("the arguments of a coroutine live as long as it does", "[asio][A1]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto api = options(mode).init();
    const std::string a(100, 'a');
    const std::string b(100, 'b');
    CHECK(api.call<&Api::joined>(a, std::string(b), std::string("c")).result() == a + b + "c");
}

TEST_CASE("each attempt of a coroutine gets its arguments, and none is destroyed twice", "[asio][R5][A1]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    REQUIRE(Counted::alive == 0);
    {
        auto api = options(mode).num_retries(3).retry_wait(0s).init();
        const auto call = api.call<&Api::fails_at_first>(Counted(4));
        CHECK(call.result() == 43);
        CHECK(call.attempts() == 3);
        const auto moved = options(mode).num_retries(3).retry_wait(0s).init().call<&Api::taken>(Counted(6), 2);
        CHECK(moved.result() == 6);
        CHECK(moved.attempts() == 3);
    }
    CHECK(eventually([] { return Counted::alive == 0; }));
}

TEST_CASE("coroutines overlap on an event loop and nowhere else", "[asio][A1][A3][A5]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto api = options(mode).init();
    std::vector<Future<int>> calls;
    for (int i = 0; i < 20; ++i) calls.push_back(api.call<&Api::most_at_once>());
    int most = 0;
    for (const auto& call : calls) most = std::max(most, call.result());
    CHECK((most > 1) == (mode == Mode::asio));
}

TEST_CASE("no more coroutines are in flight than allowed", "[asio][A3]") {
    auto api = options(Mode::asio).max_concurrent_calls(3).init();
    std::vector<Future<int>> calls;
    for (int i = 0; i < 50; ++i) calls.push_back(api.call<&Api::most_at_once>());
    int most = 0;
    for (const auto& call : calls) most = std::max(most, call.result());
    CHECK(most == 3);
}

TEST_CASE("the code of one worker never runs at the same time", "[asio][A3]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto api = options(mode).init();
    std::vector<Future<bool>> calls;
    std::vector<std::thread> callers;
    std::mutex mutex;
    for (int t = 0; t < 4; ++t)
        callers.emplace_back([&] {
            for (int i = 0; i < 50; ++i) {
                auto call = api.call<&Api::alone>();
                const std::lock_guard lock(mutex);
                calls.push_back(std::move(call));
            }
        });
    for (auto& caller : callers) caller.join();
    for (const auto& call : calls) CHECK(call.result());
}

TEST_CASE("a cancelled coroutine ends in CancelledError, which nests what it threw", "[asio][A4][F5]") {
    const Mode mode = GENERATE(every_queueing_mode());
    const int retries = GENERATE(0, 2);
    CAPTURE(mode, retries);
    const auto held = std::make_shared<int>(1);
    auto api = options(mode).num_retries(retries).init();
    const auto call = api.call<&Api::for_ever>(held);
    REQUIRE(eventually([&] { return Counted::alive == 1; }));
    CHECK_FALSE(call.cancel());
    CHECK(outcome_text([&] { call.result(); }) == "cancelled");
    CHECK(call.attempts() == 1);
    CHECK(eventually([&] { return Counted::alive == 0 && held.use_count() == 1; }));
    CHECK(api.call<&Api::echo>(1).result() == 1);
}

TEST_CASE("a coroutine that ignores a cancel ends as it sees fit", "[asio][A4][F5]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto api = options(mode).init();
    const auto call = api.call<&Api::stubborn>();
    call.cancel();
    CHECK((outcome_text([&] { call.result(); }) == "cancelled" || call.result() == 5));
}

TEST_CASE("a coroutine is over at its deadline, and asked to end", "[asio][A4][R13]") {
    const Mode mode = GENERATE(every_mode());
    const std::string which = GENERATE("call", "attempt", "attempts");
    CAPTURE(mode, which);
    const auto held = std::make_shared<int>(1);
    auto api = options(mode).retry_wait(0s).init();
    CallOptions times;
    if (which == "call") {
        times.call_timeout = 10ms;
    } else {
        times.attempt_timeout = 10ms;
        times.num_retries = which == "attempts" ? 2 : 0;
    }
    const auto call = api.with(times).call<&Api::for_ever>(held);
    CHECK(outcome_text([&] { call.result(); }) == "timeout");
    CHECK(call.attempts() == (which == "attempts" ? 3 : 1));
    CHECK(eventually([&] { return Counted::alive == 0 && held.use_count() == 1; }));
    CHECK(api.call<&Api::echo>(1).result() == 1);
}

TEST_CASE("a stop asks coroutines to end, and waits for them", "[asio][A7][W22]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    const auto held = std::make_shared<int>(1);
    auto api = options(mode).init();
    const auto call = api.call<&Api::for_ever>(held);
    REQUIRE(eventually([&] { return Counted::alive == 1; }));
    api.stop(Stop::now);
    CHECK(call.done());
    CHECK(outcome_text([&] { call.result(); }) == "stopped");
    CHECK(Counted::alive == 0);
    CHECK(outcome_text([&] { api.call<&Api::echo>(1).result(); }) == "stopped");
}

TEST_CASE("a stop that drains lets coroutines end", "[asio][A7][W21]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    std::vector<Future<int>> calls;
    {
        auto api = options(mode).init();
        for (int i = 0; i < 10; ++i) calls.push_back(api.call<&Api::echo>(i));
    }
    for (int i = 0; i < 10; ++i) CHECK(calls[static_cast<std::size_t>(i)].result() == i);
}

TEST_CASE("a permit is held until the coroutine has ended", "[asio][L17]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    LimitSet limits({ResourceLimit("slots", 2)});
    auto api = options(mode).limits(limits).method<&Api::most_at_once>([](auto& m) { m.acquires("slots"); }).init();
    std::vector<Future<int>> calls;
    for (int i = 0; i < 20; ++i) calls.push_back(api.call<&Api::most_at_once>());
    for (const auto& call : calls) CHECK(call.result() <= 2);
    CHECK(limits.stats("slots").in_use == 0);
}

TEST_CASE("a hundred thousand coroutines sleep without a thread", "[asio][A5]") {
    auto api = options(Mode::asio).init();
    std::vector<Future<int>> calls;
    for (int i = 0; i < 100'000; ++i) calls.push_back(api.call<&Api::echo>(i));
    long sum = 0;
    for (const auto& call : calls) sum += call.result();
    CHECK(sum == 4'999'950'000);
}

// ---- the application's loop

TEST_CASE("a worker lives on the loop of the application", "[asio][A2][A7]") {
    net::io_context loop;
    auto api = options(Mode::asio).executor(loop.get_executor()).init();
    const auto call = api.call<&Api::echo>(3);
    const auto where = api.call([](Api&) { return std::this_thread::get_id(); });
    CHECK_FALSE(call.done());
    loop.run();
    CHECK(call.result() == 3);
    CHECK(where.result() == std::this_thread::get_id());
    CHECK(outcome_text([&] { api.call<&Api::echo>(1).result(); }) == "stopped");  // it runs no more
    loop.restart();
    const auto again = api.call<&Api::echo>(4);
    loop.run();
    CHECK(again.result() == 4);
}

TEST_CASE("the loop of the application may end before its workers", "[asio][A7]") {
    std::optional<net::io_context> loop(std::in_place);
    REQUIRE(Counted::alive == 0);
    const auto held = std::make_shared<int>(1);
    auto api = options(Mode::asio).executor(loop->get_executor()).init();
    const auto running = api.call<&Api::for_ever>(held);
    const auto second = api.call<&Api::for_ever>(held);
    loop->run_for(20ms);
    CHECK(Counted::alive == 2);
    const auto queued = api.call<&Api::echo>(1);
    loop.reset();
    CHECK(outcome_text([&] { running.result(); }) == "stopped");
    CHECK(outcome_text([&] { second.result(); }) == "stopped");
    CHECK(outcome_text([&] { queued.result(); }) == "stopped");
    CHECK(Counted::alive == 0);
    CHECK(held.use_count() == 1);
    CHECK(outcome_text([&] { api.call<&Api::echo>(1).result(); }) == "stopped");
}

TEST_CASE("a worker at rest ends without its loop", "[asio][A7]") {
    net::io_context loop;
    auto api = options(Mode::asio).executor(loop.get_executor()).init();
    api.stop();
    CHECK(api.stopped());
}

TEST_CASE("waiting on the application's loop is an error", "[asio][A3]") {
    net::io_context loop;
    auto other = options(Mode::thread).init();
    auto api = options(Mode::asio).executor(loop.get_executor()).init();
    const auto call = api.call([other](Api&) {
        try {
            other.call<&Api::echo>(1).result();
        } catch (const WouldBlockError&) {
            return true;
        }
        return false;
    });
    loop.run();
    CHECK(call.result());
}

TEST_CASE("an executor is for asio mode only", "[asio][W2]") {
    net::io_context loop;
    CHECK_THROWS_AS(options(Mode::thread).executor(loop.get_executor()).init(), ConfigError);
}

TEST_CASE("retries of coroutines wait on the clock", "[asio][A4][R1]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    ManualClock clock;
    auto api = options(mode).clock(clock).num_retries(3).retry_wait(1s).retry_jitter("none").init();
    const auto call = api.call([](Api& object, CallContext&) -> net::awaitable<int> {
        if (++object.attempts < 3) throw std::runtime_error("again");
        co_return object.attempts;
    });
    CHECK(call.result() == 3);
    CHECK(clock.elapsed() == 3s);
}

TEST_CASE("a coroutine that waits for the world does not hold the clock", "[asio][A4][R13]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    ManualClock clock;
    auto api = options(mode).clock(clock).call_timeout(10s).init();
    const auto call = api.call<&Api::for_ever>(std::make_shared<int>(1));
    clock.advance(9s);
    CHECK_FALSE(call.done());
    clock.advance(1s);
    CHECK(outcome_text([&] { call.result(); }) == "timeout");
    api.drain();  // the cancel has ended it
    CHECK(clock.elapsed() == 10s);
}

// ---- threads

TEST_CASE("coroutines of the application run on the library's loop", "[asio][A2]") {
    const auto executor = runtime().get_executor();
    CHECK(executor == runtime().get_executor());
    auto api = options(Mode::asio).init();
    const auto both = [](Proxy<Api> worker) -> net::awaitable<int> {
        const auto call = worker.call<&Api::echo>(3);
        const int value = co_await call.async_result();
        co_await Api::pause(1ms);
        co_return value + 1;
    };
    auto ended = net::co_spawn(executor, both(api), net::use_future);
    CHECK(ended.get() == 4);
}

TEST_CASE("methods that sleep on their stop token keep no thread of the library's loop from others", "[asio][A3]") {
    const unsigned sleepers = std::thread::hardware_concurrency() + 2;
    std::vector<Proxy<Api>> workers;
    std::vector<Future<bool>> calls;
    for (unsigned i = 0; i < sleepers; ++i) {
        workers.push_back(options(Mode::asio).init());
        calls.push_back(workers.back().call(
            [](Api&, CallContext& context) { return context.stop_token().wait_for(std::chrono::hours(1)); }));
    }
    auto other = options(Mode::asio).init();
    CHECK(other.call<&Api::echo>(1).result(patience) == 1);
    for (const auto& call : calls) call.cancel();
    for (const auto& worker : workers) worker.stop();
}

TEST_CASE("sleeping on the application's loop is an error", "[asio][A3]") {
    net::io_context loop;
    auto api = options(Mode::asio).executor(loop.get_executor()).init();
    const auto sleeps = api.call([](Api&, CallContext& context) { return context.stop_token().wait_for(1ms); });
    const auto looks = api.call([](Api&, CallContext& context) { return context.stop_token().wait_for(0ms); });
    loop.run();
    CHECK_THROWS_AS(sleeps.result(), WouldBlockError);
    CHECK_FALSE(looks.result());
}

TEST_CASE("a stop does not need a loop that stands still", "[asio][A7][W22]") {
    net::io_context loop;
    auto api = options(Mode::asio).executor(loop.get_executor()).stop_timeout(20ms).init();
    const auto queued = api.call<&Api::echo>(1);
    api.stop();
    CHECK(api.stopped());
    CHECK(outcome_text([&] { queued.result(); }) == "stopped");
}

TEST_CASE("a stopped loop is seen through any executor of it", "[asio][A7]") {
    const auto refuses = [](net::any_io_executor executor, auto stop) {
        auto api = options(Mode::asio).executor(executor).init();
        stop();
        return outcome_text([&] { api.call<&Api::echo>(1).result(1s); }) == "stopped";
    };
    net::io_context loop;
    const auto stop = [&loop] { loop.stop(); };
    CHECK(refuses(net::require(loop.get_executor(), net::execution::outstanding_work.tracked), stop));
}

TEST_CASE("a call that waits elsewhere keeps the loop of the application busy", "[asio][A4][A7]") {
    net::io_context loop;
    auto api =
        options(Mode::asio).executor(loop.get_executor()).num_retries(3).retry_wait(10ms).retry_jitter("none").init();
    const auto retried = api.call([](Api& object) {
        if (++object.attempts < 3) throw std::runtime_error("again");
        return object.attempts;
    });
    loop.run();
    REQUIRE(retried.done());
    CHECK(retried.result() == 3);
    loop.restart();
    auto other = options(Mode::thread).init();
    const auto with_input = api.call([](Api&, int value) { return value; }, other.call<&Api::echo>(5));
    loop.run();
    REQUIRE(with_input.done());
    CHECK(with_input.result() == 5);
}

/// Has something of the loop's, and tells when it goes.
struct Owner {
    explicit Owner(net::io_context& loop, std::shared_ptr<Gate> gate = nullptr)
        : timer{loop}, leaving{std::move(gate)} {
        alive = 1;
    }
    ~Owner() {
        if (leaving) {
            is_leaving.open();
            leaving->pass();
        }
        alive = 0;
    }
    net::awaitable<int> wait() {
        timer.expires_after(1ms);
        co_await timer.async_wait(net::use_awaitable);
        co_return 1;
    }

    net::steady_timer timer;
    std::shared_ptr<Gate> leaving;
    static inline std::atomic<int> alive{0};
    static inline Gate is_leaving;
};

TEST_CASE("an object at rest goes with its loop", "[asio][A7]") {
    std::optional<net::io_context> loop(std::in_place);
    auto owner = Worker<Owner>::options().mode(Mode::asio).executor(loop->get_executor()).init(std::ref(*loop));
    const auto call = owner.call<&Owner::wait>();
    loop->run();
    REQUIRE(call.result() == 1);
    REQUIRE(Owner::alive == 1);
    loop.reset();
    CHECK(Owner::alive == 0);
    CHECK(outcome_text([&] { owner.call<&Owner::wait>().result(); }) == "stopped");
    owner.stop();
}

TEST_CASE("an object with a coroutine in flight goes with its loop", "[asio][A7]") {
    std::optional<net::io_context> loop(std::in_place);
    auto owner = Worker<Owner>::options().mode(Mode::asio).executor(loop->get_executor()).init(std::ref(*loop));
    const auto call = owner.call<&Owner::wait>();
    loop->run_one();
    loop.reset();
    CHECK(Owner::alive == 0);
    CHECK(outcome_text([&] { call.result(); }) == "stopped");
}

TEST_CASE("a loop that ends waits for an object that another thread is destroying", "[asio][A7]") {
    std::optional<net::io_context> loop(std::in_place);
    const auto gate = std::make_shared<Gate>();
    auto owner = Worker<Owner>::options().mode(Mode::asio).executor(loop->get_executor()).init(std::ref(*loop), gate);
    std::thread stopper([&owner] { owner.stop(); });
    REQUIRE(Owner::is_leaving.pass());
    std::thread opener([&gate] {
        std::this_thread::sleep_for(20ms);  // gives the loop time to go wrong
        gate->open();
    });
    loop.reset();
    CHECK(Owner::alive == 0);
    stopper.join();
    opener.join();
}

TEST_CASE("a loop may end while a call of its worker waits elsewhere", "[asio][A4][A7]") {
    std::optional<net::io_context> loop(std::in_place);
    auto api = options(Mode::asio).executor(loop->get_executor()).num_retries(1).retry_wait(1h).init();
    const auto call = api.call([](Api&) { throw std::runtime_error("again"); });
    loop->run_for(5ms);
    loop.reset();
    CHECK(outcome_text([&] { call.result(); }) == "stopped");
}

TEST_CASE("a coroutine on a loop that stands still is left to it", "[asio][A7][W22]") {
    REQUIRE(Counted::alive == 0);
    const auto held = std::make_shared<int>(1);
    net::io_context loop;
    auto api = options(Mode::asio).executor(loop.get_executor()).stop_timeout(20ms).init();
    const auto running = api.call<&Api::for_ever>(held);
    loop.run_for(20ms);
    REQUIRE(Counted::alive == 1);
    api.stop();
    CHECK(outcome_text([&] { running.result(); }) == "stopped");
    CHECK(Counted::alive == 1);
    loop.restart();
    loop.run();  // the loop has more turns: the coroutine ends, and the object goes
    CHECK(Counted::alive == 0);
    CHECK(held.use_count() == 1);
}

// ---- tasks

net::awaitable<int> doubled(int value) {
    co_await Api::pause(1ms);
    co_return 2 * value;
}

TEST_CASE("tasks may be coroutines", "[asio][A1][W16]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto tasks = TaskWorker::options().mode(mode).init();
    CHECK(tasks.submit(doubled, 4).result() == 8);
    CHECK(tasks.submit(doubled, ready(5)).result() == 10);
    const auto captured = std::make_shared<int>(3);
    CHECK(tasks.submit([captured]() -> net::awaitable<int> { return doubled(*captured); }).result() == 6);
    CHECK(outcome_text([&] {
              tasks
                  .submit([]() -> net::awaitable<int> {
                      throw std::out_of_range("no task");
                      co_return 0;
                  })
                  .result();
          }) == "no task");
    int sum = 0;
    for (const int value : tasks.map(doubled, std::vector{1, 2, 3})) sum += value;
    CHECK(sum == 12);
}

// Process workers: an object in a forked child.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "concur/concur.hpp"
#include "concur/wire/exceptions.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using concur::Future;
using concur::WorkerDiedError;

namespace {

struct Point {
    int x = 0;
    std::string name;
    friend bool operator==(const Point&, const Point&) = default;
};

class NotListed : public std::out_of_range {
public:
    using std::out_of_range::out_of_range;
};

class Parser {
public:
    explicit Parser(int start) : value_{start} {
        if (start < 0) throw std::invalid_argument("below zero");
        if (start == 666) ::raise(SIGKILL);
    }
    int add(int n) { return value_ += n; }
    int pid() const { return ::getpid(); }
    std::string echo(std::string text) { return text; }
    Point move(Point point) const {
        ++point.x;
        return point;
    }
    int throw_known() { throw std::system_error(std::make_error_code(std::errc::io_error), "reading"); }
    int throw_unknown() { throw NotListed("not listed"); }
    int kill(int signal) { return ::raise(signal); }
    int leave(int status) { ::_exit(status); }
    int flaky(int succeeds_at) {
        if (++attempts_ < succeeds_at) throw std::runtime_error("not yet");
        return attempts_;
    }
    bool wait_for_stop(concur::CallContext& context) { return context.stop_token().wait_for(20s); }
    void sleep(int milliseconds) { std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds)); }
    int scribble() {
        for (int descriptor = 3; descriptor < 64; ++descriptor)
            if (::write(descriptor, "this is no frame, it is what somebody printed to the wrong descriptor", 60) < 0)
                continue;
        return 0;
    }

private:
    int value_;
    int attempts_ = 0;
};

auto options() { return concur::Worker<Parser>::options().mode("process"); }

/// What a future failed with, as an E.
template <class E, class T>
E error_of(const Future<T>& future) {
    try {
        static_cast<void>(future.result());
    } catch (const E& error) {
        return error;
    }
    FAIL("it did not fail");
    throw std::logic_error("unreachable");
}

std::size_t descriptors() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
    return count;
}

}  // namespace

TEST_CASE("a process worker runs its calls in a child, in their order [P2][P3]") {
    const auto worker = options().init(10);
    CHECK(worker.call<&Parser::pid>().result() != ::getpid());
    std::vector<Future<int>> sums;
    for (int i = 0; i < 5000; ++i) sums.push_back(worker.call<&Parser::add>(1));
    for (int i = 0; i < 5000; ++i) REQUIRE(sums[static_cast<std::size_t>(i)].result() == 11 + i);
}

TEST_CASE("values cross, and 100 calls of 1 MiB each way at once [P3][P4]") {
    const auto worker = options().init(0);
    CHECK(worker.call<&Parser::move>(Point{1, "p"}).result() == Point{2, "p"});
    std::vector<Future<std::string>> echoes;
    const auto text = [](int i) { return std::string(1 << 20, static_cast<char>('a' + i % 26)); };
    for (int i = 0; i < 100; ++i) echoes.push_back(worker.call<&Parser::echo>(text(i)));
    for (int i = 0; i < 100; ++i) REQUIRE(echoes[static_cast<std::size_t>(i)].result() == text(i));
}

TEST_CASE("a result goes on to another worker, and one that waits for it [P14]") {
    const auto first = options().init(1);
    const auto second = options().init(100);
    const auto here = concur::Worker<Parser>::options().mode("thread").init(1000);
    const Future<int> one = first.call<&Parser::add>(1);
    const Future<int> two = second.call<&Parser::add>(one);
    const Future<int> three = here.call<&Parser::add>(two);
    const Future<int> four = first.call<&Parser::add>(three);
    CHECK(four.result() == 2 + 1102);
    CHECK(one.result() == 2);
    CHECK(two.result() == 102);
}

TEST_CASE("exceptions cross with their types [P6]") {
    const auto worker = options().init(0);
    CHECK(error_of<std::system_error>(worker.call<&Parser::throw_known>()).code() == std::errc::io_error);
    try {
        static_cast<void>(worker.call<&Parser::throw_unknown>().result());
        FAIL("it did not fail");
    } catch (const std::out_of_range& error) {
        CHECK(concur::original_type(error).find("NotListed") != std::string::npos);
        CHECK(std::string(error.what()) == "not listed");
        CHECK(dynamic_cast<const concur::RemoteException&>(error).pid() != ::getpid());
    }
    CHECK(worker.call<&Parser::add>(1).result() == 1);
}

TEST_CASE("what the constructor throws comes out of init, and nothing stays [P11]") {
    static_cast<void>(options().init(0));  // the library's own descriptors
    const std::size_t before = descriptors();
    for (int i = 0; i < 20; ++i) {
        CHECK_THROWS_AS(options().init(-1), std::invalid_argument);
        CHECK_THROWS_AS(options().init(666), WorkerDiedError);
        const auto worker = options().init(1);
        CHECK(worker.call<&Parser::add>(1).result() == 2);
    }
    CHECK(descriptors() == before);
    CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
}

TEST_CASE("a retry policy runs in the child [R1]") {
    const auto worker = options().num_retries(5).retry_wait(1ms).retry_on<std::runtime_error>().init(0);
    CHECK(worker.call<&Parser::flaky>(4).result() == 4);
    const auto impatient = options().init(0);
    CHECK_THROWS_AS(impatient.call<&Parser::flaky>(4).result(), std::runtime_error);
    CHECK(impatient.with({.num_retries = 3}).call<&Parser::flaky>(4).result() == 4);
}

TEST_CASE("a queued call is cancelled exactly, a running one is asked [P3][F5]") {
    const auto worker = options().init(0);
    auto running = worker.call<&Parser::wait_for_stop>();
    auto queued = worker.call<&Parser::add>(1);
    CHECK(queued.cancel());
    CHECK_THROWS_AS(queued.result(), concur::CancelledError);
    std::this_thread::sleep_for(50ms);
    CHECK_FALSE(running.cancel());
    CHECK(running.result());
    CHECK(worker.call<&Parser::add>(5).result() == 5);
}

TEST_CASE("a deadline ends a call that its child still runs [P3]") {
    const auto worker = options().call_timeout(50ms).init(0);
    const auto begin = std::chrono::steady_clock::now();
    CHECK_THROWS_AS(worker.call<&Parser::wait_for_stop>().result(), concur::TimeoutError);
    CHECK(std::chrono::steady_clock::now() - begin < 10s);
}

TEST_CASE("the death of a child fails the running call and the queued ones, which says how it died [P7]") {
    const int how = GENERATE(0, 1);
    const auto worker = options().init(0);
    const auto fatal = how == 0 ? worker.call<&Parser::kill>(SIGKILL) : worker.call<&Parser::leave>(3);
    const auto queued = worker.call<&Parser::add>(1);
    const auto died = error_of<WorkerDiedError>(fatal);
    CHECK(died.started());
    CHECK(died.cause() == (how == 0 ? "killed by SIGKILL" : "exited with status 3"));
    CHECK(died.pid() > 0);
    const auto waited = error_of<WorkerDiedError>(queued);
    CHECK_FALSE(waited.started());
    // It stays dead, but is no stopped worker.
    CHECK_FALSE(error_of<WorkerDiedError>(worker.call<&Parser::add>(1)).started());
    CHECK_FALSE(worker.stopped());
    worker.stop();
}

TEST_CASE("queued calls move to the child that replaces a dead one [P7][P8]") {
    const auto worker = options().max_restarts(2).init(7);
    for (int i = 0; i < 2; ++i) {
        const auto fatal = worker.call<&Parser::kill>(SIGKILL);
        const auto first = worker.call<&Parser::add>(1);
        const auto second = worker.call<&Parser::add>(1);
        CHECK(error_of<WorkerDiedError>(fatal).started());
        CHECK(first.result() == 8);
        CHECK(second.result() == 9);
    }
    static_cast<void>(error_of<WorkerDiedError>(worker.call<&Parser::kill>(SIGKILL)));
    CHECK_FALSE(error_of<WorkerDiedError>(worker.call<&Parser::add>(1)).started());
}

TEST_CASE("on_restart(fail) fails the queued calls instead [P7]") {
    const auto worker = options().max_restarts(1).on_restart("fail").init(7);
    const auto fatal = worker.call<&Parser::kill>(SIGKILL);
    const auto queued = worker.call<&Parser::add>(1);
    CHECK(error_of<WorkerDiedError>(fatal).started());
    CHECK_FALSE(error_of<WorkerDiedError>(queued).started());
    CHECK(worker.call<&Parser::add>(1).result() == 8);
}

TEST_CASE("stray bytes on the socket are the child's death [P3]") {
    const auto worker = options().init(0);
    CHECK_THROWS_AS(worker.call<&Parser::scribble>().result(), WorkerDiedError);
}

TEST_CASE("a stop finishes what was accepted, and one that does not wait asks [W21][W22]") {
    SECTION("stop") {
        const auto worker = options().init(0);
        const auto slow = worker.call<&Parser::sleep>(50);
        const auto last = worker.call<&Parser::add>(1);
        worker.stop();
        CHECK(last.done());
        CHECK(last.result() == 1);
        CHECK_THROWS_AS(worker.call<&Parser::add>(1), concur::WorkerStoppedError);
    }
    SECTION("stop now") {
        const auto worker = options().init(0);
        const auto running = worker.call<&Parser::wait_for_stop>();
        const auto queued = worker.call<&Parser::add>(1);
        std::this_thread::sleep_for(50ms);
        worker.stop(concur::Stop::now);
        CHECK(running.result());
        CHECK_THROWS_AS(queued.result(), concur::WorkerStoppedError);
    }
    SECTION("a method that does not listen is killed") {
        const auto worker = options().kill_timeout(50ms).init(0);
        const auto deaf = worker.call<&Parser::sleep>(60'000);
        std::this_thread::sleep_for(20ms);
        const auto begin = std::chrono::steady_clock::now();
        worker.stop(concur::Stop::now);
        CHECK_THROWS_AS(deaf.result(), concur::WorkerStoppedError);
        CHECK(std::chrono::steady_clock::now() - begin < 20s);
    }
}

TEST_CASE("drain waits for all calls of a child [W25]") {
    const auto worker = options().init(0);
    const auto slow = worker.call<&Parser::sleep>(50);
    CHECK_FALSE(worker.drain(1ms));
    CHECK(worker.drain());
    CHECK(slow.done());
}

TEST_CASE("a task with a capture cannot be sent, a plain function can [P5]") {
    const auto tasks = concur::TaskWorker::options().mode("process").init();
    CHECK(tasks.submit([](int a, int b) { return a * b; }, 6, 7).result() == 42);
    int factor = 3;
    CHECK_THROWS_AS(tasks.submit([factor](int a) { return a * factor; }, 6).result(), concur::SerializationError);
}

TEST_CASE("what this version does not have in processes is refused by its option [P1][P9]") {
    CHECK_THROWS_AS(options().start_method("fork_server").init(0), concur::ConfigError);
    CHECK_THROWS_AS(options().start_method("spawn").init(0), concur::ConfigError);
    CHECK_THROWS_AS(options().attempt_timeout(1s).attempt_timeout_hard().init(0), concur::ConfigError);
}

TEST_CASE("workers that are made inside of workers work [P12]") {
    struct Outer {
        int ask() const {
            const auto inner = concur::Worker<Parser>::options().mode("process").init(40);
            return inner.call<&Parser::add>(2).result();
        }
    };
    const auto outer = concur::Worker<Outer>::options().mode("process").init();
    CHECK(outer.call<&Outer::ask>().result() == 42);
}

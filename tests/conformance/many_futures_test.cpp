// Waiting for many futures of workers, and inside of workers. F30 to F34, W17
#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/worker_support.hpp"

using namespace concur;
using namespace concur::test;

namespace {

struct Cell {
    int get() const { return value; }
    int fail() { throw std::range_error("cell"); }
    int value = 7;
};

Proxy<Cell> make(Mode mode, const char* name) { return Worker<Cell>::options().mode(mode).name(name).init(); }

}  // namespace

TEST_CASE("calls of several workers are gathered, joined, raced and iterated", "[future][F30][F31][F32][F33]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto one = make(mode, "one");
    const auto two = make(mode, "two");
    const auto calls = [&] {
        std::vector<Future<int>> futures;
        for (int i = 0; i < 100; ++i) futures.push_back((i % 2 == 0 ? one : two).call<&Cell::get>());
        return futures;
    };
    CHECK(gather(calls()) == std::vector(100, 7));
    CHECK(when_all(calls()).result() == std::vector(100, 7));
    CHECK(when_any(calls()).result().value == 7);
    CHECK(wait(calls()).done.size() == 100);
    int sum = 0;
    for (const auto& future : as_completed(calls())) sum += future.result();
    CHECK(sum == 700);
    CHECK_THROWS_AS(gather(one.call<&Cell::fail>(), two.call<&Cell::get>()), std::range_error);
    CHECK_FALSE(std::get<0>(gather_outcomes(one.call<&Cell::fail>(), two.call<&Cell::get>())).has_value());
}

TEST_CASE("cancel_rest withdraws queued calls", "[future][F5][F31][F32]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    const auto worker = make(mode, "busy");
    const auto other = make(mode, "other");
    const Busy busy(worker);
    const auto queued = worker.call<&Cell::get>();
    CHECK_THROWS_AS(gather(std::vector{queued, other.call<&Cell::fail>()}, {.cancel_rest = true}), std::range_error);
    CHECK(queued.cancelled());
    const auto loser = worker.call<&Cell::get>();
    CHECK(when_any(std::vector{loser, other.call<&Cell::get>()}, {.cancel_rest = true}).result().index == 1);
    CHECK(loser.cancelled());
}

TEST_CASE("a future of many is an argument like any other", "[future][F22][F32]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto worker = make(mode, "worker");
    const auto all = when_all(std::vector{worker.call<&Cell::get>(), worker.call<&Cell::get>()});
    const auto sum = worker.call([](Cell&, const std::vector<int>& values) { return values[0] + values[1]; }, all);
    CHECK(sum.result() == 14);
}

TEST_CASE("waiting inside a worker for many of its own calls is a deadlock error", "[future][W17][F30]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    const auto worker = make(mode, "self");
    const auto inside = [&](auto wait) {
        return worker.call([worker, wait](Cell&) {
            const std::vector own{worker.call<&Cell::get>(), worker.call<&Cell::get>()};
            return end_of([&] { wait(own); });
        });
    };
    using Own = std::vector<Future<int>>;
    CHECK(inside([](const Own& own) { gather(own); }).result() == "deadlock");
    CHECK(inside([](const Own& own) { gather_outcomes(own); }).result() == "deadlock");
    CHECK(inside([](const Own& own) { wait(own); }).result() == "deadlock");
    CHECK(inside([](const Own& own) { wait(own, {.return_when = ReturnWhen::first_completed}); }).result() ==
          "deadlock");
    CHECK(inside([](const Own& own) { when_all(own).wait(); }).result() == "deadlock");
    CHECK(inside([](const Own& own) { when_any(own).wait(); }).result() == "deadlock");
    CHECK(inside([](const Own& own) {
              for (auto& future : as_completed(own)) static_cast<void>(future);
          }).result() == "deadlock");
    CHECK(worker.call<&Cell::get>().result() == 7);
}

TEST_CASE("one of many that can come is enough to wait for any", "[future][W17][F32][F33]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    const auto worker = make(mode, "self");
    Promise<int> promise;
    const Future<int> outside = promise.future();
    Gate waiting;
    // More own calls than the wait looks at first.
    const auto inside = worker.call([&, worker](Cell&) {
        std::vector<Future<int>> some{outside};
        for (int i = 0; i < 20; ++i) some.push_back(worker.call<&Cell::get>());
        waiting.open();
        int first = when_any(some).result().value;
        AsCompleted<int> queue(some);
        first += queue.begin()->result();
        first += wait(some, {.return_when = ReturnWhen::first_completed}).done.at(0).result();
        return first;
    });
    REQUIRE(waiting.pass());
    promise.set_value(1);
    CHECK(inside.result() == 3);
}

TEST_CASE("a ring through an iteration is a deadlock error for at least one of its members", "[future][W17][F33]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    const auto one = make(mode, "one");
    const auto two = make(mode, "two");
    const auto ends = one.call([one, two](Cell&) {
        const auto other = two.call([one](Cell&) { return end_of([&] { one.call<&Cell::get>().wait(); }); });
        const std::string here = end_of([&] {
            for (auto& future : as_completed({other})) static_cast<void>(future);
        });
        return std::pair(here, other);
    });
    const auto& [here, other] = ends.result();
    CHECK((here == "deadlock" || other.result() == "deadlock"));
}

TEST_CASE("a method cannot return a future of many that waits for this very call", "[future][W17][F32]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    const auto worker = make(mode, "self");
    Promise<Future<std::vector<int>>> own;
    const auto call = worker.call([&](Cell&) {
        return own.future().then([](const Future<std::vector<int>>& itself) {
            return when_all(std::vector{itself.then([](const std::vector<int>& v) { return v.at(0); })});
        });
    });
    own.set_value(call);
    CHECK_THROWS_AS(call.result(), DeadlockError);
}

TEST_CASE("a long iteration inside a worker does not look at all that is pending each time", "[future][W17][F34]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    constexpr std::size_t count = 100'000;
    const auto worker = make(mode, "iterating");
    std::vector<Promise<int>> promises(count);
    std::vector<Future<int>> futures;
    for (const auto& promise : promises) futures.push_back(promise.future());
    std::atomic<std::size_t> seen{0};
    const auto start = std::chrono::steady_clock::now();
    const auto iteration = worker.call([&](Cell&) {
        for (auto& future : as_completed(futures)) seen += static_cast<std::size_t>(future.result());
    });
    // One at a time, so that most of the waits are real ones.
    for (std::size_t i = 0; i < 2000; ++i) {
        promises[i].set_value(1);
        REQUIRE(eventually([&] { return seen == i + 1; }));
    }
    for (std::size_t i = 2000; i < count; ++i) promises[i].set_value(1);
    iteration.result();
    CHECK(seen == count);
    CHECK(std::chrono::steady_clock::now() - start < 120s);
}

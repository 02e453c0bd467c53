// When calls start, and that they never overlap. W13, W14
#include <atomic>
#include <numeric>
#include <vector>

#include "support/worker_support.hpp"

using namespace concur;
using namespace concur::test;

namespace {

struct Log {
    void add(int value) { entries.push_back(value); }
    std::vector<int> entries;
};

struct Exclusive {
    void enter() {
        if (inside.exchange(true)) ++overlaps;
        std::this_thread::yield();
        ++visits;
        inside = false;
    }
    std::atomic<bool> inside{false};
    int overlaps = 0;
    int visits = 0;
};

}  // namespace

TEST_CASE("calls of one thread start in the order made", "[worker][W13]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Log>::options().mode(mode).init();
    std::vector<int> expected(1000);
    std::iota(expected.begin(), expected.end(), 0);
    for (const int value : expected) worker.call<&Log::add>(value);
    CHECK(worker.call<&Log::entries>().result() == expected);
}

TEST_CASE("calls queued behind a busy worker start in the order made", "[worker][W13]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = Worker<Log>::options().mode(mode).init();
    {
        const Busy busy(worker);
        for (int i = 0; i < 100; ++i) worker.call<&Log::add>(i);
    }
    const auto entries = worker.call<&Log::entries>().result();
    std::vector<int> expected(100);
    std::iota(expected.begin(), expected.end(), 0);
    CHECK(entries == expected);
}

TEST_CASE("a call takes its place when its last input is ready", "[worker][W13][F22]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = Worker<Log>::options().mode(mode).init();
    Promise<int> first;
    Promise<int> second;
    auto waits_for_first = worker.call<&Log::add>(first.future());
    auto waits_for_second = worker.call<&Log::add>(second.future());
    worker.call<&Log::add>(0).result();
    second.set_value(2);
    waits_for_second.result();
    first.set_value(1);
    waits_for_first.result();
    CHECK(worker.call<&Log::entries>().result() == std::vector{0, 2, 1});
}

TEST_CASE("a call whose inputs are ready already keeps its place among the others", "[worker][W13]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Log>::options().mode(mode).init();
    for (int i = 0; i < 100; i += 2) {
        worker.call<&Log::add>(i);
        worker.call<&Log::add>(ready(i + 1));
    }
    std::vector<int> expected(100);
    std::iota(expected.begin(), expected.end(), 0);
    CHECK(worker.call<&Log::entries>().result() == expected);
}

TEST_CASE("methods of one worker never run at the same time", "[worker][W14]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Exclusive>::options().mode(mode).init();
    constexpr int threads = 4;
    constexpr int calls = 200;
    std::vector<std::thread> callers;
    for (int t = 0; t < threads; ++t)
        callers.emplace_back([worker] {
            for (int i = 0; i < calls; ++i) worker.call<&Exclusive::enter>();
        });
    for (std::thread& caller : callers) caller.join();
    worker.drain();
    CHECK(worker.call<&Exclusive::visits>().result() == threads * calls);
    CHECK(worker.call<&Exclusive::overlaps>().result() == 0);
}

TEST_CASE("calls of a sync worker run in their caller, which takes turns with others", "[worker][W14]") {
    auto worker = Worker<Exclusive>::options().mode(concur::sync).init();
    const auto where = [](Exclusive&) { return std::this_thread::get_id(); };
    CHECK(worker.call(where).result() == std::this_thread::get_id());

    Gate inside;
    Gate leave;
    auto first = on_new_thread([&, worker] {
        worker.call([&](Exclusive&) {
            inside.open();
            leave.pass();
        });
    });
    REQUIRE(inside.pass());
    std::atomic<bool> came_through{false};
    auto second = on_new_thread([&, worker] {
        const auto there = worker.call(where).result();
        came_through = true;
        return there == std::this_thread::get_id();
    });
    CHECK_FALSE(second.wait_for(20ms));  // waits for its turn
    CHECK_FALSE(came_through);
    leave.open();
    CHECK_NOTHROW(first.result());
    CHECK(second.result());
}

TEST_CASE("a sync worker's own nested calls run inline", "[worker][W14][W17]") {
    auto worker = Worker<Log>::options().mode(concur::sync).init();
    worker
        .call([worker](Log& log) {
            log.add(1);
            worker.call([worker](Log& inner) {
                inner.add(2);
                worker.call<&Log::add>(3);
                inner.add(4);
            });
            log.add(5);
        })
        .result();
    CHECK(worker.call<&Log::entries>().result() == std::vector{1, 2, 3, 4, 5});
}

TEST_CASE("a sync call waits for its pending inputs before it returns", "[worker][W14][F22]") {
    auto worker = Worker<Log>::options().mode(concur::sync).init();
    Promise<int> promise;
    auto call = on_new_thread([worker, input = promise.future()] { return worker.call<&Log::add>(input).done(); });
    CHECK_FALSE(call.wait_for(20ms));
    worker.call<&Log::add>(1).result();  // the turn is free meanwhile
    promise.set_value(2);
    CHECK(call.result());
    CHECK(worker.call<&Log::entries>().result() == std::vector{1, 2});
}

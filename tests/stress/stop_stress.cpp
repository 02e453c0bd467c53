// Stops that race calls: every future resolves exactly once, with a value or WorkerStoppedError. W20 to W24
#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "support/worker_support.hpp"

using namespace concur;
using namespace concur::test;

namespace {

struct Counter {
    explicit Counter(std::shared_ptr<std::atomic<int>> counted) : alive{std::move(counted)} { ++*alive; }
    ~Counter() { --*alive; }
    int add(int amount) { return value += amount; }
    std::shared_ptr<std::atomic<int>> alive;
    int value = 0;
};

/// The futures of one caller, and how often each was told to be done.
struct Calls {
    std::vector<Future<int>> futures;
    std::vector<std::shared_ptr<std::atomic<int>>> told;

    void add(Future<int> future) {
        told.push_back(std::make_shared<std::atomic<int>>(0));
        future.on_done([count = told.back()](const Future<int>&) { ++*count; });
        futures.push_back(std::move(future));
    }
    /// How many ended otherwise than with a value or WorkerStoppedError, or not exactly once.
    [[nodiscard]] int wrong() const {
        int count = 0;
        for (std::size_t i = 0; i < futures.size(); ++i) {
            try {
                futures[i].result();
            } catch (const WorkerStoppedError&) {
            } catch (...) {
                ++count;
            }
            if (!eventually([&] { return told[i]->load() == 1; })) ++count;
        }
        return count;
    }
};

constexpr std::size_t callers = 4;

}  // namespace

TEST_CASE("stop races calls from four threads", "[stress][worker][W20][W24]") {
    const Mode mode = GENERATE(every_mode());
    const Stop how = GENERATE(Stop::drain, Stop::now);
    CAPTURE(mode, how);
    const auto alive = std::make_shared<std::atomic<int>>(0);
    int wrong = 0;
    int undone = 0;
    for (int round = 0; round < 40; ++round) {
        auto worker = Worker<Counter>::options().mode(mode).init(alive);
        std::vector<Calls> all(callers);
        std::atomic<int> made{0};
        {
            std::vector<std::jthread> threads;
            for (Calls& calls : all)
                threads.emplace_back([&calls, &made, worker] {
                    try {
                        for (int i = 0; i < 5000; ++i, ++made) calls.add(worker.call<&Counter::add>(1));
                    } catch (const WorkerStoppedError&) {
                    }
                });
            while (made < 20 + round) std::this_thread::yield();
            worker.stop(how);
            if (*alive != 0) ++wrong;
        }
        for (const Calls& calls : all) {
            for (const auto& future : calls.futures) undone += future.done() ? 0 : 1;
            wrong += calls.wrong();
        }
    }
    CHECK(undone == 0);
    CHECK(wrong == 0);
    CHECK(*alive == 0);
}

TEST_CASE("stop races calls that wait for inputs and calls that follow futures", "[stress][worker][W22][W24]") {
    const Mode mode = GENERATE(every_queueing_mode());
    const Stop how = GENERATE(Stop::drain, Stop::now);
    CAPTURE(mode, how);
    const auto alive = std::make_shared<std::atomic<int>>(0);
    int wrong = 0;
    for (int round = 0; round < 40; ++round) {
        auto worker = Worker<Counter>::options().mode(mode).init(alive);
        std::vector<Calls> all(callers);
        std::atomic<int> made{0};
        {
            std::vector<std::jthread> threads;
            for (Calls& calls : all)
                threads.emplace_back([&calls, &made, worker] {
                    try {
                        for (int i = 0; i < 1000; ++i, ++made) {
                            Promise<int> promise;
                            if (i % 2) {
                                calls.add(worker.call<&Counter::add>(promise.future()));
                            } else {
                                calls.add(worker.call([inner = promise.future()](Counter&) { return inner; }));
                            }
                            promise.set_value(1);
                        }
                    } catch (const WorkerStoppedError&) {
                    }
                });
            while (made < 20 + round) std::this_thread::yield();
            worker.stop(how);
        }
        for (const Calls& calls : all) wrong += calls.wrong();
    }
    CHECK(wrong == 0);
    CHECK(*alive == 0);
}

TEST_CASE("several threads stop a worker, in both ways, during calls", "[stress][worker][W23]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto alive = std::make_shared<std::atomic<int>>(0);
    std::atomic<int> wrong{0};
    for (int round = 0; round < 40; ++round) {
        auto worker = Worker<Counter>::options().mode(mode).init(alive);
        Calls calls;
        {
            std::vector<std::jthread> threads;
            for (int i = 0; i < 3; ++i)
                threads.emplace_back([&, i] {
                    worker.stop((round + i) % 3 == 0 ? Stop::now : Stop::drain);
                    if (*alive != 0) ++wrong;  // each waits for the end
                });
            try {
                for (int i = 0; i < 1000; ++i) calls.add(worker.call<&Counter::add>(1));
            } catch (const WorkerStoppedError&) {
            }
        }
        wrong += calls.wrong();
    }
    CHECK(wrong == 0);
}

TEST_CASE("a worker that stops itself during calls", "[stress][worker][W23]") {
    const Mode mode = GENERATE(every_mode());
    const Stop how = GENERATE(Stop::drain, Stop::now);
    CAPTURE(mode, how);
    const auto alive = std::make_shared<std::atomic<int>>(0);
    int wrong = 0;
    for (int round = 0; round < 60; ++round) {
        auto worker = Worker<Counter>::options().mode(mode).init(alive);
        std::vector<Calls> all(2);
        {
            std::vector<std::jthread> threads;
            for (Calls& calls : all)
                threads.emplace_back([&calls, worker, how] {
                    try {
                        for (int i = 0; i < 1000; ++i)
                            calls.add(worker.call([worker, how](Counter& counter) {
                                if (counter.add(1) == 30) worker.stop(how);
                                return counter.value;
                            }));
                    } catch (const WorkerStoppedError&) {
                    }
                });
        }
        worker.stop();
        for (const Calls& calls : all) wrong += calls.wrong();
    }
    CHECK(wrong == 0);
    CHECK(eventually([&] { return *alive == 0; }));
}

TEST_CASE("drain races stop", "[stress][worker][W25]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto alive = std::make_shared<std::atomic<int>>(0);
    for (int round = 0; round < 60; ++round) {
        auto worker = Worker<Counter>::options().mode(mode).init(alive);
        std::vector<std::jthread> threads;
        for (int i = 0; i < 2; ++i)
            threads.emplace_back([worker] {
                try {
                    for (int n = 0; n < 50; ++n) {
                        worker.call<&Counter::add>(1);
                        static_cast<void>(worker.drain());
                    }
                } catch (const WorkerStoppedError&) {
                }
            });
        threads.emplace_back([worker, round] { worker.stop(round % 2 ? Stop::now : Stop::drain); });
    }
    CHECK(eventually([&] { return *alive == 0; }));
}

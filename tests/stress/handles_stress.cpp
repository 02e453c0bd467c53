// Handles that go away at the same time, wherever they are. W23
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "support/race.hpp"
#include "support/worker_support.hpp"

using namespace concur;
using namespace concur::test;

namespace {

struct Counted {
    explicit Counted(std::shared_ptr<std::atomic<int>> counted) : alive{std::move(counted)} { ++*alive; }
    ~Counted() { --*alive; }
    int add(int amount) { return value += amount; }
    std::shared_ptr<std::atomic<int>> alive;
    int value = 0;
};

using Handle = Proxy<Counted>;

}  // namespace

TEST_CASE("handles dropped by several threads at once end the worker exactly once", "[stress][worker][W23]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto alive = std::make_shared<std::atomic<int>>(0);
    std::vector<Handle> handles(3);
    Future<int> last;
    int wrong = 0;
    const auto drop = [&](std::size_t which) { return [&handles, which](int) { handles[which] = Handle(); }; };
    race(
        150,
        [&](int) {
            const auto worker = Worker<Counted>::options().mode(mode).init(alive);
            for (Handle& handle : handles) handle = worker;
            for (int i = 0; i < 5; ++i) last = worker.call<&Counted::add>(1);
        },
        [&](int) { wrong += *alive == 0 && last.done() && last.result() == 5 ? 0 : 1; }, drop(0), drop(1), drop(2));
    CHECK(wrong == 0);
}

TEST_CASE("the last handle may be dropped outside, inside a call, or in a callback, whichever comes last",
          "[stress][worker][W23]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    const auto alive = std::make_shared<std::atomic<int>>(0);
    int wrong = 0;
    for (int round = 0; round < 300; ++round) {
        auto worker = std::make_unique<Handle>(Worker<Counted>::options().mode(mode).init(alive));
        auto inside = std::make_shared<Handle>(*worker);
        auto in_callback = std::make_shared<Handle>(*worker);
        auto call = worker->call([inside = std::move(inside)](Counted& counted) {
            *inside = Handle();
            return counted.add(1);
        });
        call.on_done([in_callback = std::move(in_callback)](const Future<int>&) { *in_callback = Handle(); });
        if (round % 3) std::this_thread::yield();
        worker.reset();
        wrong += call.result() == 1 ? 0 : 1;
    }
    CHECK(wrong == 0);
    CHECK(eventually([&] { return *alive == 0; }));
}

TEST_CASE("workers made and ended by several threads at once leave nothing behind", "[stress][worker][W5][W23]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto alive = std::make_shared<std::atomic<int>>(0);
    std::atomic<int> wrong{0};
    const auto make_some = [&] {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 3; ++t)
            threads.emplace_back([&] {
                for (int i = 0; i < 60; ++i) {
                    const auto worker = Worker<Counted>::options().mode(mode).init(alive);
                    if (worker.call<&Counted::add>(1).result() != 1) ++wrong;
                }
            });
    };
    make_some();  // whatever the library starts once has been started then
    const std::size_t threads = thread_count();
    const std::size_t descriptors = descriptor_count();
    make_some();
    CHECK(wrong == 0);
    CHECK(*alive == 0);
    CHECK(eventually([&] { return thread_count() <= threads; }));
    CHECK(descriptor_count() == descriptors);
}

TEST_CASE("futures of one call used and dropped by several threads", "[stress][worker][W24]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    const auto alive = std::make_shared<std::atomic<int>>(0);
    const auto worker = Worker<Counted>::options().mode(mode).init(alive);
    std::vector<Future<std::vector<int>>> futures(3);
    std::atomic<int> wrong{0};
    const auto take = [&](std::size_t which) {
        return [&, which](int) {
            if (std::move(futures[which]).result() != std::vector<int>(100, 7)) ++wrong;
        };
    };
    race(
        200,
        [&](int) {
            const auto call = worker.call([](Counted&) { return std::vector<int>(100, 7); });
            for (auto& future : futures) future = call;
        },
        [](int) {}, take(0), take(1), take(2));
    CHECK(wrong == 0);
}

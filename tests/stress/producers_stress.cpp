// Many threads that call one worker. W13, W14
#include <atomic>
#include <numeric>
#include <thread>
#include <vector>

#include "support/worker_support.hpp"

using namespace concur;
using namespace concur::test;

namespace {

constexpr int producers = 4;

struct Log {
    void add(int producer, int number) {
        if (inside.exchange(true)) ++overlaps;
        if (number != next[static_cast<std::size_t>(producer)]++) ++out_of_order;
        inside = false;
    }
    std::vector<int> next = std::vector<int>(producers);
    int out_of_order = 0;
    int overlaps = 0;
    std::atomic<bool> inside{false};
};

template <class Produce>
void run_producers(Produce produce) {
    std::vector<std::jthread> threads;
    for (int p = 0; p < producers; ++p) threads.emplace_back([&produce, p] { produce(p); });
}

}  // namespace

TEST_CASE("calls of each of many producers start in their order", "[stress][worker][W13][W14]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    constexpr int calls = 3000;
    auto worker = Worker<Log>::options().mode(mode).init();
    run_producers([worker](int p) {
        for (int i = 0; i < calls; ++i) worker.call<&Log::add>(p, i);
    });
    CHECK(worker.call<&Log::next>().result() == std::vector<int>(producers, calls));
    CHECK(worker.call<&Log::out_of_order>().result() == 0);
    CHECK(worker.call<&Log::overlaps>().result() == 0);
}

TEST_CASE("producers that wait now and then let the worker fall asleep and wake it", "[stress][worker][W13]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    constexpr int calls = 600;
    auto worker = Worker<Log>::options().mode(mode).init();
    run_producers([worker](int p) {
        for (int i = 0; i < calls; ++i) {
            auto call = worker.call<&Log::add>(p, i);
            if (i % 7 == p) call.wait();
            if (i % 97 == p) std::this_thread::sleep_for(100us);
        }
    });
    CHECK(worker.call<&Log::next>().result() == std::vector<int>(producers, calls));
    CHECK(worker.call<&Log::out_of_order>().result() == 0);
}

TEST_CASE("calls with inputs that are ready keep their place among many producers", "[stress][worker][W13][F22]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    constexpr int calls = 1000;
    auto worker = Worker<Log>::options().mode(mode).init();
    run_producers([worker](int p) {
        for (int i = 0; i < calls; ++i) {
            if (i % 2) {
                worker.call<&Log::add>(p, ready(i));
            } else {
                worker.call<&Log::add>(p, i);
            }
        }
    });
    CHECK(worker.call<&Log::next>().result() == std::vector<int>(producers, calls));
    CHECK(worker.call<&Log::out_of_order>().result() == 0);
}

TEST_CASE("every waiter of many gets its own result", "[stress][worker]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    struct Echo {
        int echo(int x) const { return x; }
    };
    auto worker = Worker<Echo>::options().mode(mode).init();
    std::atomic<int> wrong{0};
    run_producers([&wrong, worker](int p) {
        for (int i = 0; i < 1500; ++i)
            if (worker.call<&Echo::echo>(p * 10'000 + i).result() != p * 10'000 + i) ++wrong;
    });
    CHECK(wrong == 0);
}

TEST_CASE("drain sees everything that was submitted before it", "[stress][worker][W25]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    struct Tree {
        void grow(const Proxy<Tree>& self, int depth) {
            ++nodes;
            for (int i = 0; depth > 0 && i < 2; ++i) self.call<&Tree::grow>(self, depth - 1);
        }
        int nodes = 0;
    };
    auto worker = Worker<Tree>::options().mode(mode).init();
    std::atomic<int> undone{0};
    run_producers([&undone, worker](int) {
        for (int i = 0; i < 40; ++i) {
            auto call = worker.call<&Tree::grow>(worker, 4);
            if (!worker.drain() || !call.done()) ++undone;
        }
    });
    CHECK(undone == 0);
    CHECK(worker.call<&Tree::nodes>().result() == producers * 40 * 31);
}

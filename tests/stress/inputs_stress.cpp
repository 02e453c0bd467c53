// Graphs of calls over several workers, with random failures and cancels. F20 to F24, F5
#include <atomic>
#include <memory>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

#include "support/worker_support.hpp"

using namespace concur;
using namespace concur::test;

namespace {

struct Node {
    int combine(const std::vector<int>& inputs, bool fail) const {
        if (fail) throw std::range_error("drawn");
        int sum = 1;
        for (const int input : inputs) sum = (sum + input) % 1'000'003;
        return sum;
    }
};

enum class End { value, own_failure, input_failed, cancelled, wrong };

/// How a node ended, and whether that fits how its inputs ended.
struct Graph {
    std::vector<Future<int>> nodes;
    std::vector<std::vector<std::size_t>> inputs;
    std::vector<bool> fails;

    [[nodiscard]] End end_of(std::size_t i) const {
        bool inputs_fine = true;
        int sum = 1;
        for (const std::size_t input : inputs[i]) {
            if (nodes[input].exception()) {
                inputs_fine = false;
            } else {
                sum = (sum + nodes[input].result()) % 1'000'003;
            }
        }
        if (!nodes[i].exception())
            return inputs_fine && !fails[i] && nodes[i].result() == sum ? End::value : End::wrong;
        switch (nodes[i].stop_reason()) {
            case StopReason::retries_exhausted:
                return fails[i] && inputs_fine ? End::own_failure : End::wrong;
            case StopReason::input_failed:
                return inputs_fine ? End::wrong : End::input_failed;
            case StopReason::cancelled:
                return nodes[i].cancelled() ? End::cancelled : End::wrong;
            default:
                return End::wrong;
        }
    }
};

}  // namespace

TEST_CASE("every call of a random graph with failures and cancels ends as its inputs say",
          "[stress][inputs][F22][F23]") {
    const std::vector<Mode> modes = modes_that([](const ModeRow& row) { return !row.runs_in_caller; });
    constexpr std::size_t size = 300;
    int wrong = 0;
    int values = 0;
    for (unsigned seed = 0; seed < 15; ++seed) {
        std::mt19937 random(seed);
        const auto below = [&](std::size_t bound) { return static_cast<std::size_t>(random()) % bound; };
        std::vector<Proxy<Node>> workers;
        for (std::size_t i = 0; i < 3; ++i)
            workers.push_back(Worker<Node>::options().mode(modes[i % modes.size()]).init());

        // The first ones are set by a thread of ours while the graph grows.
        Graph graph;
        std::vector<Promise<int>> sources(10);
        for (const auto& source : sources) {
            graph.nodes.push_back(source.future());
            graph.inputs.emplace_back();
            graph.fails.push_back(false);
        }
        std::vector<Future<int>> to_cancel(size + sources.size());
        std::atomic<std::size_t> grown{0};
        std::jthread setter([&] {
            for (auto& source : sources) {
                std::this_thread::yield();
                source.set_value(1);
            }
        });
        std::jthread canceller([&, next = std::size_t{0}]() mutable {
            while (next < size) {
                const std::size_t end = grown.load(std::memory_order_acquire);
                for (; next < end; ++next)
                    if (to_cancel[next].valid()) static_cast<void>(to_cancel[next].cancel());
                std::this_thread::yield();
            }
        });
        for (std::size_t i = 0; i < size; ++i) {
            std::vector<std::size_t> chosen;
            std::vector<Future<int>> inputs;
            for (std::size_t n = below(4); n-- > 0;) {
                chosen.push_back(graph.nodes.size() - 1 - below(std::min<std::size_t>(graph.nodes.size(), 30)));
                inputs.push_back(graph.nodes[chosen.back()]);
            }
            const bool fails = below(40) == 0;
            auto call = workers[below(workers.size())].call<&Node::combine>(std::move(inputs), fails);
            if (below(40) == 0) to_cancel[i] = call;
            graph.nodes.push_back(std::move(call));
            graph.inputs.push_back(std::move(chosen));
            graph.fails.push_back(fails);
            grown.store(i + 1, std::memory_order_release);
        }
        setter.join();
        canceller.join();
        for (std::size_t i = sources.size(); i < graph.nodes.size(); ++i) {
            const End end = graph.end_of(i);
            wrong += end == End::wrong ? 1 : 0;
            values += end == End::value ? 1 : 0;
        }
    }
    CHECK(wrong == 0);
    CHECK(values > 0);
}

TEST_CASE("long chains over several workers end with their value or with the failure at their start",
          "[stress][inputs][F22][F23]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    struct Step {
        int next(int x) const { return x + 1; }
    };
    std::vector<Proxy<Step>> workers;
    for (int i = 0; i < 3; ++i) workers.push_back(Worker<Step>::options().mode(mode).init());
    int wrong = 0;
    for (int round = 0; round < 10; ++round) {
        Promise<int> start;
        const bool sync = runs_in_caller(mode);
        if (sync) start.set_value(0);  // else the first call would wait for it
        auto value = start.future();
        for (std::size_t i = 0; i < 500; ++i) value = workers[i % 3].call<&Step::next>(value);
        if (sync || round % 2 == 0) {
            if (!sync) start.set_value(0);
            wrong += value.result() == 500 ? 0 : 1;
        } else {
            start.set_exception(std::range_error("start"));
            wrong += value.exception() && value.stop_reason() == StopReason::input_failed ? 0 : 1;
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("one failing input among many fails the call once", "[stress][inputs][F23]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = Worker<Node>::options().mode(mode).init();
    int wrong = 0;
    for (int round = 0; round < 40; ++round) {
        std::vector<Promise<int>> promises(40);
        std::vector<Future<int>> inputs;
        for (const auto& promise : promises) inputs.push_back(promise.future());
        auto call = worker.call<&Node::combine>(inputs, false);
        auto told = std::make_shared<std::atomic<int>>(0);
        call.on_done([told](const Future<int>&) { ++*told; });
        {
            std::vector<std::jthread> setters;
            for (std::size_t t = 0; t < 4; ++t)
                setters.emplace_back([&, t] {
                    for (std::size_t i = t; i < promises.size(); i += 4)
                        if (i % 10 == 9) {
                            promises[i].set_exception(std::range_error("one of many"));
                        } else {
                            promises[i].set_value(1);
                        }
                });
        }
        wrong += call.exception() && call.stop_reason() == StopReason::input_failed ? 0 : 1;
        wrong += eventually([&] { return told->load() == 1; }) ? 0 : 1;
    }
    CHECK(wrong == 0);
    CHECK(worker.drain());
}

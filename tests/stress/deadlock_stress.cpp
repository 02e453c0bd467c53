// Rings that come about at random: nothing hangs, and what is no ring is no error. W17
#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include "support/worker_support.hpp"

using namespace concur;
using namespace concur::test;

namespace {

struct Member;
using Members = std::vector<Proxy<Member>>;

struct Member {
    /// Asks a member for each entry of `way`, from there on; waits for each answer.
    int ask(const Members& members, std::vector<std::size_t> way) const {
        if (way.empty()) return 1;
        const auto next = members[way.back() % members.size()];
        way.pop_back();
        return 1 + next.call<&Member::ask>(members, std::move(way)).result();
    }
    int get() const { return 1; }
};

}  // namespace

TEST_CASE("random rings of workers of all modes always end", "[stress][worker][W17]") {
    const std::vector<Mode> modes = modes_that([](const ModeRow&) { return true; });
    int deadlocks = 0;
    int values = 0;
    int others = 0;
    for (unsigned seed = 0; seed < 40; ++seed) {
        Members members;
        for (std::size_t i = 0; i < 4; ++i)
            members.push_back(Worker<Member>::options().mode(modes[i % modes.size()]).init());
        std::vector<std::jthread> threads;
        std::atomic<int> ends[3] = {};
        for (unsigned t = 0; t < 3; ++t)
            threads.emplace_back([&, random = std::mt19937(seed * 3 + t)]() mutable {
                for (int i = 0; i < 5; ++i) {
                    std::vector<std::size_t> way(random() % 4);
                    for (std::size_t& step : way) step = random();
                    try {
                        members[random() % members.size()].call<&Member::ask>(members, std::move(way)).result();
                        ++ends[0];
                    } catch (const DeadlockError&) {
                        ++ends[1];
                    } catch (...) {
                        ++ends[2];
                    }
                }
            });
        threads.clear();
        for (const auto& member : members) values += member.call<&Member::get>().result();
        values += ends[0];
        deadlocks += ends[1];
        others += ends[2];
        for (const auto& member : members) member.stop();
    }
    CHECK(others == 0);
    CHECK(values > 0);
    CHECK(deadlocks > 0);
}

TEST_CASE("a line of workers that wait for each other is never taken for a ring", "[stress][worker][W17]") {
    const std::vector<Mode> modes = modes_that([](const ModeRow&) { return true; });
    Members members;
    for (std::size_t i = 0; i < 5; ++i)
        members.push_back(Worker<Member>::options().mode(modes[i % modes.size()]).init());
    std::atomic<int> wrong{0};
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 3; ++t)
            threads.emplace_back([&] {
                for (int i = 0; i < 100; ++i) {
                    try {
                        // Always upwards: 0 asks 1, 1 asks 2, and so on.
                        if (members[0].call<&Member::ask>(members, std::vector<std::size_t>{4, 3, 2, 1}).result() != 5)
                            ++wrong;
                    } catch (...) {
                        ++wrong;
                    }
                }
            });
    }
    CHECK(wrong == 0);
}

TEST_CASE("calls that return each other's futures at the same moment are noticed", "[stress][worker][W17][W12]") {
    constexpr int most = 4;
    std::vector<Proxy<Member>> workers;
    for (int i = 0; i < most; ++i) workers.push_back(Worker<Member>::options().mode(concur::thread).init());
    int without_error = 0;
    for (int round = 0; round < 2000; ++round) {
        const int size = 2 + round % (most - 1);
        std::vector<Future<int>> futures(static_cast<std::size_t>(size));
        std::atomic<bool> made{false};
        std::atomic<int> about_to_return{0};
        for (int i = 0; i < size; ++i) {
            futures[static_cast<std::size_t>(i)] =
                workers[static_cast<std::size_t>(i)].call([&, next = (i + 1) % size](Member&) {
                    while (!made) std::this_thread::yield();
                    Future<int> result = futures[next];
                    ++about_to_return;
                    while (about_to_return < size) std::this_thread::yield();
                    return result;
                });
        }
        made = true;
        int errors = 0;
        for (const auto& future : futures) {
            try {
                future.result();
            } catch (const DeadlockError&) {
                ++errors;
            }
        }
        without_error += errors == size ? 0 : 1;
    }
    CHECK(without_error == 0);
}

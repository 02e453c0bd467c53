#include <concur/concur.hpp>

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <fstream>
#include <latch>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/eventually.hpp"

using concur::DeadlockError;
using concur::Future;
using concur::Promise;
using concur::ready;
using concur::test::eventually;
using namespace std::chrono_literals;

namespace {

/// The address space of this process; each thread that was not joined yet keeps its stack.
std::size_t mapped_bytes() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;)
        if (word == "VmSize:") {
            std::size_t kib = 0;
            status >> kib;
            return kib * 1024;
        }
    return 0;
}

std::size_t stack_of_a_thread() {
    pthread_attr_t attributes;
    ::pthread_getattr_default_np(&attributes);
    std::size_t size = 0;
    ::pthread_attr_getstacksize(&attributes, &size);
    ::pthread_attr_destroy(&attributes);
    return size;
}

}  // namespace

TEST_CASE("a continuation that waits for its own future gets DeadlockError", "[wait_graph][W17]") {
    Promise<int> promise;
    Future<int> own;
    own = promise.future().then([&](int) { return own.result(); });
    promise.set_value(1);
    CHECK_THROWS_AS(own.result(), DeadlockError);

    Promise<int> second;
    Future<int> last;
    const Future<int> first = second.future().then([&](int) { return last.result(); });
    last = first.then([](int value) { return value; });
    second.set_value(1);
    CHECK_THROWS_AS(first.result(), DeadlockError);
    CHECK_THROWS_AS(last.result(), DeadlockError);
}

TEST_CASE("gather and wait in a continuation find the ring too", "[wait_graph][W17]") {
    Promise<int> promise;
    Future<int> gathering;
    Future<int> waiting;
    gathering = promise.future().then([&](int) { return concur::gather(std::vector{ready(1), gathering})[0]; });
    waiting = promise.future().then([&](int) {
        return static_cast<int>(concur::wait({waiting, waiting}).done.size());
    });
    promise.set_value(1);
    CHECK_THROWS_AS(gathering.result(), DeadlockError);
    CHECK_THROWS_AS(waiting.result(), DeadlockError);
}

TEST_CASE("a wait for the first of several goes on if one of them can end", "[wait_graph][F30][W17]") {
    Promise<int> promise;
    Promise<int> other;
    Future<std::size_t> own;
    own = promise.future().then([&](int) {
        const Future<std::size_t> possible = other.future().then([](int) { return std::size_t{0}; });
        return concur::wait({own, possible}, {.return_when = concur::ReturnWhen::first_completed}).done.size();
    });
    std::jthread completing([&] { other.set_value(1); });
    promise.set_value(1);
    CHECK(own.result() == 1);
}

TEST_CASE("a wait with a time limit ends by it and is no deadlock", "[wait_graph][F3][W17]") {
    Promise<int> promise;
    Future<bool> own;
    own = promise.future().then([&](int) { return own.wait_for(1ms); });
    promise.set_value(1);
    CHECK(own.result() == false);
}

TEST_CASE("a continuation that returns a future that waits for it fails with DeadlockError", "[wait_graph][F7][W17]") {
    Promise<int> promise;
    Future<int> own;
    own = promise.future().then([&](int) { return own; });
    promise.set_value(1);
    REQUIRE(own.wait_for(30s));
    CHECK_THROWS_AS(own.result(), DeadlockError);

    Promise<int> second;
    Future<int> first;
    Future<int> last;
    first = second.future().then([&](int) { return last; });
    last = first.then([](int value) { return value; });
    second.set_value(1);
    REQUIRE(last.wait_for(30s));
    CHECK_THROWS_AS(last.result(), DeadlockError);
}

TEST_CASE("of two continuations that wait for each other one gets DeadlockError", "[wait_graph][W17]") {
    for (int round = 0; round < 50; ++round) {
        Promise<int> promises[2];
        Future<int> futures[2];
        std::latch both(2);
        std::atomic<int> deadlocks{0};
        for (int i = 0; i < 2; ++i)
            futures[i] = promises[i].future().then([&, i](int) {
                both.arrive_and_wait();
                try {
                    futures[1 - i].wait();
                } catch (const DeadlockError&) {
                    ++deadlocks;
                }
                return i;
            });
        {
            std::jthread first([&] { promises[0].set_value(1); });
            std::jthread second([&] { promises[1].set_value(1); });
        }
        CHECK(deadlocks == 1);
        CHECK(futures[0].result() == 0);
        CHECK(futures[1].result() == 1);
    }
}

TEST_CASE("a ring that closes while a continuation waits already is found", "[wait_graph][F7][W17]") {
    Promise<int> first_source;
    Promise<int> second_source;
    std::latch about_to_wait(1);
    Future<int> first;
    const Future<int> second = second_source.future().then([&](int) { return first; });
    first = first_source.future().then([&](int) {
        about_to_wait.count_down();
        return second.result();
    });
    std::jthread waiting([&] { first_source.set_value(1); });
    about_to_wait.wait();
    second_source.set_value(1);  // now each depends on the other, whoever came first
    REQUIRE(first.wait_for(30s));
    REQUIRE(second.wait_for(30s));
    CHECK_THROWS_AS(first.result(), DeadlockError);
    CHECK_THROWS_AS(second.result(), DeadlockError);
}

TEST_CASE("a continuation may wait for what it has made ready itself", "[wait_graph][F7]") {
    Promise<int> outer;
    Promise<int> inner;
    const Future<int> follows = inner.future().then([](int value) { return value + 1; });
    const Future<int> derived = outer.future().then([&](int value) {
        inner.set_value(value);  // what follows is queued behind this continuation
        return follows.result() + concur::gather(std::vector{follows, follows})[1];
    });
    outer.set_value(1);
    CHECK(derived.result() == 4);
}

TEST_CASE("a continuation may wait for another thread's promise", "[wait_graph][F7]") {
    Promise<int> outer;
    Promise<int> inner;
    std::latch waiting(1);
    const Future<int> derived = outer.future().then([&](int value) {
        waiting.count_down();
        return value + inner.future().result();
    });
    std::jthread completing([&] {
        waiting.wait();
        inner.set_value(2);
    });
    outer.set_value(1);
    CHECK(derived.result() == 3);
}

TEST_CASE("a future may be cancelled while a continuation waits for it", "[wait_graph][F5]") {
    Promise<int> outer;
    Promise<int> inner;
    std::latch waiting(1);
    const Future<bool> derived = outer.future().then([&](int) {
        waiting.count_down();
        const Future<int> future = inner.future();
        future.wait();
        return future.cancelled();
    });
    std::jthread cancelling([&] {
        waiting.wait();
        inner.future().cancel();
    });
    outer.set_value(1);
    CHECK(derived.result());
}

// The runtime's threads outlive a test: the last that they do here is to change an atomic.

TEST_CASE("callbacks that wait on the runtime do not keep it from running others", "[wait_graph][F6]") {
    constexpr int blocked = 16;
    Promise<int> gate;
    std::vector<Promise<int>> promises(blocked);
    std::atomic<int> waiting{0};
    std::atomic<int> went_on{0};
    for (auto& promise : promises) {
        promise.future().on_done([&](auto) {
            ++waiting;
            gate.future().wait();
            ++went_on;
        });
        promise.future().cancel();
    }
    CHECK(eventually([&] { return waiting == blocked; }));  // each that waits has a thread in its place
    Promise<int> other;
    std::atomic<bool> ran{false};
    other.future().on_done([&](auto) { ran = true; });
    other.future().cancel();
    CHECK(eventually([&] { return ran.load(); }));
    CHECK(went_on == 0);
    gate.set_value(1);
    CHECK(eventually([&] { return went_on == blocked; }));
}

TEST_CASE("a callback that waits with a mutex held does not meet the next callback inside its wait",
          "[wait_graph][F6]") {
    Promise<int> outer;
    Promise<int> inner;
    std::mutex mutex;
    std::latch waiting{1};
    std::vector<int> order;
    std::atomic<int> ended{0};
    outer.future().on_done([&](auto) {
        const std::lock_guard lock(mutex);
        waiting.count_down();
        order.push_back(inner.future().result());
        ++ended;
    });
    outer.future().on_done([&](auto) {
        const std::lock_guard lock(mutex);
        order.push_back(2);
        ++ended;
    });
    std::jthread setting([&] { outer.set_value(0); });
    waiting.wait();
    inner.set_value(1);
    setting.join();
    REQUIRE(eventually([&] { return ended == 2; }));
    CHECK(order == std::vector{1, 2});
}

TEST_CASE("a callback may wait for what a later callback of the same future does", "[wait_graph][F6]") {
    Promise<int> outer;
    Promise<int> inner;
    int seen = 0;
    outer.future().on_done([&](auto) { seen = inner.future().result(); });
    outer.future().on_done([&](auto) { inner.set_value(5); });
    outer.set_value(0);
    CHECK(seen == 5);
}

TEST_CASE("callbacks that all wait need no deeper stack the more they are", "[wait_graph][F6]") {
    constexpr int count = 50'000;
    Promise<int> outer;
    Promise<int> inner;
    std::atomic<int> ended{0};
    for (int i = 0; i < count; ++i) {
        outer.future().on_done([&](auto) {
            try {
                inner.future().wait();
            } catch (const concur::DeadlockError&) {  // more than the runtime has spare threads for
            }
            ++ended;
        });
    }
    std::jthread setting([&] { outer.set_value(0); });
    CHECK(eventually([&] { return ended >= count - 65 - 4; }));
    inner.set_value(0);
    setting.join();
    CHECK(eventually([&] { return ended == count; }));
}

TEST_CASE("spare threads of the runtime do not pile up", "[wait_graph][F6]") {
    constexpr int rounds = 60;
    int stuck = 0;
    const auto wait_in_a_callback = [&] {
        Promise<void> gate;
        std::atomic<bool> waiting{false};
        std::atomic<bool> ended{false};
        Promise<int> promise;
        promise.future().on_done([&](auto) {
            waiting = true;
            gate.future().wait();
            ended = true;
        });
        promise.future().cancel();
        stuck += eventually([&] { return waiting.load(); }) ? 0 : 1;
        gate.set_value();
        stuck += eventually([&] { return ended.load(); }) ? 0 : 1;
    };
    wait_in_a_callback();
    const std::size_t before = mapped_bytes();
    for (int round = 0; round < rounds; ++round) wait_in_a_callback();
    const std::size_t after = mapped_bytes();
    CHECK(stuck == 0);
    CHECK(after < before + rounds / 2 * stack_of_a_thread());
}

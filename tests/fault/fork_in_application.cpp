// A plain fork() in an application that has workers: the parent goes on; in the child its handles are dead and say so,
// and new workers can be made. (P15 as far as it concerns threads; errors.md, ForkedHandleError)
#include <atomic>
#include <concur/concur.hpp>
#include <memory>
#include <thread>
#include <vector>

#include "support/child_process.hpp"

// What sanitizers cannot do, the builds without them test.
#ifdef CONCUR_SANITIZES_THREADS
constexpr bool child_may_start_threads = false;
#else
constexpr bool child_may_start_threads = true;
#endif
#ifdef CONCUR_SANITIZES_ADDRESSES
constexpr bool may_fork_while_others_allocate = false;  // the allocator's lock would stay locked in the child
// In a child, what only the parent's threads refer to looks like a leak.
static bool in_child = false;
extern "C" int __lsan_is_turned_off() { return in_child; }
#else
constexpr bool may_fork_while_others_allocate = true;
#endif

using namespace concur;
using namespace concur::test;
using namespace std::chrono_literals;

namespace {

struct Counter {
    int add(int amount) { return value += amount; }
    int value = 0;
};

/// Runs `f` in a child and gives its status; 200 if it hangs, 201 if a signal kills it.
template <class F>
int status_of_child(F f) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
    const pid_t child = ::fork();
    if (child == 0) {
#ifdef CONCUR_SANITIZES_ADDRESSES
        in_child = true;
#endif
        f();
        ::_exit(199);
    }
    ::close(ends[1]);
    const Ended ended = wait_for_child(child, ends[0], 30s);
    if (!ended.in_time) return 200;
    return ended.status < 0 ? 201 : ended.status;
}

template <class F>
bool is_dead(F f) {
    try {
        f();
    } catch (const ForkedHandleError&) {
        return true;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
    }
    return false;
}

/// A parent with workers of every mode, work under way, and futures in every state.
struct Parent {
    Proxy<Counter> thread = Worker<Counter>::options().mode("thread").init();
    Proxy<Counter> sync = Worker<Counter>::options().mode("sync").init();
    Promise<int> promise;
    Future<int> done = thread.call<&Counter::add>(1);
    Future<int> pending = thread.call<&Counter::add>(promise.future());
    std::atomic<bool> asleep{false};
    Future<int> running;

    Parent() {
        done.wait();
        running = thread.call([this](Counter& counter) {
            asleep = true;
            std::this_thread::sleep_for(50ms);
            return counter.add(10);
        });
        // From here on only this thread does something: a sanitizer's allocator does not survive a fork otherwise.
        while (!asleep) std::this_thread::yield();
    }
    /// That the parent goes on as if nothing had happened.
    bool goes_on() {
        promise.set_value(100);
        return running.result() == 11 && pending.result() == 111 && thread.call<&Counter::add>(1).result() == 112 &&
               sync.call<&Counter::add>(1).result() == 1;
    }
};

int child_ends_by__exit() {
    Parent parent;
    if (status_of_child([] { ::_exit(3); }) != 3) return 1;
    return parent.goes_on() ? 0 : 2;
}

int child_ends_by_exit() {
    Parent parent;
    if (status_of_child([] { std::exit(4); }) != 4) return 1;
    return parent.goes_on() ? 0 : 2;
}

int child_execs() {
    Parent parent;
    if (status_of_child([] { ::execl("/bin/sh", "sh", "-c", "exit 5", nullptr); }) != 5) return 1;
    return parent.goes_on() ? 0 : 2;
}

int handles_are_dead_in_the_child() {
    Parent parent;
    const int status = status_of_child([&] {
        int dead = 0;
        for (const auto& worker : {parent.thread, parent.sync}) {
            dead += is_dead([&] { worker.call<&Counter::add>(1); });
            dead += is_dead([&] { worker.call<&Counter::add>(parent.promise.future()); });
            dead += is_dead([&] { worker.stop(); });
            dead += is_dead([&] { static_cast<void>(worker.drain()); });
        }
        dead += is_dead([&] { parent.pending.wait(); });
        dead += is_dead([&] { static_cast<void>(parent.pending.result(1ms)); });
        dead += is_dead([&] { wait(std::vector{parent.pending}); });
        dead += is_dead([&] { static_cast<void>(parent.pending.cancel()); });
        // What is done already can be read.
        if (parent.done.result() != 1) dead = 0;
        ::_exit(dead);
    });
    if (status != 12) return std::fprintf(stderr, "%d of 12\n", status), 1;
    return parent.goes_on() ? 0 : 2;
}

int child_drops_its_handles() {
    auto parent = std::make_unique<Parent>();
    const int status = status_of_child([&] {
        parent.reset();  // waits for nobody, and stops nothing
        std::exit(6);
    });
    if (status != 6) return 1;
    return parent->goes_on() ? 0 : 2;
}

int child_makes_new_workers() {
    if (!child_may_start_threads) return 0;
    Parent parent;
    const int status = status_of_child([&] {
        int sum = 0;
        for (const char* mode : {"thread", "sync"}) {
            const auto worker = Worker<Counter>::options().mode(mode).init();
            sum += worker.call<&Counter::add>(3).result();
            sum += worker.call<&Counter::add>(3).then([](int v) { return v + 1; }).result();
            if (!worker.drain()) sum = 0;
            worker.stop();
        }
        std::exit(sum);
    });
    if (status != 20) return std::fprintf(stderr, "sum %d\n", status), 1;
    return parent.goes_on() ? 0 : 2;
}

int child_uses_the_runtime() {
    if (!child_may_start_threads) return 0;
    // The parent's runtime has started, too: a cancel runs callbacks there.
    Parent parent;
    Promise<int> early;
    auto cancelled = parent.thread.call<&Counter::add>(early.future());
    auto told = cancelled.then([](const Outcome<int>& outcome) { return outcome.has_value(); });
    if (!cancelled.cancel() || told.result()) return 3;
    const int status = status_of_child([] {
        const auto worker = Worker<Counter>::options().mode("thread").init();
        Promise<int> input;
        auto call = worker.call<&Counter::add>(input.future());
        auto seen = call.then([](const Outcome<int>& outcome) { return outcome.has_value() ? 1 : 8; });
        static_cast<void>(call.cancel());
        std::exit(seen.result());
    });
    if (status != 8) return 1;
    return parent.goes_on() ? 0 : 2;
}

int static_workers_in_the_child() {
    static const auto worker = Worker<Counter>::options().mode("thread").init();
    worker.call<&Counter::add>(1).wait();
    if (status_of_child([] { std::exit(9); }) != 9) return 1;
    return worker.call<&Counter::add>(1).result() == 2 ? 0 : 2;
}

int grandchildren() {
    if (!child_may_start_threads) return 0;
    Parent parent;
    const int status = status_of_child([&] {
        const auto worker = Worker<Counter>::options().mode("thread").init();
        const int inner = status_of_child([&] {
            const bool both = is_dead([&] { worker.call<&Counter::add>(1); }) &&
                              is_dead([&] { parent.thread.call<&Counter::add>(1); });
            const auto third = Worker<Counter>::options().mode("thread").init();
            std::exit(both ? third.call<&Counter::add>(7).result() : 1);
        });
        std::exit(worker.call<&Counter::add>(inner).result());
    });
    if (status != 7) return 1;
    return parent.goes_on() ? 0 : 2;
}

int fork_in_a_method() {
    for (const char* mode : {"thread", "sync"}) {
        const auto worker = Worker<Counter>::options().mode(mode).init();
        const int status = worker.call([](Counter&) { return status_of_child([] { ::_exit(10); }); }).result();
        if (status != 10 || worker.call<&Counter::add>(1).result() != 1) return 1;
    }
    return 0;
}

int forks_while_calls_fly() {
    if (!child_may_start_threads || !may_fork_while_others_allocate) return 0;
    const auto worker = Worker<Counter>::options().mode("thread").init();
    std::atomic<bool> end{false};
    std::vector<std::thread> callers;
    for (int i = 0; i < 2; ++i)
        callers.emplace_back([&] {
            while (!end) worker.call<&Counter::add>(1).then([](int v) { return v; }).wait();
        });
    int wrong = 0;
    for (int i = 0; i < 20; ++i) {
        const int status = status_of_child([&] {
            const bool dead = is_dead([&] { worker.call<&Counter::add>(1); });
            const auto fresh = Worker<Counter>::options().mode("thread").init();
            ::_exit(dead ? fresh.call<&Counter::add>(11).result() : 1);
        });
        wrong += status == 11 ? 0 : 1;
    }
    end = true;
    for (auto& caller : callers) caller.join();
    return wrong;
}

const Scenario scenarios[] = {
    {"child_ends_by__exit", child_ends_by__exit},
    {"child_ends_by_exit", child_ends_by_exit},
    {"child_execs", child_execs},
    {"handles_are_dead_in_the_child", handles_are_dead_in_the_child},
    {"child_drops_its_handles", child_drops_its_handles},
    {"child_makes_new_workers", child_makes_new_workers},
    {"child_uses_the_runtime", child_uses_the_runtime},
    {"static_workers_in_the_child", static_workers_in_the_child},
    {"grandchildren", grandchildren},
    {"fork_in_a_method", fork_in_a_method},
    {"forks_while_calls_fly", forks_while_calls_fly},
};

}  // namespace

int main(int argc, char* argv[]) {
    return run_program(argc, argv, scenarios, [](Expectations& expectations) {
        for (const Scenario& scenario : scenarios) expectations.expect_end(scenario.name, 0);
    });
}

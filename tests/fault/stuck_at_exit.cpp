// Methods that do not end when the process exits: nobody waits for them for long, and the status is the process's own.
// W24
#include <atomic>
#include <concur/concur.hpp>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "support/child_process.hpp"

using namespace concur;
using namespace concur::test;
using namespace std::chrono_literals;

namespace {

struct Job {
    ~Job() { say("object destroyed"); }
    void stuck() {
        started = true;
        for (;;) ::pause();
    }
    void asked(CallContext& context) {
        started = true;
        static_cast<void>(context.stop_token().wait_for(never));
        say("asked to stop");
    }
    void work() {}
    void endless(const Proxy<Job>& self) {
        started = true;
        self.call<&Job::endless>(self);
    }
    static inline std::atomic<bool> started{false};
};

void until_started() {
    while (!Job::started) std::this_thread::yield();
}

Proxy<Job>& worker() {
    static Proxy<Job> one = Worker<Job>::options().mode("thread").init();
    return one;
}

/// Made before the worker, so it goes after it.
struct LooksAtFutures {
    ~LooksAtFutures() {
        for (const auto& future : futures) {
            if (!future.done()) {
                say("a future is pending");
                continue;
            }
            try {
                future.result();
                say("value");
            } catch (const WorkerStoppedError&) {
                say("WorkerStoppedError");
            }
        }
        say("end of futures");
    }
    std::vector<Future<void>> futures;
};
LooksAtFutures look;

int stuck() {
    look.futures.push_back(worker().call<&Job::stuck>());
    look.futures.push_back(worker().call<&Job::work>());
    until_started();
    return 31;
}

int stuck_with_exit_on_another_thread() {
    look.futures.push_back(worker().call<&Job::stuck>());
    until_started();
    std::thread([] { std::exit(32); }).join();
    return 0;
}

int leaked_with_exit_on_another_thread() {
    static auto* const leaked = new Proxy<Job>(Worker<Job>::options().mode("thread").init());
    leaked->call<&Job::stuck>();
    until_started();
    std::thread([] { std::exit(40); }).join();
    return 0;
}

int asked() {
    look.futures.push_back(worker().call<&Job::asked>());
    until_started();
    return 33;
}

int endless() {
    worker().call<&Job::endless>(worker());
    until_started();
    return 34;
}

int stuck_while_stopping() {
    worker().call<&Job::stuck>();
    until_started();
    std::thread([] { worker().stop(); }).detach();
    while (!worker().stopped()) std::this_thread::yield();
    return 35;
}

int stuck_after_inner_drop() {
    auto local = Worker<Job>::options().mode("thread").init();
    auto slot = std::make_shared<Proxy<Job>>(std::move(local));
    static std::atomic<bool> alone{false};
    Proxy<Job>(*slot).call([slot](Job& job) {
        while (!alone) std::this_thread::yield();
        *slot = Proxy<Job>();  // its own last handle
        job.stuck();
    });
    slot.reset();
    alone = true;
    until_started();
    return 36;
}

int stuck_constructor() {
    struct Stuck {
        Stuck() {
            for (;;) ::pause();
        }
    };
    try {
        auto none = Worker<Stuck>::options().mode("thread").init_timeout(10ms).init();
    } catch (const TimeoutError&) {
        say("TimeoutError");
    }
    return 37;
}

int several() {
    static std::vector<Proxy<Job>> workers;
    for (int i = 0; i < 5; ++i) {
        workers.push_back(Worker<Job>::options().mode("thread").init());
        workers.back().call<&Job::stuck>();
    }
    until_started();
    return 38;
}

int waiter_goes_on() {
    // An application thread waits for a result that will never be a value; the process ends all the same.
    look.futures.push_back(worker().call<&Job::stuck>());
    std::thread([future = look.futures[0]] {
        try {
            future.wait();
        } catch (...) {
        }
        for (;;) ::pause();
    }).detach();
    until_started();
    return 39;
}

const Scenario scenarios[] = {
    {"stuck", stuck},
    {"stuck_with_exit_on_another_thread", stuck_with_exit_on_another_thread},
    {"leaked_with_exit_on_another_thread", leaked_with_exit_on_another_thread},
    {"asked", asked},
    {"endless", endless},
    {"stuck_while_stopping", stuck_while_stopping},
    {"stuck_after_inner_drop", stuck_after_inner_drop},
    {"stuck_constructor", stuck_constructor},
    {"several", several},
    {"waiter_goes_on", waiter_goes_on},
};

struct Expected {
    const char* scenario;
    int status;
    std::vector<std::string> lines = {};
};

void expect_all(Expectations& expectations) {
    const Expected all[] = {
        {"stuck", 31, {"WorkerStoppedError", "WorkerStoppedError", "end of futures"}},
        {"stuck_with_exit_on_another_thread", 32},
        {"leaked_with_exit_on_another_thread", 40},
        {"asked", 33, {"asked to stop", "object destroyed", "value"}},
        {"endless", 34, {"object destroyed"}},
        {"stuck_while_stopping", 35},
        {"stuck_after_inner_drop", 36},
        {"stuck_constructor", 37, {"TimeoutError"}},
        {"several", 38},
        {"waiter_goes_on", 39},
    };
    // Side by side: each of them waits for seconds.
    std::vector<std::future<Ended>> runs;
    for (const Expected& expected : all)
        runs.push_back(std::async(std::launch::async, [&expected] { return run_scenario(expected.scenario); }));
    for (std::size_t i = 0; i < runs.size(); ++i) {
        const Ended ended = runs[i].get();
        expectations.expect_end(ended, all[i].scenario, all[i].status, all[i].lines);
        // About 3 s; the rest is for loaded machines.
        expectations.expect(ended.took < 20s, std::string(all[i].scenario) + ": ends soon");
    }
}

}  // namespace

int main(int argc, char* argv[]) { return run_program(argc, argv, scenarios, expect_all); }

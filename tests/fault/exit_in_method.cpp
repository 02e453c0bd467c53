// exit() called where the library's own threads run: in a method, a constructor, a destructor, a callback. The process
// ends with that status; no thread joins itself. W24
#include <concur/concur.hpp>
#include <memory>
#include <thread>

#include "support/child_process.hpp"

using namespace concur;
using namespace concur::test;
using namespace std::chrono_literals;

namespace {

struct Job {
    int work() { return 1; }
    void leave(int status) { std::exit(status); }
};

/// Uses its worker while static objects go.
struct Late {
    ~Late() {
        if (!worker) return;
        try {
            worker->call<&Job::work>();
            say("taken");
        } catch (const Error&) {
            say("refused");
        }
        worker.reset();
        say("late object destroyed");
    }
    std::unique_ptr<Proxy<Job>> worker;
};
Late late;

Proxy<Job> make(const char* mode) { return Worker<Job>::options().mode(mode).init(); }

int wait_for_end() {
    for (;;) ::pause();
}

int in_method() {
    const auto worker = make("thread");
    worker.call<&Job::leave>(41);
    return wait_for_end();
}

int in_method_with_a_waiting_caller() {
    const auto worker = make("thread");
    worker.call<&Job::leave>(42).wait();
    return wait_for_end();
}

int in_method_of_a_static_worker() {
    late.worker = std::make_unique<Proxy<Job>>(make("thread"));
    Proxy<Job>(*late.worker).call<&Job::leave>(43);
    return wait_for_end();
}

int in_method_of_a_sync_worker() {
    const auto worker = make("sync");
    worker.call<&Job::leave>(44);
    return wait_for_end();
}

int in_method_of_a_sync_worker_on_another_thread() {
    const auto worker = make("sync");
    std::thread([&] { worker.call<&Job::leave>(45); }).join();
    return wait_for_end();
}

int in_callback() {
    const auto worker = make("thread");
    worker.call<&Job::work>().on_done([](const Future<int>&) { std::exit(46); });
    return wait_for_end();
}

int in_callback_on_the_runtime() {
    const auto worker = make("thread");
    Promise<int> input;
    auto pending = worker.call([](Job&, int) {}, input.future());
    pending.on_done([](const Future<void>&) { std::exit(47); });
    static_cast<void>(pending.cancel());
    return wait_for_end();
}

int in_constructor() {
    struct Leaves {
        Leaves() { std::exit(48); }
    };
    const auto worker = Worker<Leaves>::options().mode("thread").init();
    return wait_for_end();
}

int in_destructor() {
    struct Leaves {
        ~Leaves() { std::exit(49); }
    };
    { const auto worker = Worker<Leaves>::options().mode("thread").init(); }
    return wait_for_end();
}

int while_others_run() {
    // Several workers busy, one of them ends the process.
    static const Proxy<Job> workers[] = {make("thread"), make("thread"), make("thread")};
    for (const auto& worker : workers) worker.call([](Job&) { std::this_thread::sleep_for(20ms); });
    workers[1].call<&Job::leave>(50);
    return wait_for_end();
}

const Scenario scenarios[] = {
    {"in_method", in_method},
    {"in_method_with_a_waiting_caller", in_method_with_a_waiting_caller},
    {"in_method_of_a_static_worker", in_method_of_a_static_worker},
    {"in_method_of_a_sync_worker", in_method_of_a_sync_worker},
    {"in_method_of_a_sync_worker_on_another_thread", in_method_of_a_sync_worker_on_another_thread},
    {"in_callback", in_callback},
    {"in_callback_on_the_runtime", in_callback_on_the_runtime},
    {"in_constructor", in_constructor},
    {"in_destructor", in_destructor},
    {"while_others_run", while_others_run},
};

}  // namespace

int main(int argc, char* argv[]) {
    return run_program(argc, argv, scenarios, [](Expectations& expectations) {
        expectations.expect_end("in_method", 41);
        expectations.expect_end("in_method_with_a_waiting_caller", 42);
        expectations.expect_end("in_method_of_a_static_worker", 43, {"late object destroyed"});
        expectations.expect_end("in_method_of_a_sync_worker", 44);
        expectations.expect_end("in_method_of_a_sync_worker_on_another_thread", 45);
        expectations.expect_end("in_callback", 46);
        expectations.expect_end("in_callback_on_the_runtime", 47);
        expectations.expect_end("in_constructor", 48);
        expectations.expect_end("in_destructor", 49);
        expectations.expect_end("while_others_run", 50);
    });
}

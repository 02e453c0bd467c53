// Workers that are alive when the process exits: static, local static, thread-local and leaked handles. Their queued
// calls are finished, and their objects destroyed, before the first static object goes. W24
#include <concur/concur.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "support/child_process.hpp"

using namespace concur;
using namespace concur::test;
using namespace std::chrono_literals;

namespace {

/// Says when the static objects of this file begin to go; made before all others, and so the last of them.
struct LastStatic {
    ~LastStatic() { say("last static object destroyed"); }
};
const LastStatic last_static;

/// Something that the object of a worker uses until its end.
struct Resource {
    explicit Resource(std::string t) : text{std::move(t)} {}
    ~Resource() {
        say("resource destroyed");
        text = "gone";
    }
    std::string text;
};

struct Job {
    explicit Job(const Resource& r) : resource{&r} {}
    ~Job() { say(("object destroyed with " + resource->text).c_str()); }
    void work() {
        std::this_thread::sleep_for(1ms);
        if (++done == 20) say("all calls finished");
    }
    const Resource* resource;
    int done = 0;
};

Resource& resource() {
    static Resource one("the resource");
    return one;
}

template <class Handle>
void queue_calls(const Handle& worker) {
    for (int i = 0; i < 20; ++i) worker.template call<&Job::work>();
}

Proxy<Job> make(const char* mode) { return Worker<Job>::options().mode(mode).init(resource()); }

std::optional<Proxy<Job>> at_namespace_scope;

int namespace_scope() {
    at_namespace_scope = make("thread");
    queue_calls(*at_namespace_scope);
    return 11;
}

int local_static() {
    static const Proxy<Job> worker = make("thread");
    queue_calls(worker);
    return 12;
}

int local_static_sync() {
    static const Proxy<Job> worker = make("sync");
    queue_calls(worker);
    return 13;
}

Proxy<Job>* never_deleted;  // reachable, so no leak for a sanitizer

int leaked() {
    never_deleted = new Proxy<Job>(make("thread"));
    queue_calls(*never_deleted);
    return 14;
}

int thread_local_handle() {
    thread_local Proxy<Job> worker;
    worker = make("thread");
    queue_calls(worker);
    return 15;
}

int by_exit() {
    static const Proxy<Job> worker = make("thread");
    queue_calls(worker);
    std::exit(16);
}

int by_exit_on_another_thread() {
    static const Proxy<Job> worker = make("thread");
    queue_calls(worker);
    std::thread([] { std::exit(17); }).join();
    return 0;
}

int many() {
    static std::vector<Proxy<Job>> workers;
    for (int i = 0; i < 30; ++i) workers.push_back(make(i % 2 ? "thread" : "sync"));
    for (const auto& worker : workers) queue_calls(worker);
    return 18;
}

// A static worker whose object owns another worker, which owns another one.
struct Nested {
    std::optional<Proxy<Job>> inside;
};
int nested() {
    static const auto outer = Worker<Nested>::options().mode("thread").init();
    outer
        .call([](Nested& object) {
            object.inside = make("thread");
            queue_calls(*object.inside);
        })
        .result();  // an exit that begins between the two lines above may refuse the calls
    return 19;
}

// Futures in static storage: all of them are resolved before static objects go.
struct LooksAtFutures {
    ~LooksAtFutures() {
        bool all_done = true;
        for (const auto& future : futures) all_done = all_done && future.done();
        say(all_done ? "all futures done" : "a future is pending");
    }
    std::vector<Future<void>> futures;
};
int futures_in_static_storage() {
    static LooksAtFutures look;
    static const Proxy<Job> worker = make("thread");
    static Promise<int> input;
    for (int i = 0; i < 20; ++i) look.futures.push_back(worker.call<&Job::work>());
    look.futures.push_back(worker.call([](Job&, int) {}, input.future()));  // pending for ever
    return 20;
}

// An atexit handler that was registered before the first worker runs after the workers have ended.
int atexit_handler() {
    std::atexit([] { say("handler"); });
    static const Proxy<Job> worker = make("thread");
    queue_calls(worker);
    return 21;
}

// Threads of the application go on calling while the process exits.
int callers_go_on() {
    static const Proxy<Job> worker = make("thread");
    queue_calls(worker);
    for (int i = 0; i < 3; ++i)
        std::thread([handle = worker] {
            try {
                for (;;) handle.call([](Job&) {});
            } catch (const WorkerStoppedError&) {
                for (;;) ::pause();
            }
        }).detach();
    std::this_thread::sleep_for(5ms);
    return 22;
}

const Scenario scenarios[] = {
    {"namespace_scope", namespace_scope},
    {"local_static", local_static},
    {"local_static_sync", local_static_sync},
    {"leaked", leaked},
    {"thread_local_handle", thread_local_handle},
    {"by_exit", by_exit},
    {"by_exit_on_another_thread", by_exit_on_another_thread},
    {"many", many},
    {"nested", nested},
    {"futures_in_static_storage", futures_in_static_storage},
    {"atexit_handler", atexit_handler},
    {"callers_go_on", callers_go_on},
};

}  // namespace

int main(int argc, char* argv[]) {
    return run_program(argc, argv, scenarios, [](Expectations& expectations) {
        const std::vector<std::string> in_order{"all calls finished", "object destroyed with the resource",
                                                "resource destroyed", "last static object destroyed"};
        expectations.expect_end("namespace_scope", 11, in_order);
        expectations.expect_end("local_static", 12, in_order);
        expectations.expect_end("local_static_sync", 13, in_order);
        expectations.expect_end("leaked", 14, in_order);
        expectations.expect_end("thread_local_handle", 15, in_order);
        expectations.expect_end("by_exit", 16, in_order);
        // There the workers' turn comes among the destructors: after what was made after the first worker.
        expectations.expect_end("by_exit_on_another_thread", 17, {"all calls finished", "object destroyed"});
        expectations.expect_end("many", 18, in_order);
        expectations.expect_end("nested", 19, in_order);
        expectations.expect_end("futures_in_static_storage", 20, {"all calls finished", "all futures done"});
        expectations.expect_end("atexit_handler", 21, {"object destroyed with the resource", "handler"});
        expectations.expect_end("callers_go_on", 22, {"object destroyed with the resource", "resource destroyed"});
    });
}

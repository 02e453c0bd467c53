// Ending early: withdraw a queued call, ask a running one, stop a worker.
#include <concur/concur.hpp>

#include <fmt/core.h>

#include <chrono>

using namespace std::chrono_literals;

struct Search {
    int steps = 0;

    // CallContext& is filled in by the worker; callers pass only the promise, which tells them that the search runs.
    int run(concur::CallContext& context, concur::Promise<void> started) {
        started.set_value();
        while (!context.stop_token().wait_for(1h)) ++steps;  // sleeps for an hour, or until it is asked to stop
        throw concur::CancelledError("the search was given up");
    }
    int quick() { return ++steps; }
};

int main() {
    auto search = concur::Worker<Search>::options().mode("thread").init();
    const auto start = [&] {
        concur::Promise<void> started;
        const auto has_started = started.future();
        auto result = search.call<&Search::run>(std::move(started));
        has_started.result();
        return result;
    };

    auto running = start();
    auto queued = search.call<&Search::quick>();

    // What has not started is withdrawn for good: its method never runs.
    const bool withdrawn = queued.cancel();
    fmt::print("queued:  cancel() is {}, cancelled() is {}\n", withdrawn, queued.cancelled());

    // What runs can only be asked; it ends in its own way.
    fmt::print("running: cancel() is {}\n", running.cancel());
    try {
        running.result();
    } catch (const concur::CancelledError& error) {
        fmt::print("running: {}\n", error.what());
    }
    fmt::print("the worker goes on: {}\n", search.call<&Search::quick>().result());

    // A stop finishes what was accepted. Stop::now fails what is queued and asks what runs.
    auto last = start();
    auto too_late = search.call<&Search::quick>();
    search.stop(concur::Stop::now);  // returns when the object is destroyed
    try {
        too_late.result();
    } catch (const concur::WorkerStoppedError& error) {
        fmt::print("{} ({})\n", error.what(), too_late.stop_reason());
    }
    fmt::print("the running one was asked: {}\n", last.cancelled());
}
/* expected output
queued:  cancel() is true, cancelled() is true
running: cancel() is false
running: the search was given up
the worker goes on: 1
Search::quick was not finished: the worker Search has been stopped (worker_stopped)
the running one was asked: true
*/

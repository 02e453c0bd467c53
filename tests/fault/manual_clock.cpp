// Manual clocks in processes that fork or exit: the child begins anew, and exit does not wait for time by hand.
#include <concur/concur.hpp>
#include <concur/testing.hpp>
#include <future>
#include <thread>

#include "support/child_process.hpp"

using namespace std::chrono_literals;
using concur::test::say;

namespace {

// ThreadSanitizer cannot; the builds without it test that.
#ifdef CONCUR_SANITIZES_THREADS
constexpr bool child_may_start_threads = false;
#else
constexpr bool child_may_start_threads = true;
#endif

struct Sleepy {
    bool sleep(concur::CallContext& context) { return !context.stop_token().wait_for(1h); }
};

int in_child(concur::testing::ManualClock& of_parent) {
    try {
        of_parent.advance(1s);
    } catch (const concur::ForkedHandleError&) {
        say("child: refused");
    }
    if (child_may_start_threads) {
        concur::testing::ManualClock clock;
        auto worker = concur::Worker<Sleepy>::options().mode("thread").clock(clock).init();
        if (worker.call<&Sleepy::sleep>().result() && clock.elapsed() == 1h) say("child: an hour on a new clock");
        auto real = concur::Worker<Sleepy>::options().mode("thread").init();
        if (real.call([](Sleepy&) { return 1; }).result() == 1) say("child: real time goes on");
    }
    std::fflush(stdout);
    ::_exit(0);
}

int fork_once() {
    concur::testing::ManualClock clock;
    auto worker = concur::Worker<Sleepy>::options().mode("thread").clock(clock).init();
    const concur::Future<bool> slept = worker.call<&Sleepy::sleep>();
    clock.settle();
    const pid_t child = ::fork();
    if (child == 0) return in_child(clock);
    int status = -1;
    ::waitpid(child, &status, 0);
    if (status == 0 && slept.result() && clock.elapsed() == 1h) say("parent: an hour");
    return 0;
}

// Alive when main returns, as if leaked: exit takes a second of real time, and then asks them to stop.
int sleeping_at_exit() {
    static concur::testing::ManualClock clock;
    static auto worker = concur::Worker<Sleepy>::options().mode("thread").clock(clock).init();
    worker.call<&Sleepy::sleep>().on_done([](const auto&) { say("ended"); });
    clock.settle();
    say("main returns");
    return 0;
}

// One that does not react, so that the clock never comes to rest.
int stuck_at_exit() {
    static concur::testing::ManualClock clock;
    static auto worker = concur::Worker<Sleepy>::options().mode("thread").clock(clock).init();
    static std::promise<void> started;
    static_cast<void>(worker.call([](Sleepy&) {
        started.set_value();
        std::this_thread::sleep_for(1h);
    }));
    started.get_future().wait();
    say("main returns");
    return 0;
}

constexpr concur::test::Scenario scenarios[] = {
    {"fork_once", fork_once}, {"sleeping_at_exit", sleeping_at_exit}, {"stuck_at_exit", stuck_at_exit}};

void check(concur::test::Expectations& expectations) {
    std::vector<std::string> of_fork{"child: refused"};
    if (child_may_start_threads) {
        of_fork.push_back("child: an hour on a new clock");
        of_fork.push_back("child: real time goes on");
    }
    of_fork.push_back("parent: an hour");
    expectations.expect_end("fork_once", 0, of_fork);
    expectations.expect_end("sleeping_at_exit", 0, {"main returns", "ended"});
    expectations.expect_end("stuck_at_exit", 0, {"main returns"});
}

}  // namespace

int main(int argc, char* argv[]) { return concur::test::run_program(argc, argv, scenarios, check); }

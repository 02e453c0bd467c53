// Which layer an option comes from. O7
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <optional>

#include "support/worker_support.hpp"

using namespace concur;
using namespace concur::test;

namespace {

struct Plain {};

/// Defaults belong to the process: each test leaves none.
struct Defaults {
    Defaults() { reset_defaults(); }
    ~Defaults() { reset_defaults(); }
    Defaults(const Defaults&) = delete;
    Defaults& operator=(const Defaults&) = delete;
};

Settings used() { return Worker<Plain>::options().init().settings(); }
Settings used(Mode mode) { return Worker<Plain>::options().mode(mode).init().settings(); }

std::string refused(const Options<Plain>& builder) {
    try {
        static_cast<void>(builder.init());
    } catch (const ConfigError& error) {
        return error.option();
    }
    return "accepted";
}

}  // namespace

TEST_CASE("defaults hold for workers to come, and not for those that exist", "[worker][O7]") {
    const Defaults clean;
    const auto before = Worker<Plain>::options().init();
    const auto stored = Worker<Plain>::options();
    set_defaults({.mode = Mode::sync, .name = "n", .stop_timeout = 3s});
    CHECK(before.mode() == Mode::thread);
    CHECK(before.name() == "Plain");
    CHECK(used().mode == Mode::sync);
    CHECK(used().name == Name("n"));
    CHECK(stored.init().settings().stop_timeout == Duration(3s));  // read at init
    set_defaults({.stop_timeout = 4s});                            // the rest stays
    CHECK(used().mode == Mode::sync);
    CHECK(used().stop_timeout == Duration(4s));
    reset_defaults();
    CHECK(used().mode == Mode::thread);
    CHECK(used().stop_timeout == Duration(30s));
}

TEST_CASE("explicit options beat scopes, scopes those of the mode, and those the general ones", "[worker][O7]") {
    const Defaults clean;
    set_defaults({.init_timeout = 1s, .stop_timeout = 1s, .kill_timeout = 1s, .max_restarts_within = 1s});
    set_defaults(Mode::thread, {.init_timeout = 2s, .stop_timeout = 2s, .kill_timeout = 2s});
    const ScopedDefaults scope({.init_timeout = 3s, .stop_timeout = 3s});
    const Settings settings = Worker<Plain>::options().init_timeout(4s).init().settings();
    CHECK(settings.init_timeout == Duration(4s));
    CHECK(settings.stop_timeout == Duration(3s));
    CHECK(settings.kill_timeout == Duration(2s));
    CHECK(settings.max_restarts_within == Duration(1s));
    CHECK(settings.idle_timeout == Duration(10s));
    CHECK(used(Mode::sync).kill_timeout == Duration(1s));
}

TEST_CASE("a scope holds until its end, for workers of its thread", "[worker][O7]") {
    const Defaults clean;
    {
        const ScopedDefaults outer({.stop_timeout = 2s, .kill_timeout = 2s});
        CHECK(used().stop_timeout == Duration(2s));
        {
            const ScopedDefaults inner({.mode = Mode::sync, .stop_timeout = 3s});
            CHECK(used().mode == Mode::sync);
            CHECK(used().stop_timeout == Duration(3s));
            CHECK(used().kill_timeout == Duration(2s));
            CHECK(on_new_thread([] { return *used().stop_timeout / 1s; }).result() == 30);
            const ScopedDefaults empty{Settings()};
            CHECK(used().stop_timeout == Duration(3s));
        }
        CHECK(used().mode == Mode::thread);
        CHECK(used().stop_timeout == Duration(2s));
    }
    CHECK(used().stop_timeout == Duration(30s));
}

TEST_CASE("a scope that ends before one inside it takes that with it", "[worker][O7]") {
    const Defaults clean;
    std::optional<ScopedDefaults> outer(std::in_place, Settings{.stop_timeout = 2s});
    std::optional<ScopedDefaults> inner(std::in_place, Settings{.stop_timeout = 3s});
    CHECK(used().stop_timeout == Duration(3s));
    outer.reset();
    CHECK(used().stop_timeout == Duration(30s));
    inner.reset();
    CHECK(used().stop_timeout == Duration(30s));
}

TEST_CASE("the mode comes from the layers, too, and picks the mode's defaults", "[worker][O7]") {
    const Defaults clean;
    set_defaults(Mode::sync, {.stop_timeout = 5s});
    set_defaults({.mode = Mode::thread, .stop_timeout = 6s});
    CHECK(used().stop_timeout == Duration(6s));
    CHECK(used(Mode::sync).stop_timeout == Duration(5s));
    const ScopedDefaults scope({.mode = Mode::sync});
    CHECK(used().mode == Mode::sync);
    CHECK(used().stop_timeout == Duration(5s));
    CHECK(used(Mode::thread).stop_timeout == Duration(6s));
}

TEST_CASE("defaults of a mode name a mode that exists, and no other", "[worker][O7]") {
    const Defaults clean;
    CHECK_THROWS_AS(set_defaults(Mode::dynamic, {.history = 1}), ConfigError);
    CHECK_THROWS_AS(set_defaults(static_cast<Mode>(77), {.history = 1}), ConfigError);
    CHECK_THROWS_AS(set_defaults(Mode::sync, {.mode = Mode::thread}), ConfigError);
    CHECK(used().history == 16);
}

TEST_CASE("a default that is not allowed is refused by init", "[worker][W2][O7]") {
    const Defaults clean;
    set_defaults({.stop_timeout = -1s});
    CHECK(refused(Worker<Plain>::options()) == "stop_timeout");
    CHECK(refused(Worker<Plain>::options().stop_timeout(1s)) == "accepted");
    set_defaults({.mode = static_cast<Mode>(77)});
    CHECK(refused(Worker<Plain>::options().stop_timeout(1s)) == "mode");
}

TEST_CASE("what a mode cannot promise is refused when asked for, and gives way as a default", "[worker][W2][O7]") {
    const Defaults clean;
    CHECK(refused(Worker<Plain>::options({.mode = Mode::sync, .max_workers = 2})) == "max_workers");
    CHECK(refused(Worker<Plain>::options({.mode = Mode::sync, .on_demand = true})) == "on_demand");
    CHECK(refused(Worker<Plain>::options().mode("sync").elastic(2, 1)) == "min_workers");
    CHECK(refused(Worker<Plain>::options({.attempt_timeout_hard = true})) == "attempt_timeout_hard");
    const ScopedDefaults scope({.max_workers = 8, .on_demand = true, .min_workers = 2});
    set_defaults({.attempt_timeout_hard = true});
    const Settings settings = used(Mode::sync);
    CHECK(settings.max_workers == 1);
    CHECK(settings.on_demand == false);
    CHECK_FALSE(settings.min_workers);
    CHECK(settings.attempt_timeout_hard == false);
    CHECK(refused(Worker<Plain>::options().mode("sync").max_workers(8)) == "max_workers");
}

TEST_CASE("contradictions are refused from wherever they come", "[worker][W2][O7]") {
    const Defaults clean;
    const auto builder = Worker<Plain>::options();
    CHECK(refused(builder.retry_min_wait(2s).retry_max_wait(1s)) == "retry_min_wait");
    CHECK(refused(builder.retry_min_wait(2s).retry_max_wait(2s)) == "accepted");
    CHECK(refused(builder.retry_min_wait(never).retry_max_wait(never)) == "accepted");
    CHECK(refused(builder.elastic(3, 2)) == "min_workers");
    CHECK(contains(text_of_error<ConfigError>([&] { return builder.elastic(3, 2).init(); }),
                   "3 is not allowed; at most max_workers, which is 2"));
    set_defaults({.retry_min_wait = 10s});
    CHECK(refused(builder.retry_max_wait(1s)) == "retry_min_wait");
    CHECK(refused(builder.retry_min_wait(0s).retry_max_wait(1s)) == "accepted");
}

TEST_CASE("jitter follows the curve where it is not set", "[worker][R3]") {
    const Defaults clean;
    const auto jitter = [](Backoff backoff) {
        return *Worker<Plain>::options().retry_algorithm(backoff).init().settings().retry_jitter;
    };
    CHECK(*used().retry_jitter == Jitter::full);
    CHECK(jitter(Backoff::fibonacci) == Jitter::full);
    CHECK(jitter(Backoff::range(1s, 2s)) == Jitter::none);
    CHECK(jitter(Backoff::sequence({1s})) == Jitter::none);
    CHECK(jitter(Backoff::decorrelated) == Jitter::none);
    set_defaults({.retry_jitter = Jitter::equal});
    CHECK(jitter(Backoff::range(1s, 2s)) == Jitter::equal);
}

TEST_CASE("settings of a worker make another one like it", "[worker][O7]") {
    const Defaults clean;
    set_defaults({.history = 5, .stop_timeout = 5s});
    const Settings settings = used();
    reset_defaults();
    const Settings again = Worker<Plain>::options(settings).init().settings();
    CHECK(again.history == 5);
    CHECK(again.stop_timeout == Duration(5s));
    CHECK(again.name == settings.name);
}

TEST_CASE("defaults may be set and read by many threads", "[worker][O7]") {
    const Defaults clean;
    std::atomic<bool> torn = false;
    std::vector<Future<void>> threads;
    for (int i = 0; i < 4; ++i) {
        threads.push_back(on_new_thread([i, &torn] {
            for (int round = 0; round < 200; ++round) {
                const int value = i * 1000 + round;
                set_defaults({.history = value, .max_restarts = value});
                set_defaults(Mode::sync, {.max_concurrent_calls = value + 1});
                const Settings settings = used(Mode::sync);
                if (*settings.history != *settings.max_restarts) torn = true;
            }
        }));
    }
    for (const auto& running : threads) running.result();
    CHECK_FALSE(torn);
}

TEST_CASE("a forked child begins with its parent's defaults, and changes its own only", "[worker][O7][P15]") {
    const Defaults clean;
    set_defaults({.mode = Mode::sync, .history = 5});
    const ScopedDefaults scope({.max_restarts = 6});
    const pid_t child = ::fork();
    if (child == 0) {
        const Settings settings = used();
        set_defaults({.history = 7});
        const bool good = settings.history == 5 && settings.max_restarts == 6 && used().history == 7;
        ::_exit(good ? 0 : 1);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    CHECK(used().history == 5);
}

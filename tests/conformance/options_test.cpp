// What a builder takes and refuses, and that it is a value. W2, W3, W7, options.md
#include <climits>
#include <cmath>
#include <limits>
#include <string>
#include <type_traits>

#include "support/worker_support.hpp"

using namespace concur;
using namespace concur::test;

namespace {

struct Plain {
    int get() const { return 1; }
};

/// The option that init() names, and the text; "accepted" if it takes all.
template <class Builder>
std::pair<std::string, std::string> refusal(const Builder& builder) {
    try {
        static_cast<void>(builder.init());
    } catch (const ConfigError& error) {
        return {error.option(), error.what()};
    }
    return {"accepted", ""};
}

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();
using Seconds = std::chrono::duration<double>;

}  // namespace

TEST_CASE("mode names are known in any case of letters", "[worker][W3]") {
    for (const char* name : {"sync", "SYNC", "Sync"}) {
        CAPTURE(name);
        CHECK(Worker<Plain>::options().mode(name).init().mode() == Mode::sync);
    }
    for (const char* name : {"thread", "threads", "Thread", "THREADS", "tHrEaD"}) {
        CAPTURE(name);
        CHECK(Worker<Plain>::options().mode(name).init().mode() == Mode::thread);
    }
}

TEST_CASE("any other mode name is refused with the list of names", "[worker][W2][W3]") {
    for (const char* name :
         {"", " ", "quantum", "thread ", " thread", "thr", "threadss", "sync,thread", "dynamic", "0"}) {
        CAPTURE(name);
        const auto [option, text] = refusal(Worker<Plain>::options().mode(name));
        CHECK(option == "mode");
        CHECK(contains(text, name));
        for (const char* known : {"sync", "thread", "process", "asio", "ray"}) CHECK(contains(text, known));
    }
    const std::string huge(100'000, 'x');
    CHECK(refusal(Worker<Plain>::options().mode(huge)).first == "mode");
    const std::string with_null("thread\0x", 8);
    CHECK(refusal(Worker<Plain>::options().mode(with_null)).first == "mode");
}

TEST_CASE("a mode that is no place is refused", "[worker][W3]") {
    CHECK(refusal(Worker<Plain>::options().mode(Mode::dynamic)).first == "mode");
    CHECK(contains(refusal(Worker<Plain>::options().mode(static_cast<Mode>(99))).second, "99"));
    CHECK(contains(refusal(Worker<Plain>::options().mode("th\xffread\n")).second, "\"th\\xffread\\n\""));
    CHECK(refusal(Worker<Plain>::options().mode(static_cast<Mode>(77))).first == "mode");
}

TEST_CASE("the last mode that is given counts", "[worker][W2][W7]") {
    CHECK(Worker<Plain>::options().mode("quantum").mode("sync").init().mode() == Mode::sync);
    CHECK(Worker<Plain>::options().mode("quantum").mode(Mode::sync).init().mode() == Mode::sync);
    CHECK(Worker<Plain>::options().mode("quantum").mode(concur::sync).init().mode() == Mode::sync);
    CHECK(refusal(Worker<Plain>::options().mode(concur::sync).mode("quantum")).first == "mode");
    CHECK(Worker<Plain>::options().init().mode() == Mode::thread);  // none given
}

TEST_CASE("a mode by tag makes a typed proxy, by name or value a dynamic one", "[worker][W4]") {
    const auto by_tag = Worker<Plain>::options().mode(concur::thread).init();
    static_assert(std::is_same_v<decltype(by_tag), const Proxy<Plain, Mode::thread>>);
    const auto sync_by_tag = Worker<Plain>::options().mode(concur::sync).init();
    static_assert(std::is_same_v<decltype(sync_by_tag), const Proxy<Plain, Mode::sync>>);
    const auto by_value = Worker<Plain>::options().mode(Mode::thread).init();
    static_assert(std::is_same_v<decltype(by_value), const Proxy<Plain>>);
    const auto by_name = Worker<Plain>::options().mode("thread").init();
    static_assert(std::is_same_v<decltype(by_name), const Proxy<Plain>>);
    const auto by_default = Worker<Plain>::options().init();
    static_assert(std::is_same_v<decltype(by_default), const Proxy<Plain>>);

    // A typed proxy converts to a dynamic one, and not back.
    static_assert(std::is_convertible_v<Proxy<Plain, Mode::thread>, Proxy<Plain>>);
    static_assert(!std::is_convertible_v<Proxy<Plain>, Proxy<Plain, Mode::thread>>);
    static_assert(!std::is_convertible_v<Proxy<Plain, Mode::sync>, Proxy<Plain, Mode::thread>>);
    const Proxy<Plain> dynamic = by_tag;
    CHECK(dynamic == Proxy<Plain>(by_tag));
    CHECK(dynamic.mode() == Mode::thread);
    CHECK(dynamic.call<&Plain::get>().result() == 1);
}

TEST_CASE("a mode that this version does not have is no hang", "[worker][W3]") {
    try {
        static_cast<void>(Worker<Plain>::options().mode("ray").init());
        FAIL("accepted");
    } catch (const BackendUnavailableError& error) {
        CHECK(!error.remedy().empty());
        CHECK(contains(error.what(), std::string(to_string(error.mode()))));
    }
}

TEST_CASE("a count out of range is refused with its value", "[worker][W2]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto builder = Worker<Plain>::options().mode(mode);
    for (const int value : {0, -1, INT_MIN}) {
        CAPTURE(value);
        const auto [workers_option, workers_text] = refusal(builder.max_workers(value));
        CHECK(workers_option == "max_workers");
        CHECK(contains(workers_text, std::to_string(value)));
        const auto [tasks_option, tasks_text] = refusal(builder.max_queued_tasks(value));
        CHECK(tasks_option == "max_queued_tasks");
        CHECK(contains(tasks_text, std::to_string(value)));
    }
    for (const int value : {-1, INT_MIN}) {
        CAPTURE(value);
        const auto [option, text] = refusal(builder.num_retries(value));
        CHECK(option == "num_retries");
        CHECK(contains(text, std::to_string(value)));
    }
    CHECK(refusal(builder.max_workers(1).num_retries(0).max_queued_tasks(unlimited)).first == "accepted");
}

TEST_CASE("more than one worker is refused in sync mode, in any order of the setters", "[worker][W2]") {
    CHECK(refusal(Worker<Plain>::options().mode("sync").max_workers(4)).first == "max_workers");
    CHECK(refusal(Worker<Plain>::options().max_workers(4).mode("sync")).first == "max_workers");
    CHECK(refusal(Worker<Plain>::options().max_workers(4).mode(concur::sync)).first == "max_workers");
    CHECK(refusal(Worker<Plain>::options().mode("sync").max_workers(INT_MAX)).first == "max_workers");
}

TEST_CASE("a time that is no time above zero is refused", "[worker][W2]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto builder = Worker<Plain>::options().mode(mode);
    const Duration wrong[] = {
        0s, -1s, -1ns, Seconds(-0.5), Seconds(not_a_number), Seconds(-infinity), std::chrono::hours::min()};
    for (const Duration value : wrong) {
        CAPTURE(value.count());
        CHECK(refusal(builder.init_timeout(value)).first == "init_timeout");
        CHECK(refusal(builder.stop_timeout(value)).first == "stop_timeout");
        CHECK(refusal(builder.kill_timeout(value)).first == "kill_timeout");
    }
    const Duration right[] = {1s, Seconds(1e-12) + 1s, Seconds(infinity), never, std::chrono::hours::max()};
    for (const Duration value : right) {
        CAPTURE(value.count());
        CHECK(refusal(builder.init_timeout(value).stop_timeout(value).kill_timeout(value)).first == "accepted");
    }
}

TEST_CASE("a refused time is named with its value and what is allowed", "[worker][W2]") {
    const auto [option, text] = refusal(Worker<Plain>::options().stop_timeout(-2s));
    CHECK(option == "stop_timeout");
    CHECK(contains(text, "-2 s"));
    CHECK(contains(text, "more than 0"));
    CHECK(contains(refusal(Worker<Plain>::options().stop_timeout(Seconds(not_a_number))).second, "not a number"));
}

TEST_CASE("a name is refused when it is empty or longer than 63 bytes", "[worker][W2]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto builder = Worker<Plain>::options().mode(mode);
    CHECK(refusal(builder.name("")).first == "name");
    CHECK(refusal(builder.name(std::string(64, 'x'))).first == "name");
    CHECK(refusal(builder.name(std::string(100'000, 'x'))).first == "name");
    CHECK(contains(refusal(builder.name(std::string(64, 'x'))).second, "63"));
    const std::string longest(63, 'x');
    CHECK(builder.name(longest).init().name() == longest);
    CHECK(builder.name("n").init().name() == "n");
    CHECK(builder.name("").name("better").init().name() == "better");
}

TEST_CASE("options are checked before anything is built", "[worker][W2]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    static int built;
    built = 0;
    struct Counted {
        Counted() { ++built; }
        static void pre_initialize() { ++built; }
    };
    CHECK(refusal(Worker<Counted>::options().mode(mode).num_retries(-1)).first == "num_retries");
    CHECK(refusal(Worker<Counted>::options().mode(mode).name("")).first == "name");
    CHECK(refusal(Worker<Counted>::options().mode("quantum")).first == "mode");
    CHECK(built == 0);
}

TEST_CASE("a setter leaves its builder as it was", "[worker][W7]") {
    const auto stored = Worker<Plain>::options().mode("sync").name("stored");
    const auto changed = stored.name("changed").stop_timeout(1s).mode(concur::thread);
    CHECK(stored.init().name() == "stored");
    CHECK(stored.init().mode() == Mode::sync);
    CHECK(*stored.init().settings().stop_timeout == Duration(30s));
    CHECK(changed.init().name() == "changed");
    CHECK(changed.init().mode() == Mode::thread);
}

TEST_CASE("workers of one builder share nothing", "[worker][W7]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    struct Cell {
        int add(int amount) { return value += amount; }
        int value = 0;
    };
    const auto builder = Worker<Cell>::options().mode(mode);
    auto first = builder.init();
    auto second = builder.init();
    CHECK(first.call<&Cell::add>(1).result() == 1);
    CHECK(second.call<&Cell::add>(5).result() == 5);
    first.stop();
    CHECK(second.call<&Cell::add>(1).result() == 6);
    CHECK_FALSE(first == second);
}

TEST_CASE("settings tell what the options resolved to", "[worker][W7]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const Settings defaults = Worker<Plain>::options().mode(mode).init().settings();
    CHECK(*defaults.mode == mode);
    CHECK(defaults.name->view() == "Plain");
    CHECK(*defaults.max_workers == 1);
    CHECK(*defaults.num_retries == 0);
    CHECK(!defaults.max_queued_tasks);
    CHECK(*defaults.init_timeout == Duration(30s));
    CHECK(*defaults.stop_timeout == Duration(30s));
    CHECK(*defaults.kill_timeout == Duration(5s));

    const Settings set = Worker<Plain>::options()
                             .mode(mode)
                             .name("own")
                             .init_timeout(1.5s)
                             .stop_timeout(std::chrono::hours::max())
                             .kill_timeout(7ms)
                             .init()
                             .settings();
    CHECK(set.name->view() == "own");
    CHECK(*set.init_timeout == Duration(1500ms));
    CHECK(*set.stop_timeout == never);
    CHECK(*set.kill_timeout == Duration(7ms));
}

TEST_CASE("settings can be given as a whole and changed after that", "[worker][W7]") {
    Settings settings;
    settings.mode = Mode::sync;
    settings.name = Name("given");
    settings.stop_timeout = Duration(3s);
    const auto worker = Worker<Plain>::options(settings).name("changed").init();
    CHECK(worker.mode() == Mode::sync);
    CHECK(worker.name() == "changed");
    CHECK(*worker.settings().stop_timeout == Duration(3s));

    settings.num_retries = -5;
    CHECK(refusal(Worker<Plain>::options(settings)).first == "num_retries");
    CHECK(refusal(Worker<Plain>::options(worker.settings())).first == "accepted");
}

// The table of options: every member of Settings has a row, a name, a setter and a place in the documentation. W2, O7
#include <climits>
#include <filesystem>
#include <fstream>
#include <limits>

#include "support/worker_support.hpp"
#include "worker/option_table.hpp"

using namespace concur;
using namespace concur::test;
using concur::detail::Option;
using concur::detail::option_table;

namespace {

struct Plain {};

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// A value for every option, other than its default.
Settings everything() {
    return {.mode = Mode::sync,
            .name = "n",
            .max_workers = 1,
            .on_demand = true,
            .min_workers = 1,
            .idle_timeout = 1s,
            .load_balancing = LoadBalancing::random,
            .max_queued_tasks = 7,
            .when_full = WhenFull::reject,
            .max_concurrent_calls = 8,
            .num_retries = 9,
            .retry_algorithm = Backoff::range(1s, 2s),
            .retry_wait = 2s,
            .retry_min_wait = 3s,
            .retry_max_wait = 4s,
            .retry_jitter = 0.25,
            .retry_after_max = 5s,
            .retry_abandoned = 1,
            .retry_order = RetryOrder::overtake,
            .history = 3,
            .call_timeout = 6s,
            .attempt_timeout = 7s,
            .attempt_timeout_hard = true,
            .init_timeout = 8s,
            .stop_timeout = 9s,
            .kill_timeout = 10s,
            .start_method = StartMethod::spawn,
            .max_restarts = 2,
            .max_restarts_within = 11s,
            .on_restart = Queued::fail,
            .max_message = 5000,
            .num_cpus = 2,
            .num_gpus = 0.5};
}

/// The option that init() names.
template <class Builder>
std::string option_refused_of(const Builder& builder) {
    try {
        static_cast<void>(builder.init());
    } catch (const ConfigError& error) {
        return error.option();
    }
    return "accepted";
}

std::string option_refused(const Settings& settings) { return option_refused_of(Worker<Plain>::options(settings)); }

std::vector<std::string> names_in_documentation() {
    const std::filesystem::path root = CONCUR_SOURCE_DIR;
    std::ifstream page(root / "docs/reference/options.md");
    std::vector<std::string> names;
    for (std::string line; std::getline(page, line);) {
        if (line.rfind("| `", 0) != 0) continue;
        const std::string cell = line.substr(0, line.find('|', 2));
        for (std::size_t at = cell.find('`'); at != std::string::npos; at = cell.find('`', at)) {
            const std::size_t end = cell.find('`', at + 1);
            if (end == std::string::npos) break;
            names.push_back(cell.substr(at + 1, end - at - 1));
            at = end + 1;
        }
        if (names.back() == "num_gpus") break;
    }
    return names;
}

}  // namespace

TEST_CASE("every member of the settings has its row, in the same order", "[worker][O7]") {
    // As many names as members, or this does not compile.
    const auto [mode, name, max_workers, on_demand, min_workers, idle_timeout, load_balancing, max_queued_tasks,
                when_full, max_concurrent_calls, num_retries, retry_algorithm, retry_wait, retry_min_wait,
                retry_max_wait, retry_jitter, retry_after_max, retry_abandoned, retry_order, history, call_timeout,
                attempt_timeout, attempt_timeout_hard, init_timeout, stop_timeout, kill_timeout, start_method,
                max_restarts, max_restarts_within, on_restart, max_message, num_cpus, num_gpus] = everything();
    const std::vector<std::pair<std::string_view, bool>> members = {
#define MEMBER(member) {#member, member.has_value()}
        MEMBER(mode),
        MEMBER(name),
        MEMBER(max_workers),
        MEMBER(on_demand),
        MEMBER(min_workers),
        MEMBER(idle_timeout),
        MEMBER(load_balancing),
        MEMBER(max_queued_tasks),
        MEMBER(when_full),
        MEMBER(max_concurrent_calls),
        MEMBER(num_retries),
        MEMBER(retry_algorithm),
        MEMBER(retry_wait),
        MEMBER(retry_min_wait),
        MEMBER(retry_max_wait),
        MEMBER(retry_jitter),
        MEMBER(retry_after_max),
        MEMBER(retry_abandoned),
        MEMBER(retry_order),
        MEMBER(history),
        MEMBER(call_timeout),
        MEMBER(attempt_timeout),
        MEMBER(attempt_timeout_hard),
        MEMBER(init_timeout),
        MEMBER(stop_timeout),
        MEMBER(kill_timeout),
        MEMBER(start_method),
        MEMBER(max_restarts),
        MEMBER(max_restarts_within),
        MEMBER(on_restart),
        MEMBER(max_message),
        MEMBER(num_cpus),
        MEMBER(num_gpus),
#undef MEMBER
    };
    REQUIRE(members.size() == option_table().size());
    const Settings all = everything();
    for (std::size_t i = 0; i < members.size(); ++i) {
        CAPTURE(i, std::string(members[i].first));
        CHECK(option_table()[i].name == members[i].first);
        CHECK(members[i].second);
        CHECK(option_table()[i].is_set(all));
        CHECK(option_table()[i].is_allowed(all));
        CHECK(detail::find_option(members[i].first) == &option_table()[i]);
    }
    CHECK(detail::find_option("nothing") == nullptr);
}

TEST_CASE("each row copies, clears and prints its own member only", "[worker][O7]") {
    const Settings all = everything();
    for (const Option& option : option_table()) {
        CAPTURE(std::string(option.name));
        Settings one;
        option.copy(one, all);
        for (const Option& other : option_table()) CHECK(other.is_set(one) == (&other == &option));
        CHECK(option.print(one) == option.print(all));
        CHECK_FALSE(option.print(one).empty());
        option.clear(one);
        CHECK_FALSE(option.is_set(one));
    }
}

TEST_CASE("what a row prints it can read again", "[worker][O7][O8]") {
    for (const Option& option : option_table()) {
        if (option.name == "retry_algorithm") continue;  // here a range, whose times no text can give
        CAPTURE(std::string(option.name));
        Settings all = everything();
        const bool has_own_form = option.name == "name" || option.name == "retry_jitter";
        const std::string text(option.name == "name" ? "n" : has_own_form ? "0.25" : option.print(all));
        Settings read;
        CHECK(option.read(read, {text}).empty());
        CHECK(option.is_set(read));
        CHECK(option.print(read) == option.print(all));
    }
}

TEST_CASE("the options' page tells of all of them, in the same order", "[worker][O7]") {
    std::vector<std::string> names;
    for (const Option& option : option_table()) names.emplace_back(option.name);
    CHECK(names_in_documentation() == names);
}

TEST_CASE("each setter sets the option of its name", "[worker][W2][O7]") {
    const auto builder = Worker<Plain>::options();
    const Duration wrong = Duration(std::chrono::duration<double>(not_a_number));
    CHECK(option_refused_of(builder.name("")) == "name");
    CHECK(option_refused_of(builder.max_workers(0)) == "max_workers");
    CHECK(option_refused_of(builder.on_demand()) == "on_demand");
    CHECK(option_refused_of(builder.on_demand(false)) == "accepted");
    CHECK(option_refused_of(builder.elastic(0, 4)) == "min_workers");
    CHECK(option_refused_of(builder.elastic(1, 0)) == "max_workers");
    CHECK(option_refused_of(builder.elastic(1, 1, wrong)) == "idle_timeout");
    CHECK(option_refused_of(builder.load_balancing(static_cast<LoadBalancing>(77))) == "load_balancing");
    CHECK(option_refused_of(builder.load_balancing("by magic")) == "load_balancing");
    CHECK(option_refused_of(builder.max_queued_tasks(0)) == "max_queued_tasks");
    CHECK(option_refused_of(builder.when_full(static_cast<WhenFull>(77))) == "when_full");
    CHECK(option_refused_of(builder.when_full("")) == "when_full");
    CHECK(option_refused_of(builder.max_concurrent_calls(0)) == "max_concurrent_calls");
    CHECK(option_refused_of(builder.num_retries(-1)) == "num_retries");
    CHECK(option_refused_of(builder.retry_algorithm("cubic")) == "retry_algorithm");
    CHECK(option_refused_of(builder.retry_algorithm("range")) == "retry_algorithm");
    CHECK(option_refused_of(builder.retry_wait(-1s)) == "retry_wait");
    CHECK(option_refused_of(builder.retry_min_wait(-1s)) == "retry_min_wait");
    CHECK(option_refused_of(builder.retry_max_wait(wrong)) == "retry_max_wait");
    CHECK(option_refused_of(builder.retry_jitter(1.5)) == "retry_jitter");
    CHECK(option_refused_of(builder.retry_jitter("half")) == "retry_jitter");
    CHECK(option_refused_of(builder.retry_after_max(-1ns)) == "retry_after_max");
    CHECK(option_refused_of(builder.retry_abandoned(-1)) == "retry_abandoned");
    CHECK(option_refused_of(builder.retry_order("first")) == "retry_order");
    CHECK(option_refused_of(builder.history(-1)) == "history");
    CHECK(option_refused_of(builder.call_timeout(0s)) == "call_timeout");
    CHECK(option_refused_of(builder.attempt_timeout(0s)) == "attempt_timeout");
    CHECK(option_refused_of(builder.attempt_timeout_hard()) == "attempt_timeout_hard");
    CHECK(option_refused_of(builder.init_timeout(0s)) == "init_timeout");
    CHECK(option_refused_of(builder.stop_timeout(0s)) == "stop_timeout");
    CHECK(option_refused_of(builder.kill_timeout(0s)) == "kill_timeout");
    CHECK(option_refused_of(builder.start_method("thread")) == "start_method");
    CHECK(option_refused_of(builder.max_restarts(INT_MIN)) == "max_restarts");
    CHECK(option_refused_of(builder.max_restarts_within(0s)) == "max_restarts_within");
    CHECK(option_refused_of(builder.on_restart("drop")) == "on_restart");
    CHECK(option_refused_of(builder.max_message(4095)) == "max_message");
    CHECK(option_refused_of(builder.num_cpus(1.5)) == "num_cpus");
    CHECK(option_refused_of(builder.num_gpus(-0.5)) == "num_gpus");
    CHECK(option_refused_of(builder.num_gpus(not_a_number)) == "num_gpus");
}

TEST_CASE("the borders of what is allowed are allowed", "[worker][W2]") {
    const Settings smallest{.name = "n",
                            .max_workers = 1,
                            .idle_timeout = 1ns,
                            .max_queued_tasks = 1,
                            .max_concurrent_calls = 1,
                            .num_retries = 0,
                            .retry_wait = 0s,
                            .retry_min_wait = 0s,
                            .retry_max_wait = 0s,
                            .retry_jitter = 0,
                            .retry_after_max = 0s,
                            .retry_abandoned = 0,
                            .history = 0,
                            .call_timeout = 1ns,
                            .attempt_timeout = 1ns,
                            .init_timeout = 1ns,
                            .stop_timeout = 1ns,
                            .kill_timeout = 1ns,
                            .max_restarts = 0,
                            .max_restarts_within = 1ns,
                            .max_message = 4096,
                            .num_cpus = 0,
                            .num_gpus = 0};
    const Settings largest{.max_workers = INT_MAX,
                           .min_workers = INT_MAX,
                           .idle_timeout = never,
                           .max_queued_tasks = unlimited,
                           .max_concurrent_calls = unlimited,
                           .num_retries = unlimited,
                           .retry_wait = never,
                           .retry_min_wait = never,
                           .retry_max_wait = never,
                           .retry_jitter = 1,
                           .retry_after_max = never,
                           .retry_abandoned = unlimited,
                           .history = INT_MAX,
                           .call_timeout = never,
                           .attempt_timeout = never,
                           .init_timeout = never,
                           .stop_timeout = never,
                           .kill_timeout = never,
                           .max_restarts = unlimited,
                           .max_restarts_within = never,
                           .max_message = INT64_MAX,
                           .num_cpus = 1e9,
                           .num_gpus = 1e9};
    for (const Option& option : option_table()) {
        CAPTURE(std::string(option.name));
        CHECK((!option.is_set(smallest) || option.is_allowed(smallest)));
        CHECK((!option.is_set(largest) || option.is_allowed(largest)));
    }
}

TEST_CASE("what nobody sets has the default that the options' page tells", "[worker][W2][O7]") {
    const std::pair<std::string_view, std::string_view> defaults[] = {
        {"mode", "thread"},
        {"name", "\"Plain\""},
        {"max_workers", "1"},
        {"on_demand", "false"},
        {"min_workers", ""},
        {"idle_timeout", "10 s"},
        {"load_balancing", "round_robin"},
        {"max_queued_tasks", ""},
        {"when_full", "wait"},
        {"max_concurrent_calls", ""},
        {"num_retries", "0"},
        {"retry_algorithm", "exponential"},
        {"retry_wait", "1 s"},
        {"retry_min_wait", "0 s"},
        {"retry_max_wait", ""},
        {"retry_jitter", "full"},
        {"retry_after_max", "60 s"},
        {"retry_abandoned", "0"},
        {"retry_order", "keep"},
        {"history", "16"},
        {"call_timeout", ""},
        {"attempt_timeout", ""},
        {"attempt_timeout_hard", "false"},
        {"init_timeout", "30 s"},
        {"stop_timeout", "30 s"},
        {"kill_timeout", "5 s"},
        {"start_method", "automatic"},
        {"max_restarts", "0"},
        {"max_restarts_within", "60 s"},
        {"on_restart", "move"},
        {"max_message", "1073741824"},
        {"num_cpus", "1"},
        {"num_gpus", "0"},
    };
    REQUIRE(std::size(defaults) == option_table().size());
    const Settings settings = Worker<Plain>::options().init().settings();
    for (std::size_t i = 0; i < option_table().size(); ++i) {
        const Option& option = option_table()[i];
        CAPTURE(std::string(option.name));
        CHECK(option.name == defaults[i].first);
        CHECK((option.is_set(settings) ? option.print(settings) : "") == defaults[i].second);
    }
    const Settings of_tasks = TaskWorker::options().init().settings();
    CHECK(of_tasks.load_balancing == LoadBalancing::shared_queue);
    CHECK(of_tasks.retry_order == RetryOrder::overtake);
}

TEST_CASE("an option that only another mode needs is kept, shown and not looked at", "[worker][O7]") {
    const Settings settings = Worker<Plain>::options()
                                  .mode("thread")
                                  .max_concurrent_calls(3)
                                  .start_method("spawn")
                                  .max_restarts(2)
                                  .max_message(1 << 20)
                                  .num_gpus(0.5)
                                  .init()
                                  .settings();
    CHECK(settings.max_concurrent_calls == 3);
    CHECK(settings.start_method == StartMethod::spawn);
    CHECK(settings.max_restarts == 2);
    CHECK(settings.max_message == 1 << 20);
    CHECK(settings.num_gpus == 0.5);
}

TEST_CASE("texts and values of an option are worth the same", "[worker][W2]") {
    const auto of = [](const auto& builder) { return builder.init().settings(); };
    const auto builder = Worker<Plain>::options();
    CHECK(*of(builder.load_balancing("Least_Active")).load_balancing == LoadBalancing::least_active);
    CHECK(*of(builder.when_full("drop_oldest")).when_full == WhenFull::drop_oldest);
    CHECK(*of(builder.retry_algorithm("fibonacci")).retry_algorithm == Backoff::fibonacci);
    CHECK(*of(builder.retry_algorithm(Backoff::linear)).retry_algorithm == Backoff::linear);
    CHECK(*of(builder.retry_jitter("equal")).retry_jitter == Jitter::equal);
    CHECK(*of(builder.retry_jitter("0.5")).retry_jitter == Jitter::proportional(0.5));
    CHECK(*of(builder.retry_jitter(0)).retry_jitter == Jitter::none);
    CHECK(*of(builder.retry_jitter(1)).retry_jitter == Jitter::full);
    CHECK(*of(builder.retry_order("overtake")).retry_order == RetryOrder::overtake);
    CHECK(*of(builder.start_method("auto")).start_method == StartMethod::automatic);
    CHECK(*of(builder.on_restart(std::string("fail"))).on_restart == Queued::fail);
    // The later setter counts, whatever the first one was given.
    CHECK(*of(builder.when_full("no").when_full(WhenFull::reject)).when_full == WhenFull::reject);
    CHECK(*of(builder.when_full("no").when_full("reject")).when_full == WhenFull::reject);
    CHECK(option_refused_of(builder.when_full(WhenFull::reject).when_full("no")) == "when_full");
}

TEST_CASE("curves and jitters are refused by the option that gets them", "[worker][W2][R2][R3]") {
    const auto refused = [](Backoff backoff) { return option_refused({.retry_algorithm = backoff}); };
    CHECK(refused(Backoff::range(1s, 1s)) == "accepted");
    CHECK(refused(Backoff::range(0s, never)) == "accepted");
    CHECK(refused(Backoff::range(2s, 1s)) == "retry_algorithm");
    CHECK(refused(Backoff::range(-1s, 1s)) == "retry_algorithm");
    CHECK(refused(Backoff::sequence({})) == "retry_algorithm");
    CHECK(refused(Backoff::sequence({1s, 0s, 5s})) == "accepted");
    CHECK(refused(Backoff::sequence({1s, -1ns})) == "retry_algorithm");
    const std::initializer_list<Duration> sixteen = {1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s};
    CHECK(refused(Backoff::sequence(sixteen)) == "accepted");
    CHECK(refused(Backoff::sequence({1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s})) ==
          "retry_algorithm");
    CHECK(option_refused({.retry_jitter = not_a_number}) == "retry_jitter");
    CHECK(option_refused({.retry_jitter = -0.1}) == "retry_jitter");
    CHECK(option_refused({.retry_jitter = 1.1}) == "retry_jitter");
    CHECK(contains(text_of_error<ConfigError>([] { return Worker<Plain>::options().retry_jitter(7).init(); }),
                   "7 is not allowed; a number from 0 to 1"));
}

TEST_CASE("curves, jitters and choices print by their names", "[worker][R2][R3]") {
    CHECK(fmt::format("{}", Backoff::exponential) == "exponential");
    CHECK(fmt::format("{}", Backoff::range(500ms, 60s)) == "range(0.5 s, 60 s)");
    CHECK(fmt::format("{}", Backoff::sequence({1s, 5s, never})) == "sequence(1 s, 5 s, never)");
    CHECK(fmt::format("{} {} {} {}", Jitter::none, Jitter::full, Jitter::equal, Jitter::proportional(0.25)) ==
          "none full equal proportional(0.25)");
    CHECK(fmt::format("{} {}", LoadBalancing::shared_queue, WhenFull::drop_oldest) == "shared_queue drop_oldest");
    CHECK(fmt::format("{} {} {}", StartMethod::automatic, Queued::move, RetryOrder::keep) == "automatic move keep");
}

TEST_CASE("settings hold names inline and are trivially copyable", "[worker][O7]") {
    static_assert(std::is_trivially_copyable_v<Settings>);
    Settings settings;
    {
        std::string text(63, 'x');
        settings.name = text;
    }
    const Settings copy = settings;
    CHECK(copy.name->view() == std::string(63, 'x'));
}

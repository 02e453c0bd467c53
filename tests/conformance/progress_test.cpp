// What many futures show on a terminal while somebody waits for them.
#include <chrono>
#include <forward_list>
#include <iterator>
#include <map>
#include <ranges>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"
#include "support/terminal.hpp"
#include "support/worker_support.hpp"

using namespace concur;
using namespace concur::test;
using namespace std::chrono_literals;

// Option structs are passed by value through coroutines, too.
static_assert(std::is_trivially_copyable_v<GatherOptions> && std::is_trivially_copyable_v<WaitOptions> &&
              std::is_trivially_copyable_v<MapOptions>);

namespace {

int twice(int x) { return x < 0 ? throw std::domain_error("negative") : 2 * x; }

// The only line, which has ended.
std::string only_line(Terminal& terminal) {
    const std::vector<std::string> lines = terminal.lines();
    return lines.size() == 2 && lines[1].empty() ? lines[0] : "not one line";
}

bool tells(const std::string& line, const std::string& begin, const std::string& end) {
    INFO(line);
    CHECK(line.starts_with(begin));
    CHECK(line.ends_with(end));
    return line.starts_with(begin) && line.ends_with(end);
}

}  // namespace

TEST_CASE("gather and wait show how many futures are done", "[progress][O5][F30][F31]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto tasks = TaskWorker::options().mode(mode).init();
    std::vector<Future<int>> futures;
    for (int i = 0; i < 10; ++i) futures.push_back(tasks.submit(twice, i));

    SECTION("gather") {
        TerminalOnStderr terminal;
        CHECK(gather(futures, {.progress = "collecting"}).at(9) == 18);
        CHECK(tells(only_line(terminal), "collecting 100% [", "done"));
        CHECK(only_line(terminal).find(" 10/10 ") != std::string::npos);
    }
    SECTION("gather of a structure") {
        TerminalOnStderr terminal;
        static_cast<void>(gather(std::map<int, Future<int>>{{1, futures[0]}}, {.progress = "a map"}));
        CHECK(tells(only_line(terminal), "a map 100% [", "done"));
    }
    SECTION("gather of none") {
        TerminalOnStderr terminal;
        CHECK(gather(std::vector<Future<int>>(), {.progress = "none"}).empty());
        CHECK(tells(only_line(terminal), "none 0 ", "done"));
    }
    SECTION("wait") {
        TerminalOnStderr terminal;
        CHECK(wait(futures, {.progress = "waiting"}).done.size() == 10);
        CHECK(tells(only_line(terminal), "waiting 100% [", "done"));
    }
    SECTION("no description, no bar") {
        TerminalOnStderr terminal;
        static_cast<void>(gather(futures, {.timeout = 1min}));
        static_cast<void>(wait(futures, {.progress = ""}));
        CHECK(terminal.output().empty());
    }
}

TEST_CASE("a bar tells of failures, and of time that is over", "[progress][O5][F30][F31]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto tasks = TaskWorker::options().mode(mode).init();
    const std::vector<Future<int>> futures{tasks.submit(twice, 1), tasks.submit(twice, -1)};
    Promise<int> open;

    SECTION("gather") {
        TerminalOnStderr terminal;
        CHECK_THROWS_AS(gather(futures, {.progress = "failing"}), std::domain_error);
        CHECK(tells(only_line(terminal), "failing", "failed"));
    }
    SECTION("gather_outcomes") {
        TerminalOnStderr terminal;
        CHECK_FALSE(gather_outcomes(futures, {.progress = "outcomes"}).at(1).has_value());
        CHECK(tells(only_line(terminal), "outcomes 100% [", "done"));
    }
    SECTION("a timeout of gather") {
        TerminalOnStderr terminal;
        CHECK_THROWS_AS(gather(std::vector{open.future()}, {.timeout = 1ms, .progress = "late"}), TimeoutError);
        CHECK(tells(only_line(terminal), "late   0% [", "stopped"));
    }
    SECTION("a timeout of wait") {
        futures[0].wait();
        TerminalOnStderr terminal;
        CHECK(wait(std::vector{futures[0], open.future()}, {.timeout = 1ms, .progress = "late"}).not_done.size() == 1);
        CHECK(tells(only_line(terminal), "late  50% [", "stopped"));
    }
    SECTION("enough for wait") {
        TerminalOnStderr terminal;
        const std::vector<Future<int>> some{futures[0], open.future()};
        static_cast<void>(wait(some, {.return_when = ReturnWhen::first_completed, .progress = "enough"}));
        CHECK(tells(only_line(terminal), "enough  50% [", "done"));
    }
    open.set_value(1);
}

TEST_CASE("a map shows how many results were taken", "[progress][O5][Q9]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto tasks = TaskWorker::options().mode(mode).init();
    std::vector<int> numbers{1, 2, 3, 4};
    TerminalOnStderr terminal;

    SECTION("all") {
        auto map = tasks.map(twice, numbers, {.chunk = 3, .progress = std::string("mapping")});
        CHECK(terminal.output().empty());  // it has not begun
        CHECK(map.collect() == std::vector{2, 4, 6, 8});
        CHECK(tells(only_line(terminal), "mapping 100% [", "done"));
    }
    SECTION("the shortest of several ranges") {
        const auto add = [](int a, int b, int c) { return a + b + c; };
        static_cast<void>(
            tasks.map(add, numbers, std::vector{1, 2}, std::views::iota(0), {.progress = "sums"}).collect());
        CHECK(tells(only_line(terminal), "sums 100% [", "done"));
    }
    SECTION("a range without a size") {
        static_cast<void>(tasks.map(twice, std::forward_list{1, 2}, {.progress = "list"}).collect());
        CHECK(tells(only_line(terminal), "list 2 ", "done"));
    }
    SECTION("left early") {
        for (const int value : tasks.map(twice, std::views::iota(0), {.progress = "endless"}))
            if (value == 4) break;
        CHECK(tells(only_line(terminal), "endless 2 ", "stopped"));
    }
    SECTION("failed") {
        numbers[2] = -1;
        CHECK_THROWS_AS(tasks.map(twice, numbers, {.progress = "failing"}).collect(), std::domain_error);
        CHECK(tells(only_line(terminal), "failing  50% [", "failed"));
    }
    SECTION("the loop throws") {
        const auto loop = [&] {
            for (const int value : tasks.map(twice, numbers, {.progress = "loop"}))
                if (value == 4) throw std::runtime_error("enough");
        };
        CHECK_THROWS_AS(loop(), std::runtime_error);
        CHECK(tells(only_line(terminal), "loop  25% [", "failed"));
    }
}

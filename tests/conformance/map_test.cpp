// map: lazy, in order, over one range or several. Q9
#include <array>
#include <atomic>
#include <forward_list>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <ranges>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/worker_support.hpp"

using namespace concur;
using namespace concur::test;

namespace {

TaskProxy<> tasks_in(Mode mode) { return TaskWorker::options().mode(mode).init(); }

const auto square = [](int x) { return x * x; };
const auto same = [](int x) { return x; };

std::vector<int> numbers_to(int end) {
    std::vector<int> numbers(static_cast<std::size_t>(end));
    std::iota(numbers.begin(), numbers.end(), 0);
    return numbers;
}

/// Endless, and counts what was drawn.
auto counted(int& drawn) {
    return std::views::iota(0) | std::views::transform([&drawn](int x) { return ++drawn, x; });
}

}  // namespace

TEST_CASE("options of map have defaults, and their members in the documented order", "[map][Q9][F35]") {
    STATIC_REQUIRE(std::is_aggregate_v<MapOptions>);
    const MapOptions defaults;
    CHECK(defaults.chunk == 1);
    CHECK_FALSE(defaults.buffer);
    CHECK(defaults.timeout == never);
    // Designated initialisers compile in this order only.
    const MapOptions options{.chunk = 3, .buffer = 12, .timeout = 1.5s};
    CHECK(options.buffer == 12);
}

TEST_CASE("map gives results in the order of the input", "[map][Q9]") {
    const Mode mode = GENERATE(every_mode());
    const int chunk = GENERATE(1, 2, 3, 10, 11, 1000);
    CAPTURE(mode, chunk);
    const auto tasks = tasks_in(mode);
    const auto numbers = numbers_to(10);
    std::vector<int> squares;
    for (const int value : tasks.map(square, numbers, {.chunk = chunk})) squares.push_back(value);
    CHECK(squares == std::vector{0, 1, 4, 9, 16, 25, 36, 49, 64, 81});
    CHECK(tasks.map(square, numbers, {.chunk = chunk, .buffer = 0}).collect() == squares);
    CHECK(tasks.map(square, numbers, {.chunk = chunk, .buffer = unlimited}).collect() == squares);
    CHECK(tasks.map(square, std::vector<int>(), {.chunk = chunk}).collect().empty());
}

TEST_CASE("map takes any range", "[map][Q9]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto tasks = tasks_in(mode);
    const std::vector<int> expected{1, 4, 9};
    CHECK(tasks.map(square, std::list{1, 2, 3}).collect() == expected);
    CHECK(tasks.map(square, std::forward_list{1, 2, 3}).collect() == expected);
    CHECK(tasks.map(square, std::set{3, 2, 1}).collect() == expected);
    CHECK(tasks.map(square, std::array{1, 2, 3}).collect() == expected);
    const int plain[] = {1, 2, 3};
    CHECK(tasks.map(square, plain).collect() == expected);
    CHECK(tasks.map(square, std::views::iota(1, 4)).collect() == expected);
    auto odd = std::views::iota(1) | std::views::filter([](int x) { return x % 2 == 1; }) | std::views::take(2);
    CHECK(tasks.map(square, odd).collect() == std::vector{1, 9});
    std::istringstream text("1 2 3");
    CHECK(tasks.map(square, std::views::istream<int>(text)).collect() == expected);
    CHECK(tasks.map([](bool b) { return !b; }, std::vector<bool>{true, false}).collect() == std::vector{false, true});
    CHECK(tasks.map([](auto b) { return !b; }, std::vector<bool>{true, false}).collect() == std::vector{false, true});
    const char* const words[] = {"a", "bc"};
    CHECK(tasks.map([](std::string_view word) { return word.size(); }, words).collect() ==
          std::vector<std::size_t>{1, 2});
    CHECK(tasks.map([](const char* word) { return *word; }, words).collect() == std::vector{'a', 'b'});
    CHECK(tasks.map([](const auto& word) { return word.size(); }, words).collect() == std::vector<std::size_t>{1, 2});
    CHECK(tasks
              .map([](const std::pair<const int, int>& p) { return p.first + p.second; },
                   std::map<int, int>{{1, 2}, {3, 4}})
              .collect() == std::vector{3, 7});
}

TEST_CASE("several ranges run in step and end with the shortest", "[map][Q9]") {
    const Mode mode = GENERATE(every_mode());
    const int chunk = GENERATE(1, 2, 5);
    CAPTURE(mode, chunk);
    const auto tasks = tasks_in(mode);
    const auto numbers = numbers_to(10);
    const std::vector<std::string> names{"a", "b", "c"};
    const auto line = [](int n, const std::string& s) { return s + std::to_string(n); };
    const std::vector<std::string> lines{"a0", "b1", "c2"};
    CHECK(tasks.map(line, numbers, names, {.chunk = chunk}).collect() == lines);
    CHECK(tasks.map(line, std::views::iota(0), names, {.chunk = chunk}).collect() == lines);
    const auto sum = [](auto... values) { return (values + ...); };
    const std::vector<int> ones{1, 1};
    CHECK(tasks.map(sum, ones, numbers, ones).collect() == std::vector{2, 3});
    CHECK(tasks.map(sum, ones, numbers, ones, ones, {.chunk = chunk}).collect() == std::vector{3, 4});
    CHECK(tasks.map(sum, ones, numbers, ones, ones, ones).collect() == std::vector{4, 5});
    CHECK(tasks.map(sum, ones, std::vector<int>(), {.chunk = chunk}).collect().empty());

    // No more is drawn from the longer one than was used.
    int drawn = 0;
    CHECK(tasks
              .map(line, names | std::views::transform([](const auto& s) { return static_cast<int>(s.size()); }),
                   std::vector<std::string>{"x"})
              .collect()
              .size() == 1);
    CHECK(tasks.map([](const std::string& s, int) { return s; }, names, counted(drawn)).collect().size() == 3);
    CHECK(drawn == 3);
}

TEST_CASE("map is lazy", "[map][Q9]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto tasks = tasks_in(mode);
    int drawn = 0;
    std::atomic<int> ran = 0;
    const auto count = [&ran](int x) { return ++ran, x; };
    {
        const auto never_begun = tasks.map(count, counted(drawn));
        CHECK(tasks.drain());
    }
    CHECK(drawn == 0);
    CHECK(ran == 0);
}

TEST_CASE("map looks ahead as far as its buffer, in all", "[map][Q9]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto tasks = tasks_in(mode);
    struct Row {
        MapOptions options;
        int ahead;
    };
    for (const Row& row : {Row{{}, 2}, Row{{.chunk = 3}, 6}, Row{{.chunk = 3, .buffer = 4}, 4}, Row{{.buffer = 1}, 1},
                           Row{{.buffer = 0}, 1}, Row{{.chunk = 5, .buffer = 2}, 5}, Row{{.buffer = 7}, 7}}) {
        CAPTURE(row.options.chunk, row.ahead);
        int drawn = 0;
        int seen = 0;
        auto map = tasks.map(same, counted(drawn), row.options);
        for (const int value : map) {
            CHECK(value == seen);
            CHECK(drawn <= seen + row.ahead);  // the one that is seen counts
            if (++seen == 20) break;
        }
        CHECK(drawn > seen - 1);
    }
}

TEST_CASE("while one result is looked at, the next is computed", "[map][Q9]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    const auto tasks = tasks_in(mode);
    Gate second;
    auto map = tasks.map(
        [&second](int x) {
            if (x == 1) second.open();
            return x;
        },
        std::views::iota(0));
    auto at = map.begin();
    CHECK(*at == 0);
    CHECK(second.pass());
}

TEST_CASE("a map that is left early cancels what has not started", "[map][Q9]") {
    const Mode mode = GENERATE(every_queueing_mode());
    const int chunk = GENERATE(1, 4);
    CAPTURE(mode, chunk);
    const auto log = std::make_shared<ReportLog>();
    const auto tasks = TaskWorker::options().mode(mode).observer(log).init();
    std::atomic<int> ran = 0;
    Gate running;
    Gate released;
    const auto work = [&](int x) {
        ++ran;
        if (x == chunk) {
            running.open();
            released.pass();
        }
        return x;
    };
    {
        auto map = tasks.map(work, std::views::iota(0), {.chunk = chunk, .buffer = 8 * chunk});
        CHECK(*map.begin() == 0);
        CHECK(running.pass());
    }
    released.open();
    CHECK(tasks.drain());
    CHECK(ran == chunk + 1);  // the rest of the chunk that ran is left out, too
    CHECK(log->failures().empty());
}

TEST_CASE("the first failure is thrown at its place", "[map][Q9]") {
    const Mode mode = GENERATE(every_mode());
    const int chunk = GENERATE(1, 2, 3, 4, 100);
    CAPTURE(mode, chunk);
    const auto tasks = tasks_in(mode);
    const auto fragile = [](int x) {
        if (x == 4 || x == 6) throw std::range_error(std::to_string(x));
        return x;
    };
    std::vector<int> seen;
    auto map = tasks.map(fragile, numbers_to(10), {.chunk = chunk, .buffer = 100});
    try {
        for (const int value : map) seen.push_back(value);
        FAIL("nothing was thrown");
    } catch (const std::range_error& error) {
        CHECK(std::string(error.what()) == "4");
    }
    CHECK(seen == std::vector{0, 1, 2, 3});
    CHECK(map.begin() == map.end());  // it has ended
    CHECK(map.collect().empty());
    CHECK(tasks.submit(same, 1).result() == 1);
}

TEST_CASE("what a range throws has its place, too", "[map][Q9]") {
    const Mode mode = GENERATE(every_mode());
    const int chunk = GENERATE(1, 2, 3, 100);
    CAPTURE(mode, chunk);
    const auto tasks = tasks_in(mode);
    auto fragile = std::views::iota(0) | std::views::transform([](int x) {
                       if (x == 4) throw std::range_error("range");
                       return x;
                   });
    std::vector<int> seen;
    CHECK_THROWS_AS(
        [&] {
            for (const int value : tasks.map(square, fragile, {.chunk = chunk, .buffer = 100})) seen.push_back(value);
        }(),
        std::range_error);
    CHECK(seen == std::vector{0, 1, 4, 9});
}

TEST_CASE("a worker that is stopped meanwhile ends the map at its place", "[map][Q9][W20]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto tasks = tasks_in(mode);
    auto map = tasks.map(same, std::views::iota(0), {.buffer = 3});
    auto at = map.begin();
    CHECK(*at == 0);
    tasks.stop();
    CHECK(*++at == 1);
    CHECK(*++at == 2);
    CHECK_THROWS_AS(++at, WorkerStoppedError);
    CHECK(at == map.end());
    auto late = tasks.map(same, numbers_to(3));
    CHECK_THROWS_AS(late.begin(), WorkerStoppedError);
}

TEST_CASE("stop now ends a chunk between two elements", "[map][Q9][W22]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    const auto tasks = tasks_in(mode);
    Gate running;
    std::atomic<int> ran = 0;
    const auto work = [&](CallContext& context, int x) {
        ++ran;
        running.open();
        static_cast<void>(context.stop_token().wait_for(patience));
        return x;
    };
    auto map = tasks.map(work, std::views::iota(0), {.chunk = 100});
    auto first = on_new_thread([&map] { return *map.begin(); });
    CHECK(running.pass());
    tasks.stop(Stop::now);
    CHECK(first.result() == 0);
    auto at = map.begin();
    CHECK_THROWS_AS(++at, WorkerStoppedError);
    CHECK(ran == 1);
}

TEST_CASE("the timeout of a map covers the whole iteration", "[map][Q9]") {
    const Mode mode = GENERATE(every_queueing_mode());
    const int chunk = GENERATE(1, 3);
    CAPTURE(mode, chunk);
    const auto tasks = tasks_in(mode);
    Gate released;
    const auto work = [&](int x) {
        if (x == 3) released.pass();
        return x;
    };
    auto map = tasks.map(work, std::views::iota(0), {.chunk = chunk, .timeout = 300ms});
    std::vector<int> seen;
    try {
        for (const int value : map) seen.push_back(value);
        FAIL("nothing was thrown");
    } catch (const TimeoutError& error) {
        CHECK(error.after() == 300ms);
        CHECK(contains(error.what(), "TaskWorker"));
    }
    CHECK(seen.size() <= 3);
    CHECK(map.begin() == map.end());
    released.open();
    CHECK(tasks.submit(same, 1).result() == 1);
}

TEST_CASE("a map whose time is over gives nothing more, in any mode", "[map][Q9]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto tasks = tasks_in(mode);
    std::atomic<int> ran = 0;
    auto none = tasks.map([&ran](int x) { return ++ran, x; }, std::views::iota(0), {.timeout = 0s});
    CHECK_THROWS_AS(none.begin(), TimeoutError);
    auto past = tasks.map(same, numbers_to(3), {.timeout = -5s});
    CHECK_THROWS_AS(past.collect(), TimeoutError);
    CHECK(tasks.drain());
    CHECK(ran == 0);
    CHECK(tasks.map(same, std::vector<int>(), {.timeout = 0s}).collect().empty());
    CHECK(tasks.map(same, numbers_to(3), {.timeout = 1h}).collect() == numbers_to(3));
    CHECK(tasks.map(same, numbers_to(3), {.timeout = never}).collect() == numbers_to(3));
}

TEST_CASE("options of a map that make no sense are refused", "[map][Q9]") {
    const auto tasks = tasks_in(Mode::sync);
    const auto refused = [&](const MapOptions& options) {
        try {
            static_cast<void>(tasks.map(same, numbers_to(3), options));
        } catch (const ConfigError& error) {
            return error.option();
        }
        return std::string();
    };
    CHECK(refused({.chunk = 0}) == "chunk");
    CHECK(refused({.chunk = -3}) == "chunk");
    CHECK(refused({.buffer = -1}) == "buffer");
    CHECK(refused({.timeout = std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN())}) == "timeout");
    CHECK(refused({.chunk = std::numeric_limits<int>::max()}).empty());
}

TEST_CASE("results of a map may be anything that can be moved", "[map][Q9]") {
    const Mode mode = GENERATE(every_mode());
    const int chunk = GENERATE(1, 2);
    CAPTURE(mode, chunk);
    const auto tasks = tasks_in(mode);
    const auto give = [](int x) { return std::make_unique<int>(x); };
    std::vector<std::unique_ptr<int>> taken;
    for (auto& value : tasks.map(give, numbers_to(3), {.chunk = chunk})) taken.push_back(std::move(value));
    REQUIRE(taken.size() == 3);
    CHECK(*taken[2] == 2);
    CHECK(tasks.map(give, numbers_to(3), {.chunk = chunk}).collect().size() == 3);
    CHECK(tasks.map([](int x) { return x > 0; }, numbers_to(3), {.chunk = chunk}).collect() ==
          std::vector{false, true, true});
    static const std::string long_text = "a text that is too long for its own buffer, so that a view would dangle";
    const auto view = [](int x) { return std::string_view(long_text).substr(static_cast<std::size_t>(x)); };
    CHECK(tasks.map(view, numbers_to(2), {.chunk = chunk}).collect() ==
          std::vector<std::string>{long_text, long_text.substr(1)});

    std::atomic<int> ran = 0;
    int steps = 0;
    for ([[maybe_unused]] auto& nothing : tasks.map([&ran](int) { ++ran; }, numbers_to(5), {.chunk = chunk})) ++steps;
    CHECK(steps == 5);
    tasks.map([&ran](int) { ++ran; }, numbers_to(5), {.chunk = chunk}).collect();
    CHECK(ran == 10);
}

TEST_CASE("a function of a map may return futures, and elements may be futures", "[map][Q9][F24]") {
    const Mode mode = GENERATE(every_mode());
    const int chunk = GENERATE(1, 3);
    CAPTURE(mode, chunk);
    const auto tasks = tasks_in(mode);
    const auto other = tasks_in(mode);
    const auto later = [&other](int x) { return other.submit(square, x); };
    CHECK(tasks.map(later, numbers_to(4), {.chunk = chunk}).collect() == std::vector{0, 1, 4, 9});
    std::vector<Future<int>> futures;
    for (int i = 0; i < 4; ++i) futures.push_back(other.submit(square, i));
    CHECK(tasks.map(square, futures, {.chunk = chunk}).collect() == std::vector{0, 1, 16, 81});
    CHECK(tasks.map([](Future<int> f) { return f.done(); }, std::vector{ready(1)}).collect() == std::vector{true});
    futures[2] = failed<int>(std::range_error("input"));
    std::vector<int> seen;
    CHECK_THROWS_AS(
        [&] {
            for (const int value : tasks.map(square, futures, {.chunk = chunk, .buffer = 9})) seen.push_back(value);
        }(),
        std::range_error);
    CHECK(seen == std::vector{0, 1});
}

TEST_CASE("each element of a map has its context", "[map][Q8]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto tasks = tasks_in(mode);
    const auto number = [](CallContext& context, int x) { return x + context.attempt().number; };
    CHECK(tasks.map(number, numbers_to(3), {.chunk = 2}).collect() == std::vector{1, 2, 3});
}

TEST_CASE("a map is a range like any other", "[map][Q9]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto tasks = tasks_in(mode);
    static_assert(std::ranges::input_range<Map<int>>);
    static_assert(std::movable<Map<int>>);
    int sum = 0;
    for (const int value : tasks.map(square, std::views::iota(0)) | std::views::take(4)) sum += value;
    CHECK(sum == 14);
    auto map = tasks.map(square, numbers_to(4));
    CHECK(std::accumulate(map.begin(), map.end(), 0) == 14);
    CHECK(map.begin() == map.end());

    // One iteration, that may be interrupted and moved.
    Map<int> first = tasks.map(square, std::views::iota(0));
    CHECK(*++first.begin() == 1);
    Map<int> second = std::move(first);
    CHECK(*second.begin() == 1);
    CHECK(*++second.begin() == 4);

    Map<int> replaced = tasks.map(square, std::views::iota(0));
    replaced = tasks.map(same, numbers_to(2));
    CHECK(replaced.collect() == std::vector{0, 1});
}

TEST_CASE("a map keeps its worker, and may outlive its proxy", "[map][Q9]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    std::optional<TaskProxy<>> tasks = tasks_in(mode);
    auto map = tasks->map(square, numbers_to(4));
    tasks.reset();
    CHECK(map.collect() == std::vector{0, 1, 4, 9});
}

TEST_CASE("ranges that are passed as lvalues are referred to", "[map][Q9]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto tasks = tasks_in(mode);
    std::vector<int> numbers{1, 2, 3};
    auto map = tasks.map(square, numbers);
    numbers[2] = 5;
    CHECK(map.collect() == std::vector{1, 4, 25});
}

TEST_CASE("a function of a map is copied for its calls", "[map][Q9]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto tasks = tasks_in(mode);
    const auto token = std::make_shared<int>(3);
    CHECK(tasks.map([token](int x) { return x * *token; }, numbers_to(3)).collect() == std::vector{0, 3, 6});
    CHECK(tasks.drain());
    CHECK(eventually([&] { return token.use_count() == 1; }));
}

TEST_CASE("a map inside its own worker says that it cannot wait there", "[map][Q9][W17]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    const auto tasks = tasks_in(mode);
    const auto inner = tasks.submit([&tasks] { return tasks.map(square, numbers_to(3)).collect(); });
    CHECK_THROWS_AS(inner.result(), DeadlockError);
}

TEST_CASE("a map over many elements", "[map][Q9][F34]") {
    const Mode mode = GENERATE(every_mode());
    const int chunk = GENERATE(1, 64);
    CAPTURE(mode, chunk);
    const auto tasks = tasks_in(mode);
    constexpr int many = 20000;
    long sum = 0;
    for (const int value : tasks.map(same, std::views::iota(0, many), {.chunk = chunk, .buffer = 256})) sum += value;
    CHECK(sum == static_cast<long>(many) * (many - 1) / 2);
}

TEST_CASE("a map that was moved from is empty", "[map][Q9][W34]") {
    const auto tasks = tasks_in(Mode::thread);
    auto map = tasks.map(same, std::vector{1, 2});
    auto taken = std::move(map);
    CHECK_THROWS_AS(map.collect(), NoStateError);
    CHECK(taken.collect() == std::vector{1, 2});
}

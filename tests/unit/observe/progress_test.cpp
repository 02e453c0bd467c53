#include <concur/observe/progress.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdint>
#include <forward_list>
#include <initializer_list>
#include <latch>
#include <ranges>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "observe/progress_screen.hpp"
#include "support/catch.hpp"
#include "support/terminal.hpp"

using namespace concur;
using namespace std::chrono_literals;
using detail::ProgressEnd;
using detail::ProgressLine;
using test::Terminal;
using test::TerminalOnStderr;
using Lines = std::vector<std::string>;

namespace {

std::atomic<std::int64_t> milliseconds{0};
detail::TimePoint time_by_hand() noexcept { return detail::TimePoint(std::chrono::milliseconds(milliseconds.load())); }

class Screen final : public detail::ProgressScreen {
public:
    explicit Screen(const Terminal& terminal) : ProgressScreen(terminal.descriptor(), &time_by_hand) {
        milliseconds = 0;
    }
};

// What is drawn in real time differs in its times.
bool begins(const Lines& lines, std::size_t index, const std::string& text) {
    return index < lines.size() && lines[index].starts_with(text);
}

}  // namespace

TEST_CASE("a bar is drawn at once, then every 100 ms, and at its end", "[progress][O5]") {
    Terminal terminal(40);
    Screen screen(terminal);
    ProgressLine line(&screen, 4, {.description = "copying"});
    CHECK(terminal.lines() == Lines{"copying   0% [               ] 0/4 0:00"});

    milliseconds = 99;
    line.add(1);
    CHECK(terminal.output().empty());
    milliseconds = 100;
    line.add(1);
    CHECK(terminal.lines() == Lines{"copying  50% 2/4 20.0/s 0:00, 0:01 left"});
    line.add(1);
    milliseconds = 199;
    line.add(0);
    CHECK(terminal.output().empty());

    milliseconds = 2000;
    line.add(1);
    line.end(ProgressEnd::success);
    CHECK(terminal.lines() == Lines{"copying 100% 4/4 2.00/s 0:02 done", ""});
}

TEST_CASE("a bar that has ended only counts, and its first end is the one that counts", "[progress][O5]") {
    Terminal terminal;
    Screen screen(terminal);
    ProgressLine line(&screen, 4, {.description = "copying"});
    line.end(ProgressEnd::fail);
    CHECK(terminal.lines().at(0).ends_with(" failed"));
    milliseconds = 1000;
    line.add(3);
    line.end(ProgressEnd::success);
    line.end(ProgressEnd::stop);
    CHECK(terminal.output().empty());
    CHECK(line.count() == 3);
}

TEST_CASE("a bar that is left alone ends as its scope does", "[progress][O5]") {
    Terminal terminal;
    Screen screen(terminal);
    {
        ProgressLine line(&screen, 1, {.description = "complete"});
        line.add(1);
    }
    { const ProgressLine line(&screen, 1, {.description = "left"}); }
    { const ProgressLine line(&screen, 0, {.description = "unknown"}); }
    try {
        ProgressLine line(&screen, 1, {.description = "thrown"});
        line.add(1);
        throw std::runtime_error("in the middle");
    } catch (const std::runtime_error&) {
        const ProgressLine line(&screen, 2, {.description = "handled"});  // no exception passes here
    }
    const Lines lines = terminal.lines();
    REQUIRE(lines.size() == 6);
    CHECK(lines[0].ends_with("1/1 0:00 done"));
    CHECK(lines[1].ends_with("0/1 0:00 stopped"));
    CHECK(lines[2] == "unknown 0 0:00 stopped");
    CHECK(lines[3].ends_with("1/1 0:00 failed"));
    CHECK(lines[4].ends_with("0/2 0:00 stopped"));
    CHECK(lines[5].empty());
}

TEST_CASE("several bars are drawn together, a line each, and stay above when they end", "[progress][O5]") {
    Terminal terminal(17);
    Screen screen(terminal);
    ProgressLine first(&screen, 2, {.description = "first"});
    ProgressLine second(&screen, 2, {.description = "second"});
    ProgressLine third(&screen, 2, {.description = "third"});
    CHECK(terminal.lines() == Lines{"first   0% 0/2", "second   0% 0/2", "third   0% 0/2"});

    first.add(1);
    third.add(1);
    milliseconds = 1000;
    second.add(1);
    CHECK(terminal.lines() == Lines{"first  50% 1/2", "second  50% 1/2", "third  50% 1/2"});

    second.end(ProgressEnd::success);
    CHECK(terminal.lines() == Lines{"second  50% done", "first  50% 1/2", "third  50% 1/2"});
    third.end(ProgressEnd::fail);
    first.end(ProgressEnd::stop);
    CHECK(terminal.lines() == Lines{"second  50% done", "third failed", "first stopped", ""});

    const ProgressLine later(&screen, 2, {.description = "later"});
    CHECK(terminal.lines().size() == 4);
    CHECK(terminal.lines().back() == "later   0% 0/2");
}

TEST_CASE("other output between redraws of a bar stays", "[progress][O5]") {
    Terminal terminal(23);
    Screen screen(terminal);
    ProgressLine line(&screen, 2, {.description = "busy"});
    const std::string hello = "\nhello\n";
    REQUIRE(::write(terminal.descriptor(), hello.data(), hello.size()) == 7);
    milliseconds = 1000;
    line.add(1);
    CHECK(terminal.lines() == Lines{"busy   0% 0/2 0:00", "hello", "busy  50% [==>   ] 1/2"});
    screen.write_above("a line of the library");
    CHECK(terminal.lines() == Lines{"busy   0% 0/2 0:00", "hello", "a line of the library", "busy  50% [==>   ] 1/2"});
}

TEST_CASE("the width is looked at anew for each redraw", "[progress][O5]") {
    Terminal terminal(60);
    Screen screen(terminal);
    ProgressLine line(&screen, 100, {.description = "copying größe", .unit = "files"});
    CHECK(terminal.output().find("0/100 files") != std::string::npos);
    terminal.resize(8, 24);
    milliseconds = 1000;
    line.add(1);
    // The old line takes more lines now, which are all drawn over.
    CHECK(terminal.output() == "\r\x1b[7A\x1b[Jcopying\x1b[K\x1b[J");
    terminal.resize(1, 1);
    milliseconds = 2000;
    line.add(1);
    CHECK(terminal.output() == "\r\x1b[J\x1b[K\x1b[J");
    terminal.resize(12, 24);
    milliseconds = 3000;
    line.add(1);
    CHECK(terminal.output() == "\rcopying grö\x1b[K\x1b[J");
    terminal.resize(0, 0);  // unknown: taken for 80
    milliseconds = 4000;
    line.add(1);
    CHECK(terminal.output().find("left") != std::string::npos);
}

TEST_CASE("of more bars than the terminal has lines the rest is told in one", "[progress][O5]") {
    Terminal terminal(30, 4);
    Screen screen(terminal);
    ProgressLine a(&screen, 2, {.description = "a"});
    ProgressLine b(&screen, 2, {.description = "b"});
    ProgressLine c(&screen, 2, {.description = "c"});
    CHECK(terminal.lines().size() == 3);
    ProgressLine d(&screen, 2, {.description = "d"});
    const Lines lines = terminal.lines();
    REQUIRE(lines.size() == 3);
    CHECK(begins(lines, 1, "b"));
    CHECK(lines[2] == "and 2 more");
    a.end(ProgressEnd::success);
    CHECK(terminal.lines().size() == 4);
    CHECK(begins(terminal.lines(), 3, "d"));
}

TEST_CASE("a count stays between zero and 2^63", "[progress][O5]") {
    Terminal terminal;
    Screen screen(terminal);
    ProgressLine line(&screen, -3, {});
    CHECK(line.total() == 0);
    line.add(-5);
    CHECK(line.count() == 0);
    line.add(INT64_MAX);
    line.add(INT64_MAX);
    CHECK(line.count() == INT64_MAX);
    line.add(INT64_MIN);
    CHECK(line.count() == 0);
    line.add(3);
    line.add(-1);
    CHECK(line.count() == 2);

    ProgressBar bar(UINT64_MAX);
    bar.update(UINT64_MAX);
    CHECK(bar.count() == INT64_MAX);
    bar.update(static_cast<signed char>(-1));
    CHECK(bar.count() == INT64_MAX - 1);
}

TEST_CASE("many threads count in many bars at once", "[progress][O5]") {
    Terminal terminal;
    Screen screen(terminal);
    constexpr int threads = 4;
    constexpr int rounds = 500;
    ProgressLine shared(&screen, threads * rounds, {.description = "shared"});
    std::latch ready(threads);
    std::atomic<int> running{threads};
    {
        std::vector<std::jthread> counting;
        for (int i = 0; i < threads; ++i)
            counting.emplace_back([&] {
                ready.arrive_and_wait();
                for (int round = 0; round < rounds; ++round) {
                    milliseconds += 30;
                    shared.add(1);
                    if (round % 100 == 0) {
                        ProgressLine own(&screen, 1, {.description = "own"});
                        own.add(1);
                    }
                }
                --running;
            });
        while (running != 0) static_cast<void>(terminal.output());  // a terminal takes only so much that nobody reads
    }
    shared.end(ProgressEnd::success);
    const Lines lines = terminal.lines();
    REQUIRE(lines.size() == threads * (rounds / 100) + 2);
    CHECK(lines[lines.size() - 2].starts_with("shared 100%"));
}

TEST_CASE("a bar of one's own is drawn on stderr where that is a terminal", "[progress][O5]") {
    TerminalOnStderr terminal(40);
    ProgressBar bar(3, "copying");
    errno = 7;
    for (int i = 0; i < 3; ++i) bar.update();
    CHECK(errno == 7);
    bar.success();
    CHECK(bar.count() == 3);
    CHECK(begins(terminal.lines(), 0, "copying 100%"));
    { const ProgressBar with_unit(10, {.description = "reading", .unit = "files"}); }
    CHECK(begins(terminal.lines(), 1, "reading   0% 0/10 files"));
    { const ProgressBar braces(10u, {"one", "two"}); }
    CHECK(begins(terminal.lines(), 2, "one   0% [ "));
    { const ProgressBar text(10L, std::string("a\nb")); }
    CHECK(begins(terminal.lines(), 3, "a b   0%"));
    { const ProgressBar bare('\0'); }
    CHECK(begins(terminal.lines(), 4, "0 "));
}

TEST_CASE("nothing is drawn where stderr is no terminal, or one that cannot draw over", "[progress][O5]") {
    Terminal terminal;
    {
        int ends[2];
        REQUIRE(::pipe(ends) == 0);
        const int before = ::dup(STDERR_FILENO);
        ::dup2(ends[1], STDERR_FILENO);
        {
            ProgressBar bar(2, "silent");
            bar.update();
            CHECK(bar.count() == 1);
        }
        ::dup2(before, STDERR_FILENO);
        ::close(before);
        ::close(ends[1]);
        char byte = 0;
        CHECK(::read(ends[0], &byte, 1) == 0);
        ::close(ends[0]);
    }
    {
        TerminalOnStderr dumb;
        const char* type = std::getenv("TERM");
        const std::string before = type ? type : "";
        ::setenv("TERM", "dumb", 1);
        { const ProgressBar bar(2, "silent"); }
        type ? ::setenv("TERM", before.c_str(), 1) : ::unsetenv("TERM");
        CHECK(dumb.output().empty());
    }
}

TEST_CASE("a terminal that has gone away harms nobody", "[progress][O5]") {
    const int closed = ::dup(STDERR_FILENO);
    ::close(closed);
    class Gone final : public detail::ProgressScreen {
    public:
        explicit Gone(int descriptor) : ProgressScreen(descriptor, &time_by_hand) {}
    } screen(closed);
    milliseconds = 0;
    ProgressLine line(&screen, 2, {.description = "into nothing"});
    milliseconds = 1000;
    line.add(1);
    line.end(ProgressEnd::success);
    CHECK(line.count() == 1);
}

TEST_CASE("a loop over progress() shows the range's elements as it comes back for the next", "[progress][O5]") {
    TerminalOnStderr terminal(40);
    int sum = 0;
    for (int value : progress(std::vector{1, 2, 3}, "adding")) sum += value;
    CHECK(sum == 6);
    CHECK(begins(terminal.lines(), 0, "adding 100%"));
    CHECK(terminal.lines().at(0).ends_with("done"));

    std::vector<int> own{1, 2};
    for (int& value : progress(own, {.description = "changing", .unit = "numbers"})) value *= 10;
    CHECK(own == std::vector{10, 20});
    CHECK(begins(terminal.lines(), 1, "changing 100% 2/2 numbers"));

    int array[] = {1, 2, 3};
    for (const int value : progress(array)) sum += value;
    CHECK(begins(terminal.lines(), 2, "100%"));
    std::forward_list<int> unsized{1, 2};
    for (const int value : progress(unsized, "unsized")) sum += value;
    CHECK(begins(terminal.lines(), 3, "unsized 2 "));
    for (const int value : progress(std::views::iota(0, 4), "view")) sum += value;
    CHECK(begins(terminal.lines(), 4, "view 100%"));
    for (const int value : progress(std::vector<int>(), "empty")) sum += value;
    CHECK(begins(terminal.lines(), 5, "empty 0 "));
    std::vector<bool> bits{true, false};
    for (const bool bit : progress(bits, "bits")) sum += bit ? 1 : 0;
    CHECK(begins(terminal.lines(), 6, "bits 100%"));
    CHECK(sum == 6 + 6 + 3 + 6 + 1);
}

TEST_CASE("a loop that is left early, or throws, leaves a tidy line", "[progress][O5]") {
    TerminalOnStderr terminal(60);
    for (const int value : progress(std::views::iota(0), "endless"))
        if (value == 5) break;
    CHECK(begins(terminal.lines(), 0, "endless 5 "));
    CHECK(terminal.lines().at(0).ends_with(" stopped"));

    const auto body = [] {
        for (const int value : progress(std::vector{1, 2, 3}, "body"))
            if (value == 2) throw std::runtime_error("no");
    };
    CHECK_THROWS_AS(body(), std::runtime_error);
    CHECK(begins(terminal.lines(), 1, "body  33% ["));
    CHECK(terminal.lines().at(1).ends_with(" failed"));

    const auto range = [] {
        const auto fails = [](int value) { return value < 2 ? value : throw std::runtime_error("no"); };
        for (const int value : progress(std::views::iota(0, 5) | std::views::transform(fails), "range"))
            static_cast<void>(value);
    };
    CHECK_THROWS_AS(range(), std::runtime_error);
    CHECK(begins(terminal.lines(), 2, "range  40% ["));
    CHECK(terminal.lines().at(2).ends_with(" failed"));
    CHECK(terminal.lines().size() == 4);
}

TEST_CASE("in a forked child the parent's bars only count, and its own are drawn", "[progress][O5]") {
    TerminalOnStderr terminal(40);
    ProgressBar bar(3, "parent's");
    static_cast<void>(terminal.output());
    const pid_t child = ::fork();
    if (child == 0) {
        bar.update(3);
        bar.success();
        { const ProgressBar own(3, "child's"); }
        ::_exit(bar.count() == 3 ? 0 : 1);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    const std::string drawn = terminal.output();
    CHECK(drawn.find("parent's") == std::string::npos);
    CHECK(drawn.find("child's") != std::string::npos);
    CHECK(bar.count() == 0);
}

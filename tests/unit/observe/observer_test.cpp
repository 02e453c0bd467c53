// Who is told of warnings. O10
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/worker_support.hpp"

using namespace concur;
using namespace concur::test;

namespace {

/// What is printed to stderr while `f` runs.
template <class F>
std::string printed_by(F f) {
    std::FILE* file = std::tmpfile();
    REQUIRE(file != nullptr);
    std::fflush(stderr);
    const int before = ::dup(STDERR_FILENO);
    ::dup2(::fileno(file), STDERR_FILENO);
    f();
    std::fflush(stderr);
    ::dup2(before, STDERR_FILENO);
    ::close(before);
    std::string text;
    std::rewind(file);
    for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) text += static_cast<char>(c);
    std::fclose(file);
    return text;
}

Warning warning_of(const std::string& message) { return {WarningKind::stuck, "worker", "T::method", message, nullptr}; }

struct Fragile {
    ~Fragile() noexcept(false) { throw std::range_error("broken"); }
};

}  // namespace

TEST_CASE("a warning goes to the worker's observer and to the one for all, and is not printed", "[observe][O10]") {
    const auto own = std::make_shared<ReportLog>();
    const auto all = std::make_shared<ReportLog>();
    const WatchAll watch(all);
    const std::string printed =
        printed_by([&] { Worker<Fragile>::options().mode("sync").name("glass").observer(own).init().stop(); });
    CHECK(printed.empty());
    for (const auto& log : {own, all}) {
        const auto warnings = log->warnings(WarningKind::destructor_error);
        REQUIRE(warnings.size() == 1);
        CHECK(warnings[0].worker == "glass");
        CHECK(contains(warnings[0].text, "glass"));
        CHECK_THROWS_AS(std::rethrow_exception(warnings[0].error), std::range_error);
    }
}

TEST_CASE("an observer for one worker and for all is told once", "[observe][O10]") {
    const auto log = std::make_shared<ReportLog>();
    const WatchAll watch(log);
    Worker<Fragile>::options().mode("sync").observer(log).init().stop();
    CHECK(log->warnings(WarningKind::destructor_error).size() == 1);
}

TEST_CASE("without an observer a warning is one line on stderr, once for each cause", "[observe][O10]") {
    const std::string printed = printed_by([] {
        for (int i = 0; i < 3; ++i) Worker<Fragile>::options().mode("sync").name("cup").init().stop();
        Worker<Fragile>::options().mode("sync").name("plate").init().stop();
    });
    CHECK(std::count(printed.begin(), printed.end(), '\n') == 2);
    CHECK(printed.starts_with("concur: warning: "));
    CHECK(contains(printed, "cup"));
    CHECK(contains(printed, "\nconcur: warning: "));
    CHECK(contains(printed, "plate"));
}

TEST_CASE("several threads print a warning once", "[observe][O10]") {
    const std::string printed = printed_by([] {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([] { detail::tell_warning(nullptr, warning_of("seen by several threads")); });
    });
    CHECK(printed == "concur: warning: seen by several threads\n");
}

TEST_CASE("what is remembered of printed warnings is bounded", "[observe][O10]") {
    const std::string printed = printed_by([] {
        for (int i = 0; i < 5000; ++i) detail::tell_warning(nullptr, warning_of("cause " + std::to_string(i)));
        detail::tell_warning(nullptr, warning_of("cause 0"));
    });
    // A program that finds ever new causes has been told enough.
    CHECK(std::count(printed.begin(), printed.end(), '\n') <= 1000);
    CHECK(contains(printed, "cause 900"));
}

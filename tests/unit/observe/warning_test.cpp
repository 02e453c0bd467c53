#include <concur/observe/observer.hpp>

#include <memory>
#include <stdexcept>
#include <string>

#include "support/catch.hpp"
#include "support/failure_log.hpp"
#include "support/terminal.hpp"

using namespace concur;

namespace {

void warn(const std::string& message, std::exception_ptr error = nullptr, WarningKind kind = WarningKind::stuck) {
    detail::tell_warning(nullptr, {kind, "worker", {}, message, error});
}

}  // namespace

TEST_CASE("a warning on a terminal tells what was thrown, once for each cause", "[warning][O10]") {
    observe_all(nullptr);
    test::TerminalOnStderr terminal;
    const auto error = std::make_exception_ptr(std::runtime_error("disk full"));
    for (int i = 0; i < 3; ++i) warn("warning_test: the first", error);
    warn("warning_test: the second");
    warn("warning_test: the second", std::make_exception_ptr(7), WarningKind::destructor_error);
    CHECK(terminal.lines() ==
          std::vector<std::string>{"concur: warning: warning_test: the first: disk full",
                                   "concur: warning: warning_test: the second",
                                   "concur: warning: warning_test: the second: something that is no "
                                   "std::exception",
                                   ""});
}

TEST_CASE("an observer is told every warning, and stderr none", "[warning][O10]") {
    test::TerminalOnStderr terminal;
    {
        const test::FailureLog log;
        for (int i = 0; i < 3; ++i) warn("warning_test: observed");
        CHECK(log.warnings().size() == 3);
    }
    CHECK(terminal.output().empty());
}

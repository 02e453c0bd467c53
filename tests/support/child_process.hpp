// For programs that test how a process ends: they run themselves once for each scenario, and look at the outcome.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace concur::test {

/// How a process ended.
struct Ended {
    int status = -1;  ///< what it returned from main or gave to exit; minus the signal that killed it
    bool in_time = true;
    std::string output;  ///< standard output and error
    std::chrono::milliseconds took{};
};

/// One way for a process to live and end: what main would do, and its status.
struct Scenario {
    const char* name;
    int (*run)();
};

/// Waits for a child and reads what it prints from `pipe` until it ends; kills it after `limit`.
inline Ended wait_for_child(pid_t child, int pipe, std::chrono::seconds limit) {
    using Clock = std::chrono::steady_clock;
    Ended ended;
    const auto start = Clock::now();
    for (bool open = true; open;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(start + limit - Clock::now());
        pollfd ready{pipe, POLLIN, 0};
        const int found = ::poll(&ready, 1, left.count() > 0 ? static_cast<int>(left.count()) : 0);
        if (found == 0) {
            ended.in_time = false;
            ::kill(child, SIGKILL);
            break;
        }
        char buffer[4096];
        const ssize_t size = ::read(pipe, buffer, sizeof(buffer));
        if (size > 0) ended.output.append(buffer, static_cast<std::size_t>(size));
        open = size > 0;
    }
    ::close(pipe);
    int status = 0;
    ::waitpid(child, &status, 0);
    ended.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    ended.took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
    return ended;
}

/// Runs one scenario in a fresh process of this program.
inline Ended run_scenario(const char* name, std::chrono::seconds limit = std::chrono::seconds(40)) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
    const pid_t child = ::fork();
    if (child == 0) {
        ::dup2(ends[1], STDOUT_FILENO);
        ::dup2(ends[1], STDERR_FILENO);
        ::execl("/proc/self/exe", "scenario", name, nullptr);
        ::_exit(126);
    }
    ::close(ends[1]);
    return wait_for_child(child, ends[0], limit);
}

/// Counts what does not hold, and prints it.
class Expectations {
public:
    void expect(bool holds, const std::string& what) {
        if (holds) return;
        ++failures_;
        std::fprintf(stderr, "not true: %s\n", what.c_str());
    }
    /// That a scenario ends in time with this status, and prints these lines somewhere in this order.
    void expect_end(const char* scenario, int status, const std::vector<std::string>& lines = {}) {
        expect_end(run_scenario(scenario), scenario, status, lines);
    }
    void expect_end(const Ended& ended, const char* scenario, int status, const std::vector<std::string>& lines) {
        const int before = failures_;
        expect(ended.in_time, std::string(scenario) + ": ends");
        expect(ended.status == status, std::string(scenario) + ": ends with status " + std::to_string(status) +
                                           ", and not " + std::to_string(ended.status));
        std::size_t place = 0;
        for (const std::string& line : lines) {
            const std::size_t found = ended.output.find(line, place);
            expect(found != std::string::npos, std::string(scenario) + ": prints \"" + line + "\" (in this order)");
            if (found != std::string::npos) place = found + line.size();
        }
        if (failures_ != before) std::fprintf(stderr, "--- output of %s\n%s---\n", scenario, ended.output.c_str());
    }
    [[nodiscard]] int status() const { return failures_ == 0 ? EXIT_SUCCESS : EXIT_FAILURE; }

private:
    int failures_ = 0;
};

/// The main of such a program: a scenario if one is named, else the expectations.
template <std::size_t count>
int run_program(int argc, char* argv[], const Scenario (&scenarios)[count], void (*check)(Expectations&)) {
    if (argc > 1) {
        for (const Scenario& scenario : scenarios)
            if (std::strcmp(argv[1], scenario.name) == 0) return scenario.run();
        return 125;
    }
    Expectations expectations;
    check(expectations);
    return expectations.status();
}

/// Prints at once, whatever the process does next.
inline void say(const char* line) {
    std::printf("%s\n", line);
    std::fflush(stdout);
}

}  // namespace concur::test

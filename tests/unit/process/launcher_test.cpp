// Children, and how they end. P2, P10, P11
#include "process/launcher.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

#include "support/catch.hpp"

using namespace concur::detail::process;

namespace {

/// A child that does what a function says.
template <class F>
class Does final : public ChildMain {
public:
    explicit Does(F f) : f_{std::move(f)} {}
    int run() noexcept override { return f_(); }
    void was_forked() noexcept override {}

private:
    F f_;
};
template <class F>
Child launch_to(F f) {
    Does<F> main(std::move(f));
    return launch(main);
}

std::size_t open_descriptors() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
    return count;
}

/// How the system handles a signal, until it goes.
class Handled {
public:
    Handled(int signal, void (*handler)(int)) : signal_{signal}, before_{::signal(signal, handler)} {}
    ~Handled() { ::signal(signal_, before_); }

private:
    int signal_;
    void (*before_)(int);
};

}  // namespace

TEST_CASE("a child tells how it ended [P2][P7]") {
    CHECK(launch_to([] { return 0; }).await_end() == "exited with status 0");
    CHECK(launch_to([] { return 3; }).await_end() == "exited with status 3");
    CHECK(launch_to([]() -> int { ::_exit(9); }).await_end() == "exited with status 9");
    CHECK(launch_to([] { return ::raise(SIGKILL); }).await_end() == "killed by SIGKILL");
    CHECK(launch_to([] { return ::raise(SIGTERM); }).await_end() == "killed by SIGTERM");
    const Child sleeper = launch_to([] { return ::pause(); });
    CHECK(sleeper.pid() > 0);
    CHECK(sleeper.kill(SIGUSR1));
}

TEST_CASE("after many children there is no zombie and no descriptor more than before [P11]") {
    static_cast<void>(launch_to([] { return 0; }).await_end());
    const std::size_t before = open_descriptors();
    for (int i = 0; i < 200; ++i) {
        Child child = launch_to([i] { return i % 100; });
        if (i % 3 == 0) child.kill(SIGKILL);
        static_cast<void>(child.await_end());
    }
    CHECK(open_descriptors() == before);
    CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);  // there is none
}

TEST_CASE("a host that reaps all children, or ignores their end, changes nothing [P10]") {
    SECTION("it ignores SIGCHLD") {
        const Handled ignored(SIGCHLD, SIG_IGN);
        CHECK(launch_to([] { return 3; }).await_end() == "died, status taken by the host");
    }
    SECTION("it has waited for the child") {
        Child child = launch_to([] { return 3; });
        REQUIRE(::waitpid(child.pid(), nullptr, 0) == child.pid());
        CHECK(child.await_end() == "died, status taken by the host");
        CHECK_FALSE(child.kill(SIGKILL));
    }
}

TEST_CASE("a child has default signal handlers, but ignores an interrupt from the terminal [P2][P10]") {
    const Handled ours(SIGUSR1, [](int) {});
    Child child = launch_to([] {
        ::raise(SIGINT);
        ::raise(SIGUSR1);
        return 0;
    });
    CHECK(child.await_end() == "killed by SIGUSR1");
    CHECK(launch_to([] {
              ::raise(SIGINT);
              return 5;
          }).await_end() == "exited with status 5");
}

TEST_CASE("output that was not written yet is the parent's, and what a child prints is written [P2]") {
    const std::string path = std::filesystem::temp_directory_path() / ("concur_stdio_" + std::to_string(::getpid()));
    std::fflush(stdout);
    const int terminal = ::dup(STDOUT_FILENO);
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    REQUIRE(file >= 0);
    REQUIRE(::dup2(file, STDOUT_FILENO) == STDOUT_FILENO);
    std::printf("parent\n");
    const std::string end = launch_to([] {
                                std::printf("child\n");
                                return 0;
                            }).await_end();
    std::fflush(stdout);
    ::dup2(terminal, STDOUT_FILENO);
    ::close(terminal);
    std::array<char, 100> text{};
    const ssize_t size = ::pread(file, text.data(), text.size(), 0);
    ::close(file);
    std::filesystem::remove(path);
    CHECK(end == "exited with status 0");
    REQUIRE(size > 0);
    CHECK(std::string(text.data(), static_cast<std::size_t>(size)) == "child\nparent\n");
}

TEST_CASE("a child does not outlive its parent, nor does the end of a thread end it [P2]") {
    Child child;
    std::thread([&child] { child = launch_to([] { return ::pause(); }); }).join();
    CHECK(::waitpid(child.pid(), nullptr, WNOHANG) == 0);
    child.kill(SIGKILL);
    CHECK(child.await_end() == "killed by SIGKILL");

    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    Child parent = launch_to([&ends] {
        const Child grandchild = launch_to([] { return ::pause(); });
        const pid_t pid = grandchild.pid();
        if (::write(ends[1], &pid, sizeof pid) != sizeof pid) return 1;
        return ::pause();
    });
    pid_t grandchild = 0;
    REQUIRE(::read(ends[0], &grandchild, sizeof grandchild) == sizeof grandchild);
    ::close(ends[0]);
    ::close(ends[1]);
    REQUIRE(::kill(grandchild, 0) == 0);
    parent.kill(SIGKILL);
    CHECK(parent.await_end() == "killed by SIGKILL");
    // It is the init process that reaps it.
    bool gone = false;
    for (int i = 0; i < 200 && !gone; ++i) {
        std::error_code error;
        const auto executable = std::filesystem::read_symlink("/proc/" + std::to_string(grandchild) + "/exe", error);
        gone = error || executable.empty();
        if (!gone) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    CHECK(gone);
}

TEST_CASE("children of children know how deep they are [P12]") {
    CHECK(nesting_level() == 0);
    Child child = launch_to([] {
        Child inner = launch_to([] { return nesting_level(); });
        return inner.await_end() == "exited with status 2" && nesting_level() == 1 ? 0 : 1;
    });
    CHECK(child.await_end() == "exited with status 0");
}

TEST_CASE("a limit of processes that is reached is a clear error [P10]") {
    if (::geteuid() == 0) return;  // root has no such limit
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NPROC, &before) == 0);
    const rlimit none{1, before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NPROC, &none) == 0);
    CHECK_THROWS_WITH(launch_to([] { return 0; }), Catch::Contains("limit of processes"));
    REQUIRE(::setrlimit(RLIMIT_NPROC, &before) == 0);
    CHECK(launch_to([] { return 0; }).await_end() == "exited with status 0");
}

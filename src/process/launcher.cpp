#include "process/launcher.hpp"

#include <pthread.h>
#include <signal.h>
#include <stdio_ext.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

#include "concur/core/clock.hpp"
#include "core/process_wide.hpp"
#include "core/thread.hpp"

namespace concur::detail::process {
namespace {

struct Request {
    ChildMain* main = nullptr;
    std::optional<Child> child;
    int error = 0;
    ParkingWord done{0};
    Request* next = nullptr;
};

/// Begins anew in a forked child, where the thread does not exist.
struct Launcher {
    std::mutex mutex;
    Request* newest = nullptr;
    bool runs = false;
    ParkingWord* bell = new ParkingWord(0);  // never freed: its thread never ends
};

int level_of_this_process = 0;

void reset_signals() noexcept {
    struct sigaction by_default {};
    by_default.sa_handler = SIG_DFL;
    for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &by_default, nullptr);
    ::signal(SIGINT, SIG_IGN);  // it goes to the whole group of the terminal; the parent decides
    sigset_t none;
    ::sigemptyset(&none);
    ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void be_child(ChildMain& main, pid_t parent) noexcept {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(0);  // it has died before it could be said
    ++level_of_this_process;
    reset_signals();
    // What the parent has printed is the parent's to write.
    ::__fpurge(stdout);
    ::__fpurge(stderr);
    const int status = main.run();
    std::fflush(nullptr);
    ::_exit(status);
}

void serve(Request& request) noexcept {
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid == 0) be_child(*request.main, parent);
    if (pid < 0) {
        request.error = errno;
    } else {
        try {
            request.child.emplace(pid);
        } catch (const std::system_error& error) {
            request.error = error.code().value();
            ::kill(pid, SIGKILL);
        }
        request.main->was_forked();
    }
    request.done.store(1, std::memory_order_release);
    wake_all(request.done);
}

void serve_for_ever(Launcher& launcher) noexcept {
    ParkingWord& bell = *launcher.bell;
    for (;;) {
        const std::uint32_t rung = bell.load(std::memory_order_acquire);
        Request* request = nullptr;
        {
            const std::lock_guard lock(launcher.mutex);
            request = std::exchange(launcher.newest, nullptr);
        }
        if (!request) steady_clock().park(bell, rung);
        while (request) {
            Request* const next = request->next;  // it goes when it is done
            serve(*request);
            request = next;
        }
    }
}

void start(Launcher& launcher) {
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
        start_thread("concur launcher", [&launcher] { serve_for_ever(launcher); }).detach();
    } catch (...) {
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
        throw;
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    launcher.runs = true;
}

}  // namespace

int nesting_level() noexcept { return level_of_this_process; }

Child launch(ChildMain& main) {
    Launcher& launcher = ProcessWide<Launcher>::get();
    Request request;
    request.main = &main;
    {
        const std::lock_guard lock(launcher.mutex);
        if (!launcher.runs) start(launcher);
        request.next = std::exchange(launcher.newest, &request);
        launcher.bell->fetch_add(1, std::memory_order_release);
    }
    wake_all(*launcher.bell);
    while (request.done.load(std::memory_order_acquire) == 0) steady_clock().park(request.done, 0);
    if (!request.child) {
        if (request.error == EAGAIN)
            throw std::system_error(request.error, std::generic_category(),
                                    "no child process could be forked: the limit of processes is reached");
        throw std::system_error(request.error, std::generic_category(), "no child process could be forked");
    }
    return std::move(*request.child);
}

}  // namespace concur::detail::process

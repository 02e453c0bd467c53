#include "process/child.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace concur::detail::process {
namespace {

// Of Linux 5.4; older headers have no name for it.
constexpr auto by_descriptor = static_cast<idtype_t>(3);

std::string name_of_signal(int number) {
    const char* const name = ::sigabbrev_np(number);
    return name ? fmt::format("SIG{}", name) : fmt::format("signal {}", number);
}

}  // namespace

Child::Child(pid_t pid) : pid_{pid}, handle_{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))} {
    if (handle_ && handle_.number() <= STDERR_FILENO) handle_ = checked_descriptor(::dup(handle_.number()), "a child");
}

bool Child::kill(int signal) const noexcept {
    return handle_ && ::syscall(SYS_pidfd_send_signal, handle_.number(), signal, nullptr, 0) == 0;
}

std::string Child::await_end() noexcept {
    try {
        siginfo_t info{};
        int result = 0;
        do {
            result = handle_ ? ::waitid(by_descriptor, static_cast<id_t>(handle_.number()), &info, WEXITED)
                             : ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED);
        } while (result != 0 && errno == EINTR);
        if (result != 0) {
            // Somebody else waits for all children, or they leave nothing behind: its end can still be waited for.
            pollfd end{.fd = handle_.number(), .events = POLLIN, .revents = 0};
            while (handle_ && ::poll(&end, 1, -1) < 0 && errno == EINTR) {
            }
            return "died, status taken by the host";
        }
        if (info.si_code == CLD_EXITED) return fmt::format("exited with status {}", info.si_status);
        return fmt::format("killed by {}", name_of_signal(info.si_status));
    } catch (...) {
        return {};  // no memory for a text
    }
}

}  // namespace concur::detail::process

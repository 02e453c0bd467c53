#include "process/descriptor.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <system_error>

namespace concur::detail::process {

void Descriptor::close() noexcept {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
}

Descriptor checked_descriptor(int number, const char* what) {
    if (number < 0) throw std::system_error(errno, std::generic_category(), what);
    if (number > STDERR_FILENO) return Descriptor(number);
    const Descriptor low(number);
    const int moved = ::fcntl(number, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (moved < 0) throw std::system_error(errno, std::generic_category(), what);
    return Descriptor(moved);
}

SocketPair make_socket_pair() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0)
        throw std::system_error(errno, std::generic_category(), "a socket pair for a child process");
    // Owned before either is moved: that may throw.
    Descriptor first(ends[0]);
    Descriptor second(ends[1]);
    const auto settle = [](Descriptor& end) {
        if (end.number() > STDERR_FILENO) return;
        const int moved = ::fcntl(end.number(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        if (moved < 0) throw std::system_error(errno, std::generic_category(), "a socket pair for a child process");
        end = Descriptor(moved);
    };
    settle(first);
    settle(second);
    return {std::move(first), std::move(second)};
}

Bell::Bell() : descriptor_{checked_descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "an event descriptor")} {}

void Bell::ring() noexcept {
    const std::uint64_t one = 1;
    while (::write(descriptor_.number(), &one, sizeof one) < 0 && errno == EINTR) {
    }
}

void Bell::silence() noexcept {
    std::uint64_t count = 0;
    while (::read(descriptor_.number(), &count, sizeof count) < 0 && errno == EINTR) {
    }
}

}  // namespace concur::detail::process

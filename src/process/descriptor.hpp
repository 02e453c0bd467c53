/// File descriptors with an owner.
#pragma once

#include <utility>

namespace concur::detail::process {

/// Closes its descriptor when it goes. Never 0, 1 or 2: what is printed must not end in a socket.
class Descriptor {
public:
    Descriptor() noexcept = default;
    explicit Descriptor(int number) noexcept : number_{number} {}
    Descriptor(Descriptor&& other) noexcept : number_{std::exchange(other.number_, -1)} {}
    Descriptor& operator=(Descriptor other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~Descriptor() { close(); }

    [[nodiscard]] int number() const noexcept { return number_; }
    [[nodiscard]] explicit operator bool() const noexcept { return number_ >= 0; }
    void close() noexcept;
    /// From now on somebody else's to close.
    int release() noexcept { return std::exchange(number_, -1); }

private:
    int number_ = -1;
};

/// Takes over what a system call has returned; throws std::system_error, naming `what`, for a negative number.
[[nodiscard]] Descriptor checked_descriptor(int number, const char* what);

/// Two connected stream sockets, closed on exec, that do not block.
struct SocketPair {
    Descriptor first;
    Descriptor second;
};
[[nodiscard]] SocketPair make_socket_pair();

/// A counter that threads and polls wait for.
class Bell {
public:
    Bell();
    void ring() noexcept;
    /// Takes all rings since the last time.
    void silence() noexcept;
    [[nodiscard]] int number() const noexcept { return descriptor_.number(); }

private:
    Descriptor descriptor_;
};

}  // namespace concur::detail::process

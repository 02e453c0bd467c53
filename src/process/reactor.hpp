/// One thread that waits for all sockets and ends of children. It runs no code of the user.
#pragma once

#include <cstdint>

namespace concur::detail::process {

/// Is told of what has become of a descriptor, on the reactor's thread.
class Listener {
public:
    /// `events` as epoll has them. The listener may be removed, and destroyed, in here.
    virtual void ready(int descriptor, std::uint32_t events) noexcept = 0;

protected:
    ~Listener() = default;
};

/// Any thread. A forked child has one of its own, which begins empty.
class Reactor {
public:
    [[nodiscard]] static Reactor& get();

    /// Throws std::system_error.
    void add(int descriptor, std::uint32_t events, Listener& listener);
    /// Waits for other events from now on.
    void modify(int descriptor, std::uint32_t events) noexcept;
    /// When it returns, the listener is told no more about this descriptor; in the listener itself, from its return on.
    void remove(int descriptor) noexcept;

private:
    Reactor() = default;
};

}  // namespace concur::detail::process

/// A child process, as its parent knows it.
#pragma once

#include <sys/types.h>

#include <string>

#include "process/descriptor.hpp"

namespace concur::detail::process {

/// One child. Not copied: it is waited for once. For one thread at a time, but for `kill`.
class Child {
public:
    Child() noexcept = default;
    /// Of a child that was just forked.
    explicit Child(pid_t pid);

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    /// Readable once the child has ended, whoever waits for it; for a poll. -1 if it had ended before it could be made.
    [[nodiscard]] int descriptor() const noexcept { return handle_.number(); }
    /// False if it has ended.
    bool kill(int signal) const noexcept;
    /// Waits for its end, and says how that was: "killed by SIGSEGV", "exited with status 3", "died, status taken by
    /// the host" where the application waits for all children itself. Leaves no zombie.
    [[nodiscard]] std::string await_end() noexcept;

private:
    pid_t pid_ = 0;
    Descriptor handle_;  // a pid may be given to somebody else, this cannot
};

}  // namespace concur::detail::process

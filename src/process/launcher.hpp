/// Forks children, on a thread of its own that lives as long as the process.
///
/// Its signals are blocked, it holds no lock of anybody, and a child dies with it: the kernel's "signal on the parent's
/// death" means the parent's thread.
#pragma once

#include "process/child.hpp"

namespace concur::detail::process {

/// What a child does.
class ChildMain {
public:
    /// In the child, on its only thread. Returns the exit status.
    virtual int run() noexcept = 0;
    /// In the parent, on the launcher's thread: the child lives. The place to close what only the child needs, before
    /// the next one is forked.
    virtual void was_forked() noexcept = 0;

protected:
    ~ChildMain() = default;
};

/// How deep in children of children this process is; 0 in the first one.
[[nodiscard]] int nesting_level() noexcept;

/// Forks a child that runs `main`, which is there a copy of what it is here. Throws std::system_error where the system
/// has no process to give.
///
/// The child has default signal handlers, but ignores SIGINT; it has none of the output that was printed here and not
/// yet written; it ends when this process does, and leaves by `_exit` after it has written what it printed itself.
[[nodiscard]] Child launch(ChildMain& main);

}  // namespace concur::detail::process

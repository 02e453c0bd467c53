/// Notices that the process exits, early enough to stop workers while what their objects use still exists.
#pragma once

namespace concur::detail {

/// Makes the calling thread, if it is the main thread or one of the library's, notice its own `exit()`. Cheap.
void watch_exit() noexcept;

/// What to do once when the process exits: on the main thread before any static object is destroyed, where `exit()` is
/// called by another thread of the application in its turn among the destructors. Not called when `exit()` is called on
/// one of the library's threads: nothing can be joined then.
void set_exit_action(void (*action)()) noexcept;

[[nodiscard]] bool exit_has_begun() noexcept;
/// `exit()` was called on one of the library's own threads.
[[nodiscard]] bool exit_leaves_threads_alone() noexcept;

}  // namespace concur::detail

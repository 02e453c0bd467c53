/// Notices that the process exits, early enough to stop workers while what their objects use still exists.
#pragma once

namespace concur::detail {

/// Makes the calling thread, if it is the main thread or one of the library's, notice its own `exit()`. Cheap.
void watch_exit() noexcept;

/// What is ended when the process exits, in this order.
enum class ExitStage : unsigned char { workers, runtime };

/// What to do once when the process exits: on the main thread before any static object is destroyed, where `exit()` is
/// called by another thread of the application in its turn among the destructors. Not called when `exit()` is called on
/// one of the library's threads: nothing can be joined then.
void set_exit_action(ExitStage stage, void (*action)()) noexcept;

/// Takes another turn among the destructors of static objects, before those of the objects made so far. For a worker's
/// first call: the worker may be a static object that had not been finished when the action was set. A program that has
/// many workers needs no more turns than the first ones'.
void take_exit_turn() noexcept;

[[nodiscard]] bool exit_has_begun() noexcept;
/// `exit()` was called on one of the library's own threads.
[[nodiscard]] bool exit_leaves_threads_alone() noexcept;

}  // namespace concur::detail

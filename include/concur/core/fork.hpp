/// Tells handles that were made before a fork from those of this process.
#pragma once

#include <cstdint>

namespace concur::detail {

/// Written in the child of a fork only, while that has one thread.
extern std::uint32_t current_fork_generation;

/// 0 in the first process; one more in each forked child than in its parent. A handle remembers the generation it was
/// made in, and is dead in any other: the threads that served it do not exist there.
[[nodiscard]] inline std::uint32_t fork_generation() noexcept { return current_fork_generation; }

}  // namespace concur::detail

/// The defaults that hold for a worker that this thread makes.
#pragma once

#include "concur/worker/defaults.hpp"

namespace concur::detail {

/// What `set_defaults` has set.
[[nodiscard]] Settings defaults_of_all();
/// What `set_defaults(mode, ...)` has set.
[[nodiscard]] Settings defaults_of(Mode mode);
/// The innermost scope of this thread; null if there is none.
[[nodiscard]] const ScopedDefaults* innermost_scope() noexcept;

}  // namespace concur::detail

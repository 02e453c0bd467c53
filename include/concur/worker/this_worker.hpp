/// What code that runs on a worker can learn about its call without taking a CallContext.
#pragma once

#include "concur/call/call_context.hpp"

namespace concur::this_worker {

/// The context of the call that runs on this thread, for methods and what they call. Throws NotOnWorkerError elsewhere.
[[nodiscard]] inline CallContext& context() { return detail::current_context(); }

}  // namespace concur::this_worker

/// Options of single calls: what `with({...})` sets.
#pragma once

#include <optional>
#include <type_traits>

#include "concur/call/when_full.hpp"
#include "concur/core/duration.hpp"

namespace concur {

/// What `worker.with({...})` sets; what is not set is left to the worker's and the method's options.
struct CallOptions {
    std::optional<WhenFull> when_full = std::nullopt;
    std::optional<int> num_retries = std::nullopt;
    std::optional<Duration> call_timeout = std::nullopt;
    std::optional<Duration> attempt_timeout = std::nullopt;
};

// A temporary of it may stand in a co_await expression, where g++ 12 destroys others twice.
static_assert(std::is_trivially_copyable_v<CallOptions>);

}  // namespace concur

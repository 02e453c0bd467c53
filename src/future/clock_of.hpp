/// The clock on which many states are waited for.
#pragma once

#include <vector>

#include "concur/future/state.hpp"

namespace concur::detail {

/// One that a test drives, if there is one among them: what waits there ends only when it is driven.
[[nodiscard]] inline Clock& clock_of(const std::vector<StateBase*>& states) noexcept {
    if (counting_clocks_exist())
        for (StateBase* state : states)
            if (state->clock().counts_activities()) return state->clock();
    return steady_clock();
}

}  // namespace concur::detail

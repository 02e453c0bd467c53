/// What every wait of the library does before it blocks its thread.
#pragma once

#include <optional>

#include "concur/future/state.hpp"
#include "concur/future/wait_graph.hpp"
#include "core/application_thread.hpp"
#include "core/runtime.hpp"

namespace concur::detail {

/// While alive, the calling thread is blocked. Runs first what has become ready on this thread (what it waits for may
/// be among it), sees to a spare thread if this one is the runtime's, and throws DeadlockError for an unlimited wait
/// that could never end, and WouldBlockError on the application's own event loop.
class BlockingWait {
public:
    /// For a wait with a deadline: that one ends.
    BlockingWait() {
        make_way_for_wait();
        refuse_on_application_thread();
        spare_thread_.emplace();
    }
    /// For an unlimited wait for a state, for a worker, or for all that is under way at one.
    template <class... Target>
    explicit BlockingWait(Target&... target) : BlockingWait() {
        blocked_.emplace(target...);
    }

private:
    std::optional<RuntimeWait> spare_thread_;
    std::optional<BlockedThread> blocked_;
};

}  // namespace concur::detail

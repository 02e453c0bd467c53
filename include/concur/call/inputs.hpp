/// The futures that a call waits for.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "concur/call/host.hpp"

namespace concur::detail {

/// Counts down the inputs of one call. The last one that becomes ready lets the call take its place in its worker's
/// queue; the first one that fails fails the call. No thread waits.
///
/// Lives as long as its call, which owns it; the nodes that are attached to inputs keep the call alive.
class Inputs {
public:
    /// Starts to wait; the call is held by its host, which a stop may refuse: false. The call may be on its way, or
    /// over, when this returns.
    [[nodiscard]] static bool start(CallBase& call);

    /// Waits for the inputs on the calling thread; gives the failure of the first that failed, or null.
    [[nodiscard]] static std::exception_ptr wait(CallBase& call);

    /// Tells the inputs that are still missing.
    void dependencies(Dependencies& dependencies);

    ~Inputs();

private:
    class Node;

    explicit Inputs(CallBase& call);

    void arrived(std::size_t index, StateBase& input) noexcept;
    void ready() noexcept;

    CallBase& call_;
    std::mutex mutex_;                             // guards inputs_
    std::vector<IntrusivePtr<StateBase>> inputs_;  // each until it has arrived
    std::unique_ptr<Node[]> nodes_;
    std::atomic<std::size_t> missing_{0};
};

}  // namespace concur::detail

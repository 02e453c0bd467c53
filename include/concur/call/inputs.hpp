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

    /// For a caller who waits himself: done when all inputs are, or one failed; and what that one failed with, or null.
    [[nodiscard]] static Future<void> settled(CallBase& call);
    [[nodiscard]] static std::exception_ptr failure(CallBase& call);

    /// The call has ended: inputs that are still missing do not keep it in memory.
    void leave() noexcept;

    /// Tells the inputs that are still missing.
    void dependencies(Dependencies& dependencies);

    ~Inputs();

private:
    class Node;

    explicit Inputs(CallBase& call);

    void arrived(std::size_t index, StateBase& input) noexcept;
    void ready() noexcept;
    void fail_in_ring() noexcept;

    CallBase& call_;
    std::mutex mutex_;                             // guards inputs_
    std::vector<IntrusivePtr<StateBase>> inputs_;  // each until it has arrived
    std::unique_ptr<Node[]> nodes_;
    std::atomic<std::size_t> missing_{0};
};

}  // namespace concur::detail

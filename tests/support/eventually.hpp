// Waiting for what happens on another thread and cannot be waited for directly.
#pragma once

#include <chrono>
#include <thread>

namespace concur::test {

/// True as soon as `condition()` is; false if it is not within the (generous) time. For what a latch cannot tell, such
/// as a count that a destructor on another thread changes.
template <class Condition>
[[nodiscard]] bool eventually(Condition condition, std::chrono::milliseconds patience = std::chrono::seconds(30)) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= deadline) return condition();
        std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    return true;
}

}  // namespace concur::test

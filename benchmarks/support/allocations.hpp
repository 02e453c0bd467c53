/// Counts what goes through operator new. A program that links allocations.cpp has it replaced.
#pragma once

#include <cstddef>

namespace bench {

struct Allocations {
    long count = 0;
    /// As asked for, and as malloc rounds it up.
    long bytes_asked = 0;
    long bytes_used = 0;
};

/// Counts the allocations of all threads while alive. One at a time.
class AllocationCounter {
public:
    AllocationCounter() noexcept;
    ~AllocationCounter();
    AllocationCounter(const AllocationCounter&) = delete;
    AllocationCounter& operator=(const AllocationCounter&) = delete;

    [[nodiscard]] Allocations so_far() const noexcept;
};

}  // namespace bench

#include "support/allocations.hpp"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

// Relaxed throughout: counters, read when the threads that count have been waited for.
std::atomic<bool> counting{false};
std::atomic<long> count{0};
std::atomic<long> bytes_asked{0};
std::atomic<long> bytes_used{0};

void* counted(void* memory, std::size_t size) {
    if (!memory) throw std::bad_alloc();
    if (counting.load(std::memory_order_relaxed)) {
        count.fetch_add(1, std::memory_order_relaxed);
        bytes_asked.fetch_add(static_cast<long>(size), std::memory_order_relaxed);
        bytes_used.fetch_add(static_cast<long>(::malloc_usable_size(memory)), std::memory_order_relaxed);
    }
    return memory;
}

}  // namespace

// The array and nothrow forms call these.
void* operator new(std::size_t size) { return counted(std::malloc(size), size); }
void* operator new(std::size_t size, std::align_val_t alignment) {
    const auto step = static_cast<std::size_t>(alignment);
    return counted(std::aligned_alloc(step, (size + step - 1) / step * step), size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace bench {

AllocationCounter::AllocationCounter() noexcept {
    count = bytes_asked = bytes_used = 0;
    counting.store(true, std::memory_order_relaxed);
}

AllocationCounter::~AllocationCounter() { counting.store(false, std::memory_order_relaxed); }

Allocations AllocationCounter::so_far() const noexcept { return {count.load(), bytes_asked.load(), bytes_used.load()}; }

}  // namespace bench

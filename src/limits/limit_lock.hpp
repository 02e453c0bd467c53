/// The lock of a LimitSet: one word. Held for a few instructions; no user code runs under it.
#pragma once

#include "concur/core/clock.hpp"

namespace concur::detail {

/// A mutex on a futex, after Ulrich Drepper, "Futexes Are Tricky", mutex 2. Inline where nobody else is there.
class LimitLock {
public:
    // Acquire and release: what is done under the lock is seen by the next one under it.
    void lock() noexcept {
        std::uint32_t expected = unlocked;
        if (!word_.compare_exchange_strong(expected, locked, std::memory_order_acquire, std::memory_order_relaxed))
            [[unlikely]]
            lock_long();
    }
    void unlock() noexcept {
        if (word_.exchange(unlocked, std::memory_order_release) == contended) [[unlikely]]
            wake_one(word_);
    }

private:
    static constexpr std::uint32_t unlocked = 0;
    static constexpr std::uint32_t locked = 1;
    static constexpr std::uint32_t contended = 2;

    // On the machine's clock, whatever clock the set is on: who holds the lock moves in real time.
    void lock_long() noexcept {
        while (word_.exchange(contended, std::memory_order_acquire) != unlocked) steady_clock().park(word_, contended);
    }

    ParkingWord word_{unlocked};
};

}  // namespace concur::detail

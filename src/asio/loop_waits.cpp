#include "concur/asio/loop_waits.hpp"

namespace concur::detail {

LoopWaits& LoopWaits::of_no_loop() {
    static LoopWaits& waits = *IntrusivePtr<LoopWaits>(new LoopWaits()).detach();  // needed while the process exits
    return waits;
}

bool LoopWaits::add(LoopWait& wait) noexcept {
    const std::lock_guard lock(mutex_);
    if (closed_.load(std::memory_order_relaxed)) return false;
    wait.add_ref();
    wait.linked_ = true;
    wait.next_ = first_;
    if (first_) first_->previous_ = &wait;
    first_ = &wait;
    return true;
}

void LoopWaits::unlink(LoopWait& wait) noexcept {
    (wait.previous_ ? wait.previous_->next_ : first_) = wait.next_;
    if (wait.next_) wait.next_->previous_ = wait.previous_;
    wait.next_ = wait.previous_ = nullptr;
    wait.linked_ = false;
}

bool LoopWaits::claim(LoopWait& wait) noexcept {
    {
        const std::lock_guard lock(mutex_);
        if (!wait.linked_ || closed_.load(std::memory_order_relaxed)) return false;
        unlink(wait);
        inside_.fetch_add(1, std::memory_order_seq_cst);
    }
    wait.release();  // the caller has its own reference
    return true;
}

bool LoopWaits::enter() noexcept {
    const std::lock_guard lock(mutex_);
    if (closed_.load(std::memory_order_relaxed)) return false;
    inside_.fetch_add(1, std::memory_order_seq_cst);
    return true;
}

void LoopWaits::leave() noexcept {
    if (inside_.fetch_sub(1, std::memory_order_seq_cst) == 1 && closed_.load(std::memory_order_seq_cst))
        wake_all(inside_);
}

void LoopWaits::close() noexcept {
    {
        const std::lock_guard lock(mutex_);
        closed_.store(true, std::memory_order_seq_cst);
    }
    while (const std::uint32_t inside = inside_.load(std::memory_order_seq_cst)) steady_clock().park(inside_, inside);
    for (;;) {
        LoopWait* wait = nullptr;
        {
            const std::lock_guard lock(mutex_);
            if (!(wait = first_)) return;
            unlink(*wait);
        }
        // Destroying what it holds may end other waits.
        wait->loop_gone();
        wait->release();
    }
}

}  // namespace concur::detail

/// Short waits without a system call, for as long as they pay.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace concur::detail {

/// What one waiting place has learnt about spinning: after waits that spun in vain, the next ones park at once. One
/// thread at a time.
class SpinHistory {
public:
    void succeeded() noexcept { failures_ = 0; }
    void failed() noexcept {
        if (failures_ < max_failures) ++failures_;
        skip_ = (1u << failures_) - 1;
    }
    /// False as often as experience says: after f failures in a row, 2^f - 1 times.
    [[nodiscard]] bool worth_a_try() noexcept {
        if (skip_ == 0) return true;
        --skip_;
        return false;
    }

private:
    static constexpr unsigned max_failures = 7;
    unsigned failures_ = 0;
    unsigned skip_ = 0;
};

/// Who waits: a worker's thread for its next call, or a caller for a result.
enum class Waiter : bool { worker, caller };

/// One bounded spin.
///
///     for (Spin spin(history, Waiter::caller); spin.go_on();)
///         if (ready()) { spin.succeeded(); return; }
///     // park
///
/// Spins only where a core is free for it: never with one usable core, nor when the library's own threads that run or
/// spin would outnumber the cores, nor for a while after a spinning thread was preempted (somebody else needs the
/// cores). Ends after 50 us at the latest.
class Spin {
public:
    Spin(SpinHistory& history, Waiter waiter) noexcept;
    ~Spin();
    Spin(const Spin&) = delete;
    Spin& operator=(const Spin&) = delete;

    [[nodiscard]] bool go_on() noexcept;
    void succeeded() noexcept { success_ = true; }

private:
    [[nodiscard]] bool core_is_free() const noexcept;

    SpinHistory& history_;
    std::chrono::steady_clock::time_point start_;
    std::chrono::steady_clock::time_point last_look_;
    Waiter waiter_;
    bool active_;
    bool success_ = false;
    unsigned round_ = 0;
};

/// While alive, the calling worker thread counts as one that needs a core: from its wake-up until it parks again.
void worker_thread_unparked() noexcept;
void worker_thread_parked() noexcept;

}  // namespace concur::detail

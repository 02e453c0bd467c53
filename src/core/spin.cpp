#include "core/spin.hpp"

#include <pthread.h>
#include <sched.h>

namespace concur::detail {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr auto longest_spin = microseconds(50);
constexpr auto preemption = microseconds(30);  // a gap this long between two looks at the clock: another thread ran
constexpr auto quiet_after_preemption = milliseconds(10);
constexpr unsigned rounds_between_looks = 32;

int usable_cores() noexcept {
    cpu_set_t set;
    CPU_ZERO(&set);
    const int count = ::sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
    return count > 0 ? count : 1;
}

int cores() noexcept {
    static const int count = usable_cores();
    return count;
}

// Relaxed throughout: these are hints about load. A stale value costs one spin too many or too few, never a lost
// wake-up.
std::atomic<int> running_workers{0};
std::atomic<int> spinning_callers{0};
std::atomic<steady_clock::rep> contended_until{0};

// The child of a fork has one thread, whatever its parent had.
[[maybe_unused]] const int registered = ::pthread_atfork(nullptr, nullptr, [] {
    running_workers.store(0, std::memory_order_relaxed);
    spinning_callers.store(0, std::memory_order_relaxed);
});

void pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

}  // namespace

void worker_thread_unparked() noexcept { running_workers.fetch_add(1, std::memory_order_relaxed); }
void worker_thread_parked() noexcept { running_workers.fetch_sub(1, std::memory_order_relaxed); }

Spin::Spin(SpinHistory& history, Waiter waiter) noexcept : history_{history}, waiter_{waiter} {
    active_ = cores() > 1 && history_.worth_a_try();
    if (!active_) return;
    if (waiter_ == Waiter::caller) spinning_callers.fetch_add(1, std::memory_order_relaxed);
    start_ = last_look_ = steady_clock::now();
    if (!core_is_free() || start_.time_since_epoch().count() < contended_until.load(std::memory_order_relaxed)) {
        if (waiter_ == Waiter::caller) spinning_callers.fetch_sub(1, std::memory_order_relaxed);
        active_ = false;
    }
}

Spin::~Spin() {
    if (!active_) return;
    if (waiter_ == Waiter::caller) spinning_callers.fetch_sub(1, std::memory_order_relaxed);
    if (success_)
        history_.succeeded();
    else
        history_.failed();
}

// The thread that a worker waits for is the application's, and unknown here unless it spins for a result itself.
bool Spin::core_is_free() const noexcept {
    const int workers = running_workers.load(std::memory_order_relaxed);
    const int callers = spinning_callers.load(std::memory_order_relaxed);
    return workers + (waiter_ == Waiter::worker && callers == 0 ? 1 : callers) <= cores();
}

bool Spin::go_on() noexcept {
    if (!active_) return false;
    pause();
    if (++round_ % rounds_between_looks != 0) return true;
    const auto now = steady_clock::now();
    if (now - last_look_ > preemption) {
        contended_until.store((now + quiet_after_preemption).time_since_epoch().count(), std::memory_order_relaxed);
        return false;
    }
    last_look_ = now;
    return now - start_ < longest_spin && core_is_free();
}

}  // namespace concur::detail

#include "concur/core/clock.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <ctime>

#include "core/runtime.hpp"

namespace concur::detail {
namespace {

static_assert(sizeof(ParkingWord) == sizeof(std::uint32_t), "a futex is a plain 32-bit word");

std::uint32_t* address_of(ParkingWord& word) noexcept { return reinterpret_cast<std::uint32_t*>(&word); }

void futex_wake(ParkingWord& word, int count) noexcept {
    ::syscall(SYS_futex, address_of(word), FUTEX_WAKE_PRIVATE, count, nullptr, nullptr, 0);
}

// CLOCK_MONOTONIC, absolute: std::chrono::steady_clock counts the same nanoseconds, and an absolute time survives
// EINTR.
void futex_wait(ParkingWord& word, std::uint32_t expected, TimePoint deadline) noexcept {
    timespec until{};
    timespec* limit = nullptr;
    if (deadline != no_deadline) {
        const auto since = deadline.time_since_epoch();
        if (since.count() <= 0) return;
        const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
        until.tv_sec = static_cast<time_t>(seconds.count());
        until.tv_nsec = static_cast<long>((since - seconds).count());
        limit = &until;
    }
    ::syscall(SYS_futex, address_of(word), FUTEX_WAIT_BITSET_PRIVATE, expected, limit, nullptr, FUTEX_BITSET_MATCH_ANY);
}

class SteadyClock final : public Clock {
public:
    TimePoint now() const noexcept override { return std::chrono::steady_clock::now(); }

    void park(ParkingWord& word, std::uint32_t expected, TimePoint deadline) noexcept override {
        futex_wait(word, expected, deadline);
    }

    void schedule(IntrusivePtr<Timer> timer, TimePoint when) override { runtime_schedule(std::move(timer), when); }
    void unschedule(Timer& timer) noexcept override { runtime_unschedule(timer); }
};

// Acquire is enough: who wakes a thread that waits on a clock of its own has seen something of that thread (the mark or
// flag that says it sleeps), and that thread has seen its clock made.
std::atomic<WakeListener*> wake_listener{nullptr};

}  // namespace

constinit thread_local ActiveThread* ActiveThread::innermost_ = nullptr;

void wake_one(ParkingWord& word) noexcept {
    futex_wake(word, 1);
    if (WakeListener* listener = wake_listener.load(std::memory_order_acquire)) listener->woken(word, false);
}

void wake_all(ParkingWord& word) noexcept {
    futex_wake(word, INT_MAX);
    if (WakeListener* listener = wake_listener.load(std::memory_order_acquire)) listener->woken(word, true);
}

void listen_to_wake_ups(WakeListener& listener) noexcept { wake_listener.store(&listener, std::memory_order_release); }

// Such a clock listens from its construction on.
bool counting_clocks_exist() noexcept { return wake_listener.load(std::memory_order_acquire) != nullptr; }

Clock& steady_clock() noexcept {
    static SteadyClock clock;
    return clock;
}

}  // namespace concur::detail

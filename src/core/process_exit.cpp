#include "core/process_exit.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>

#include "core/thread.hpp"

namespace concur::detail {
namespace {

std::atomic<bool> begun{false};
std::atomic<bool> leaves_threads_alone{false};
std::atomic<void (*)()> exit_actions[2] = {};  // one for each stage
constexpr int most_turns = 256;
std::atomic<int> turns{0};

void begin_exit() noexcept {
    if (begun.exchange(true)) return;
    if (on_library_thread()) {
        leaves_threads_alone.store(true);
        return;
    }
    for (const auto& stage : exit_actions)
        if (void (*action)() = stage.load()) action();
}

// exit() destroys the calling thread's thread_local objects first, before any static object. Other threads destroy
// theirs when they end, which means nothing here.
struct ExitSentinel {
    bool touched = false;
    ~ExitSentinel() {
        const bool main_thread = ::syscall(SYS_gettid) == ::getpid();
        if (main_thread || on_library_thread()) begin_exit();
    }
};

thread_local ExitSentinel sentinel;

}  // namespace

void watch_exit() noexcept { sentinel.touched = true; }

void set_exit_action(ExitStage stage, void (*action)()) noexcept {
    if (exit_actions[static_cast<int>(stage)].exchange(action) == nullptr) std::atexit([] { begin_exit(); });
}

void take_exit_turn() noexcept {
    if (turns.load(std::memory_order_relaxed) >= most_turns) return;
    turns.fetch_add(1, std::memory_order_relaxed);
    std::atexit([] { begin_exit(); });
}

bool exit_leaves_threads_alone() noexcept { return leaves_threads_alone.load(std::memory_order_acquire); }

bool exit_has_begun() noexcept { return begun.load(std::memory_order_acquire); }

}  // namespace concur::detail

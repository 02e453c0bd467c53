#include "concur/observe/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <exception>

#include "core/process_wide.hpp"
#include "observe/progress_screen.hpp"
#include "observe/progress_text.hpp"

namespace concur::detail {
namespace {

// Some milliseconds late, and several times cheaper than the exact time: this is read at each update.
TimePoint coarse_time() noexcept {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
    return TimePoint(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

class ScreenOnStderr final : public ProgressScreen {
public:
    ScreenOnStderr() noexcept : ProgressScreen(STDERR_FILENO, &coarse_time) {}
    std::mutex& mutex = mutex_;  // held while the process forks
};

bool stderr_can_draw() noexcept {
    const int error_before = errno;
    const bool is_terminal = ::isatty(STDERR_FILENO) == 1;
    errno = error_before;
    if (!is_terminal) return false;
    const char* type = std::getenv("TERM");
    return !type || std::string_view(type) != "dumb";
}

// Beyond that no terminal is wide. Cut here, so that a redraw need not go through all of a description.
constexpr int most_columns = 1000;
constexpr std::size_t most_bytes = 4 * most_columns;

std::string text_for_line(std::string_view text) noexcept {
    try {
        return std::string(cut_to_columns(printable(text.substr(0, most_bytes)), most_columns));
    } catch (...) {
        return {};
    }
}

}  // namespace

ProgressScreen* screen_on_stderr() noexcept {
    if (!stderr_can_draw()) return nullptr;
    try {
        return &ProcessWide<ScreenOnStderr>::get();
    } catch (...) {
        return nullptr;
    }
}

ProgressLine::ProgressLine(ProgressScreen* screen, std::int64_t total, const ProgressOptions& options) noexcept
    : total_{std::max<std::int64_t>(0, total)}, screen_{screen}, exceptions_at_begin_{std::uncaught_exceptions()} {
    if (!screen) return;
    begin_ = screen->now();
    description_ = text_for_line(options.description);
    unit_ = text_for_line(options.unit);
    if (!screen->begin(*this)) screen_.store(nullptr, std::memory_order_relaxed);
}

ProgressLine::~ProgressLine() {
    if (std::uncaught_exceptions() > exceptions_at_begin_)
        end(ProgressEnd::fail);
    else
        end(total_ != 0 && count() >= total_ ? ProgressEnd::success : ProgressEnd::stop);
}

void ProgressLine::add(std::int64_t n) noexcept {
    std::int64_t before = count_.load(std::memory_order_relaxed);
    std::int64_t after = 0;
    do {
        if (__builtin_add_overflow(before, n, &after)) after = INT64_MAX;  // downwards it cannot: it is never negative
    } while (!count_.compare_exchange_weak(before, std::max<std::int64_t>(0, after), std::memory_order_relaxed));
    if (ProgressScreen* screen = screen_.load(std::memory_order_relaxed)) screen->tick();
}

void ProgressLine::end(ProgressEnd how) noexcept {
    if (ProgressScreen* screen = screen_.load(std::memory_order_relaxed)) screen->end(*this, how);
}

}  // namespace concur::detail

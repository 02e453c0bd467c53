#include "observe/progress_screen.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "observe/progress_text.hpp"

namespace concur::detail {
namespace {

constexpr std::string_view erase_to_end_of_line = "\x1b[K";
constexpr std::string_view erase_below = "\x1b[J";

std::string_view word_for(ProgressEnd how) noexcept {
    switch (how) {
        case ProgressEnd::success:
            return "done";
        case ProgressEnd::fail:
            return "failed";
        case ProgressEnd::stop:
            break;
    }
    return "stopped";
}

}  // namespace

bool ProgressScreen::begin(ProgressLine& line) noexcept {
    if (is_of_parent()) return false;
    const std::lock_guard lock(mutex_);
    try {
        lines_.push_back(&line);
    } catch (...) {
        return false;
    }
    draw({});
    return true;
}

void ProgressScreen::end(ProgressLine& line, ProgressEnd how) noexcept {
    if (is_of_parent()) return;
    const std::lock_guard lock(mutex_);
    const auto place = std::find(lines_.begin(), lines_.end(), &line);
    if (place == lines_.end()) return;  // another thread has ended it
    lines_.erase(place);
    line.screen_.store(nullptr, std::memory_order_relaxed);
    try {
        draw(text_of(line, word_for(how), size()));
    } catch (...) {
        draw({});
    }
}

void ProgressScreen::write_above(std::string_view text) noexcept {
    if (is_of_parent()) return;
    const std::lock_guard lock(mutex_);
    draw(text);
}

void ProgressScreen::draw_if_free() noexcept {
    if (is_of_parent()) return;
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (lock.owns_lock()) draw({});
}

void ProgressScreen::draw(std::string_view above) noexcept {
    next_draw_.store((time_() + interval).time_since_epoch().count(), std::memory_order_relaxed);
    try {
        const Size size = this->size();
        std::string out;
        append_way_to_top(out, size);
        if (!above.empty()) fmt::format_to(std::back_inserter(out), "{}{}\n", above, erase_to_end_of_line);
        append_lines(out, size);
        out += erase_below;
        write(out);
    } catch (...) {  // out of memory: the next one may do
    }
}

// Terminals break lines that have become too long for them when they get narrower; as most do, so it is taken that all
// do. Then a line that was drawn is several now.
void ProgressScreen::append_way_to_top(std::string& out, Size size) const {
    int lines = 0;
    for (const int columns : drawn_columns_) lines += std::max(1, (columns + size.columns - 1) / size.columns);
    out += '\r';
    const int up = std::min(lines, size.rows) - 1;
    if (up > 0) fmt::format_to(std::back_inserter(out), "\x1b[{}A", up);
    // Else they remember what they broke, and join it when they get wider.
    if (lines > static_cast<int>(drawn_columns_.size())) out += erase_below;
}

void ProgressScreen::append_lines(std::string& out, Size size) {
    // What has scrolled out of the terminal cannot be drawn over.
    const std::size_t most = static_cast<std::size_t>(std::max(1, size.rows - 1));
    const std::size_t shown = lines_.size() <= most ? lines_.size() : most - 1;
    drawn_columns_.clear();
    const auto append = [&](std::string_view line) {
        if (!drawn_columns_.empty()) out += '\n';
        out += line;
        out += erase_to_end_of_line;
        drawn_columns_.push_back(columns_of(line));
    };
    for (std::size_t i = 0; i < shown; ++i) append(text_of(*lines_[i], {}, size));
    if (shown < lines_.size())
        append(cut_to_columns(fmt::format("and {} more", lines_.size() - shown), size.columns - 1));
}

std::string ProgressScreen::text_of(const ProgressLine& line, std::string_view ending, Size size) const {
    const ProgressFacts facts{.description = line.description_,
                              .unit = line.unit_,
                              .count = line.count(),
                              .total = line.total(),
                              .elapsed = time_() - line.begin_,
                              .ending = ending};
    return progress_text(facts, size.columns - 1);  // in the last column terminals differ
}

// Asked each time: no signal handler is needed to learn of a change.
ProgressScreen::Size ProgressScreen::size() const noexcept {
    winsize answer{};
    if (::ioctl(terminal_, TIOCGWINSZ, &answer) != 0) answer = {};
    return {answer.ws_col != 0 ? answer.ws_col : 80, answer.ws_row != 0 ? answer.ws_row : 24};
}

void ProgressScreen::write(std::string_view text) const noexcept {
    const int error_before = errno;  // update() must not disturb a program that looks at it
    while (!text.empty()) {
        const ssize_t written = ::write(terminal_, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) break;  // the terminal is gone, or takes nothing now
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    errno = error_before;
}

}  // namespace concur::detail

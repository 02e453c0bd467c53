/// The bars of one terminal.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "concur/core/clock.hpp"
#include "concur/core/fork.hpp"
#include "concur/observe/progress.hpp"

namespace concur::detail {

/// Draws lines of progress below each other, and again over what it drew before.
///
/// The cursor rests at the end of the last line, where it should be when the program is killed. So a single bar is
/// pushed down by what others write, and draws over nothing of it but an unfinished line. Of several bars the last one
/// is, and as many lines above it are drawn over as there are other bars.
///
/// Lines are read under the lock, from begin() to end(). Only a thread that ends or begins a line waits for another one
/// that draws, as a terminal that has been halted makes everyone wait who writes to it.
class ProgressScreen {
public:
    using ReadTime = TimePoint (*)() noexcept;
    static constexpr std::chrono::milliseconds interval{100};

    /// Neither owns nor changes the terminal.
    ProgressScreen(int terminal, ReadTime time) noexcept : terminal_{terminal}, time_{time} {}
    ProgressScreen(const ProgressScreen&) = delete;
    ProgressScreen& operator=(const ProgressScreen&) = delete;

    [[nodiscard]] TimePoint now() const noexcept { return time_(); }

    /// Draws from now on also this line. False if it cannot.
    [[nodiscard]] bool begin(ProgressLine& line) noexcept;
    /// Draws if the last time is `interval` ago.
    void tick() noexcept {
        if (time_().time_since_epoch().count() >= next_draw_.load(std::memory_order_relaxed)) draw_if_free();
    }
    /// Draws the line for the last time.
    void end(ProgressLine& line, ProgressEnd how) noexcept;
    /// A line of other text, above those that are drawn.
    void write_above(std::string_view text) noexcept;

protected:
    ~ProgressScreen() = default;

    std::mutex mutex_;  // guards all that follows, and the terminal

private:
    struct Size {
        int columns;
        int rows;
    };

    [[nodiscard]] Size size() const noexcept;
    [[nodiscard]] bool is_of_parent() const noexcept { return generation_ != fork_generation(); }
    void draw_if_free() noexcept;
    /// First the text for good, then the lines.
    void draw(std::string_view above) noexcept;
    void append_way_to_top(std::string& out, Size size) const;
    void append_lines(std::string& out, Size size);
    [[nodiscard]] std::string text_of(const ProgressLine& line, std::string_view ending, Size size) const;
    void write(std::string_view text) const noexcept;

    const int terminal_;
    const ReadTime time_;
    const std::uint32_t generation_ = fork_generation();
    // Relaxed: a hint when to look for the lock.
    std::atomic<std::int64_t> next_draw_{INT64_MIN};
    std::vector<ProgressLine*> lines_;  // in the order in which they began
    std::vector<int> drawn_columns_;    // of each line that is on the terminal and will be drawn over
};

}  // namespace concur::detail

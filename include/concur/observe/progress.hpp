/// Progress on a terminal: bars on stderr, counted by hand or around a range.
///
///     copying     42% [========>           ] 42/100 files 14/s 0:03, 0:04 left
///     analysing    7% [=>                  ] 7/100 files 2.3/s 0:03, 0:40 left
///
/// There is no thread behind a bar: whoever counts also draws, at most every 100 ms, all bars at once. A bar that has
/// ended stays, above those that go on. Where stderr is no terminal (or TERM is "dumb") nothing is drawn, only counted.
#pragma once

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "concur/core/iterable.hpp"
#include "concur/core/refused.hpp"

namespace concur {

/// The texts are UTF-8; line ends and other control characters become spaces. They are copied.
struct ProgressOptions {
    std::string_view description = {};
    /// What is counted, in the plural: "files".
    std::string_view unit = {};
};

namespace detail {

class ProgressScreen;

enum class ProgressEnd : unsigned char { success, fail, stop };

/// One line of a screen: counts without locks, and has itself drawn.
class ProgressLine {
public:
    /// Null: only counts.
    ProgressLine(ProgressScreen* screen, std::int64_t total, const ProgressOptions& options) noexcept;
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;
    /// Ends it, if nobody has: as a failure while an exception passes, else by whether it is complete.
    ~ProgressLine();

    void add(std::int64_t n) noexcept;
    [[nodiscard]] std::int64_t count() const noexcept { return count_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::int64_t total() const noexcept { return total_; }

    /// The first one counts. When it returns, nobody draws the line any more.
    void end(ProgressEnd how) noexcept;

private:
    friend class ProgressScreen;

    const std::int64_t total_;
    // Relaxed, as all that is drawn is an estimate; who needs the exact count has other means to know that all is done.
    std::atomic<std::int64_t> count_{0};
    // Null when it has ended. Relaxed: the screen lives for ever, and looks under its lock.
    std::atomic<ProgressScreen*> screen_;
    std::chrono::steady_clock::time_point begin_;
    int exceptions_at_begin_;
    std::string description_;
    std::string unit_;
};

/// The one on stderr; null if that is no terminal that can move its cursor.
[[nodiscard]] ProgressScreen* screen_on_stderr() noexcept;

template <class Text>
concept ProgressText = std::is_convertible_v<const Text&, std::string_view>;

}  // namespace detail

/// A bar that is counted by hand. Any number of threads may use it at once; nothing it does throws.
///
///     concur::ProgressBar bar(files.size(), "copying");
///     for (const File& file : files) {
///         copy(file);
///         bar.update();
///     }
///     bar.success();
///
/// A total of zero or less is unknown: no percentage, no time left. At the end of its scope a bar that has not been
/// ended is: as failed while an exception passes, as done if the total is reached, else as stopped.
class ProgressBar {
public:
    template <std::integral Number>
    explicit ProgressBar(Number total, const ProgressOptions& options = {}) noexcept
        : line_(detail::screen_on_stderr(), detail::saturated(total), options) {}
    template <std::integral Number, detail::ProgressText Description>
    ProgressBar(Number total, const Description& description) noexcept
        : ProgressBar(total, ProgressOptions{.description = description}) {}

    /// Counts `n` more; back, if it is negative, but not below zero. Less than 20 ns, plus a redraw now and then.
    template <std::integral Number = int>
    void update(Number n = 1) noexcept {
        line_.add(detail::saturated(n));
    }
    /// What was counted so far, also after the end.
    [[nodiscard]] std::int64_t count() const noexcept { return line_.count(); }

    // The line stays, and says "done", "failed" or "stopped". The first of these is the one that counts.
    void success() noexcept { line_.end(detail::ProgressEnd::success); }
    void fail() noexcept { line_.end(detail::ProgressEnd::fail); }
    void stop() noexcept { line_.end(detail::ProgressEnd::stop); }

private:
    detail::ProgressLine line_;
};

/// A range with a bar around it: each element counts when the loop comes back for the next one. To be iterated once, by
/// one thread.
template <class Range>
class [[nodiscard("it shows the progress of a loop over it")]] ProgressRange {
public:
    class iterator {
    public:
        using iterator_concept = std::input_iterator_tag;
        using value_type = std::remove_cvref_t<decltype(*std::declval<detail::IteratorOf<Range>&>())>;
        using difference_type = std::ptrdiff_t;

        explicit iterator(ProgressRange& range) noexcept : range_{&range} {}

        [[nodiscard]] decltype(auto) operator*() const { return **range_->next_; }
        iterator& operator++() {
            range_->advance();
            return *this;
        }
        void operator++(int) { ++*this; }
        friend bool operator==(const iterator& i, std::default_sentinel_t) { return i.at_end(); }

    private:
        // A member, because g++ gives a friend of a nested class no access to the outer one.
        [[nodiscard]] bool at_end() const { return range_->at_end(); }

        ProgressRange* range_;
    };

    template <class Options>
    ProgressRange(Range && range, const Options& options)
        : range_(std::forward<Range>(range)), bar_(size_or_unknown(range_), options) {}

    [[nodiscard]] iterator begin() {
        next_.emplace(detail::range_access::begin_of(range_));
        end_.emplace(detail::range_access::end_of(range_));
        end_bar_at_end();
        return iterator(*this);
    }
    [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

private:
    [[nodiscard]] static std::int64_t size_or_unknown(std::remove_reference_t<Range> & range) {
        if constexpr (detail::Sized<std::remove_reference_t<Range>>) {
            return detail::size_of(range);
        } else {
            return 0;
        }
    }

    void advance() {
        bar_.update();
        ++*next_;
        end_bar_at_end();
    }
    [[nodiscard]] bool at_end() const { return *next_ == *end_; }
    void end_bar_at_end() {
        if (at_end()) bar_.success();
    }

    Range range_;  // a reference for an lvalue
    std::optional<detail::IteratorOf<Range>> next_;
    std::optional<detail::SentinelOf<Range>> end_;
    ProgressBar bar_;
};

/// Shows the progress of a loop. An lvalue is referred to, other ranges are kept. The bar ends as "done" with the
/// range, as "failed" where the range or the loop throws, as "stopped" where the loop is left early.
///
///     for (const File& file : concur::progress(files, "copying")) copy(file);
template <detail::Iterable Range>
[[nodiscard]] ProgressRange<Range> progress(Range&& range, const ProgressOptions& options = {}) {
    return {std::forward<Range>(range), options};
}
template <detail::Iterable Range, detail::ProgressText Description>
[[nodiscard]] ProgressRange<Range> progress(Range&& range, const Description& description) {
    return {std::forward<Range>(range), description};
}
template <class Range, class... More>
    requires(!detail::Iterable<Range>)
std::initializer_list<detail::Refused> progress(Range&&, More&&...) {
    static_assert(detail::accepted<detail::Given<Range, More...>>,
                  "concur: progress() takes a range and a description; to count by hand, make a ProgressBar(total, "
                  "description)");
    return {};
}

}  // namespace concur

/// The rate algorithms: (state, now, amount) -> granted, or wait until. No thread, no lock, no clock, no memory of
/// their own: the states are flat, so that they may live in shared memory as well. docs/design/limits.md
///
/// Times are nanoseconds on the clock of the set, and may only grow: an earlier `now` counts as the latest one seen.
/// Amounts are thousandths. All arithmetic is on integers and exact; waits are rounded up.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "limits/amount.hpp"

namespace concur::detail {

using Ticks = std::int64_t;

/// The time that never comes.
inline constexpr Ticks never_ticks = std::numeric_limits<Ticks>::max();

__extension__ using Wide = __int128;
/// The same as a member, without padding around it.
__extension__ typedef __int128 WideMember __attribute__((aligned(8)));

/// What a rate allows: `capacity` in each `window`. A bucket holds `burst`; with a burst of 0 it paces: nothing is
/// saved up, and grants keep their distance.
struct RateRule {
    Amount capacity = 0;
    Amount burst = 0;
    Ticks window = 0;

    [[nodiscard]] bool paces() const noexcept { return burst == 0; }
    /// What a request may ask for at most.
    [[nodiscard]] Amount most() const noexcept { return paces() ? capacity : burst; }
};

/// A moment that a grant remembers, so that what it does not use can be refunded later.
using Mark = std::int64_t;

[[nodiscard]] inline Ticks ticks_later(Ticks now, Wide wait) noexcept {
    const Wide sum = now + wait;
    return sum > never_ticks ? never_ticks : static_cast<Ticks>(sum);
}

// ---- token bucket = GCRA = leaky bucket

/// The levels that a bucket has sunk to since its latest grants: as much of a grant can be refunded as the level has
/// never been below since, because that much would not have leaked away without it. (Had the level been lower, the
/// bucket would have been full without this grant, and would have gained nothing.)
///
/// Exact for up to `room` falling steps; beyond, neighbours share the lower level: less is refunded, never more.
class LowLevels {
public:
    /// Tells of the level just before a grant. Returns the mark of that grant.
    Mark grant_at(Wide level) noexcept {
        Mark first = next_covered_;
        while (size_ > 0 && entries_[size_ - 1].low >= level) first = entries_[--size_].first;
        if (first < next_) {
            if (size_ == room) merge_closest();
            entries_[size_++] = {first, level};
        }
        next_covered_ = next_;
        return next_++;
    }
    /// The lowest level before any later grant; the largest number if there was none.
    [[nodiscard]] Wide lowest_since(Mark mark) const noexcept {
        return mark < next_covered_ ? entries_[entry_of(mark)].low : largest;
    }
    /// From a grant on, all levels are as if it had taken so much less.
    void refunded(Mark mark, Wide refund) noexcept {
        if (mark >= next_covered_) return;
        const std::size_t own = entry_of(mark);
        for (std::size_t i = own; i < size_; ++i) entries_[i].low -= refund;
        for (std::size_t i = 0; i < own; ++i) entries_[i].low = std::min(entries_[i].low, entries_[own].low);
    }
    /// The meaning of levels changes.
    template <class Rescale>
    void rescale(Rescale rescale) noexcept {
        for (std::size_t i = 0; i < size_; ++i) entries_[i].low = rescale(entries_[i].low);
    }

private:
    static constexpr std::size_t room = 4;
    static constexpr Wide largest = static_cast<Wide>(1) << 126;

    /// Grants from `first` on, up to the next entry's, have seen no level below `low`. Both only grow.
    struct Entry {
        Mark first;
        Wide low;
    };

    [[nodiscard]] std::size_t entry_of(Mark mark) const noexcept {
        std::size_t i = size_ - 1;
        while (i > 0 && entries_[i].first > mark) --i;
        return i;
    }

    void merge_closest() noexcept {
        std::size_t closest = 0;
        for (std::size_t i = 1; i + 1 < size_; ++i)
            if (entries_[i + 1].low - entries_[i].low < entries_[closest + 1].low - entries_[closest].low) closest = i;
        for (std::size_t i = closest + 1; i + 1 < size_; ++i) entries_[i] = entries_[i + 1];
        --size_;
    }

    std::array<Entry, room> entries_{};
    std::size_t size_ = 0;
    Mark next_ = 0;          // the mark of the next grant
    Mark next_covered_ = 0;  // the first mark without an entry: only the latest grant, if any
};

/// The generic cell rate algorithm (ITU-T I.371), which is a token bucket read backwards and a leaky bucket as a meter.
/// Instead of the theoretical arrival time TAT it keeps the level, TAT - now in units of 1/capacity of a nanosecond:
/// an amount n fills it by n * window, time t drains it by t * capacity, both whole numbers.
struct Bucket {
    WideMember level = 0;  // at the time `at`
    Ticks at = std::numeric_limits<Ticks>::min();

    [[nodiscard]] bool fits(const RateRule& rule, Ticks now, Amount amount) const noexcept {
        const Wide level_now = drained(rule, now);
        return level_now <= highest_before(rule, amount);
    }

    /// When `amount` fits, if nobody else comes; not after `now` if it does already. For an amount that can fit.
    [[nodiscard]] Ticks earliest(const RateRule& rule, Ticks now, Amount amount) const noexcept {
        const Wide excess = drained(rule, now) - highest_before(rule, amount);
        if (excess <= 0) return now;
        return ticks_later(std::max(now, at), (excess + rule.capacity - 1) / rule.capacity);
    }

    Mark charge(const RateRule& rule, LowLevels& lows, Ticks now, Amount amount) noexcept {
        drain(rule, now);
        const Mark mark = lows.grant_at(level);
        level += cost(rule, amount);
        return mark;
    }

    /// A grant of `charged` has used `used` only. Returns how much comes back.
    Amount refund(const RateRule& rule, LowLevels& lows, Ticks now, Mark mark, Amount charged, Amount used) noexcept {
        drain(rule, now);
        const Wide unused = cost(rule, charged) - cost(rule, used);
        const Wide refund = std::min<Wide>({unused, level, lows.lowest_since(mark)});
        level -= refund;
        lows.refunded(mark, refund);
        return static_cast<Amount>(std::min<Wide>(refund / rule.window, charged - used));
    }

    /// More was used than charged: later grants pay.
    void owe(const RateRule& rule, LowLevels& lows, Ticks now, Amount amount) noexcept {
        drain(rule, now);
        static_cast<void>(lows.grant_at(level));
        level = std::min<Wide>(level + cost(rule, amount), highest_level);
    }

    /// What is not available now.
    [[nodiscard]] Amount used(const RateRule& rule, Ticks now) const noexcept {
        return static_cast<Amount>(std::min<Wide>((drained(rule, now) + rule.window - 1) / rule.window, most_amount));
    }

    /// Grants stay: what they took under the old rule is missing under the new one.
    void reconfigure(const RateRule& old_rule, const RateRule& rule, LowLevels& lows, Ticks now) noexcept {
        drain(old_rule, now);
        if (old_rule.window == rule.window) return;
        const auto rescale = [&](Wide of) { return of / old_rule.window * rule.window; };
        const Wide rest = level % old_rule.window;
        const Wide rest_rescaled = (rest * rule.window + old_rule.window - 1) / old_rule.window;
        level = std::min(rescale(level) + rest_rescaled, highest_level);
        lows.rescale(rescale);
    }

private:
    static constexpr Wide highest_level = static_cast<Wide>(1) << 126;

    [[nodiscard]] static Wide cost(const RateRule& rule, Amount amount) noexcept {
        // A paced grant of less than one takes the distance of one.
        const Amount least = rule.paces() && amount > 0 ? std::max(amount, one_amount) : amount;
        return static_cast<Wide>(least) * rule.window;
    }
    [[nodiscard]] static Wide highest_before(const RateRule& rule, Amount amount) noexcept {
        return rule.paces() ? 0 : static_cast<Wide>(rule.burst - amount) * rule.window;
    }
    [[nodiscard]] Wide drained(const RateRule& rule, Ticks now) const noexcept {
        if (now <= at) return level;
        const Wide leaked = (static_cast<Wide>(now) - at) * rule.capacity;
        return level > leaked ? level - leaked : 0;
    }
    void drain(const RateRule& rule, Ticks now) noexcept {
        level = drained(rule, now);
        at = std::max(at, now);
    }
};

// ---- fixed window

/// A count that begins anew with each window; a window opens at the first use after the one before it is over. Up to
/// twice the capacity may pass in one window's length, across a border.
struct FixedWindow {
    static constexpr Ticks closed = std::numeric_limits<Ticks>::min();

    Ticks start = closed;
    Amount counted = 0;  // never above the capacity, but for a reconfigure
    Amount owed = 0;     // by this window to later ones

    [[nodiscard]] bool fits(const RateRule& rule, Ticks now, Amount amount) const noexcept {
        const FixedWindow here = at(rule, now);
        return here.owed == 0 && here.counted <= rule.capacity - amount;
    }

    [[nodiscard]] Ticks earliest(const RateRule& rule, Ticks now, Amount amount) const noexcept {
        const FixedWindow here = at(rule, now);
        if (here.owed == 0 && here.counted <= rule.capacity - amount) return now;
        // The windows that the debt fills, and one more if what is left of it leaves too little room.
        const Amount left = here.owed % rule.capacity;
        const Wide windows = here.owed / rule.capacity + (left <= rule.capacity - amount ? 1 : 2);
        return ticks_later(here.start, windows * rule.window);
    }

    Mark charge(const RateRule& rule, Ticks now, Amount amount) noexcept {
        *this = at(rule, now);
        if (start == closed) *this = {now, 0, 0};
        counted += amount;
        return start;
    }

    Amount refund(const RateRule& rule, Ticks now, Mark mark, Amount charged, Amount used) noexcept {
        *this = at(rule, now);
        if (start == closed || mark != start) return 0;
        const Amount refund = std::min(charged - used, counted + owed);
        const Amount of_debt = std::min(refund, owed);
        owed -= of_debt;
        counted -= refund - of_debt;
        return refund;
    }

    void owe(const RateRule& rule, Ticks now, Amount amount) noexcept {
        *this = at(rule, now);
        if (start == closed) *this = {now, 0, 0};
        const Amount counts = std::clamp<Amount>(rule.capacity - counted, 0, amount);
        counted += counts;
        owed = std::min(owed + (amount - counts), most_amount);
    }

    [[nodiscard]] Amount used(const RateRule& rule, Ticks now) const noexcept {
        const FixedWindow here = at(rule, now);
        return std::min(here.counted + here.owed, most_amount);
    }

    void reconfigure(const RateRule& old_rule, Ticks now) noexcept { *this = at(old_rule, now); }

private:
    /// As it is at `now`: each window that has passed pays of the debt what it can.
    [[nodiscard]] FixedWindow at(const RateRule& rule, Ticks now) const noexcept {
        if (start == closed || static_cast<Wide>(now) - start < rule.window) return *this;
        const Wide passed = (static_cast<Wide>(now) - start) / rule.window;
        const Wide still_owed = owed - (passed - 1) * rule.capacity;
        if (still_owed <= 0) return {};
        const Amount paid = static_cast<Amount>(std::min<Wide>(still_owed, rule.capacity));
        return {static_cast<Ticks>(start + passed * rule.window), paid, static_cast<Amount>(still_owed - paid)};
    }
};

// ---- sliding window

/// What was granted at one time.
struct LogEntry {
    Ticks time;
    Amount amount;
};

/// At most the capacity in every half-open window, wherever it begins. The log of grants is a ring in memory of the
/// caller: `entries`, with `room` for a power of two of them.
///
/// Above `most_entries`, grants of the same 2048th of a window become one, at the later time: stricter, by less than
/// that, and never looser.
struct SlidingWindow {
    static constexpr std::uint32_t most_entries = 4096;
    static constexpr Ticks cells = 2048;

    Amount counted = 0;
    std::uint32_t first = 0;
    std::uint32_t size = 0;
    std::uint32_t room = 0;

    /// Forgets what has left the window, the one thing that a refused request may do to a state: nobody can tell.
    void expire(const RateRule& rule, const LogEntry* entries, Ticks now) noexcept {
        while (size > 0 && static_cast<Wide>(now) - at(entries, 0).time >= rule.window) {
            counted -= at(entries, 0).amount;
            first = (first + 1) & (room - 1);
            --size;
        }
    }

    [[nodiscard]] bool fits(const RateRule& rule, const LogEntry* entries, Ticks now, Amount amount) noexcept {
        expire(rule, entries, now);
        return counted <= rule.capacity - amount;
    }

    [[nodiscard]] Ticks earliest(const RateRule& rule, const LogEntry* entries, Ticks now, Amount amount) noexcept {
        expire(rule, entries, now);
        Amount left = counted;
        Ticks when = now;
        for (std::uint32_t i = 0; i < size && left > rule.capacity - amount; ++i) {
            left -= at(entries, i).amount;
            when = ticks_later(at(entries, i).time, rule.window);
        }
        return when;
    }

    /// Whether the ring has to grow before the next `charge` or `owe`.
    [[nodiscard]] bool is_full() const noexcept { return size == room && room < most_entries; }

    Mark charge(const RateRule& rule, LogEntry* entries, Ticks now, Amount amount) noexcept {
        expire(rule, entries, now);
        add(rule, entries, now, amount);
        return at(entries, size - 1).time;
    }

    Amount refund(const RateRule& rule, LogEntry* entries, Ticks now, Mark mark, Amount charged, Amount used) noexcept {
        expire(rule, entries, now);
        if (static_cast<Wide>(now) - mark >= rule.window) return 0;
        // Merged or not, a grant is in the first entry that is not earlier.
        std::uint32_t low = 0;
        for (std::uint32_t high = size; low < high;) {
            const std::uint32_t middle = (low + high) / 2;
            if (at(entries, middle).time < mark)
                low = middle + 1;
            else
                high = middle;
        }
        if (low == size) return 0;
        const Amount refund = std::min(charged - used, at(entries, low).amount);
        at(entries, low).amount -= refund;
        counted -= refund;
        return refund;
    }

    void owe(const RateRule& rule, LogEntry* entries, Ticks now, Amount amount) noexcept {
        expire(rule, entries, now);
        add(rule, entries, now, std::min(amount, most_amount - counted));
    }

    [[nodiscard]] Amount used(const RateRule& rule, const LogEntry* entries, Ticks now) noexcept {
        expire(rule, entries, now);
        return counted;
    }

private:
    [[nodiscard]] LogEntry& at(LogEntry* entries, std::uint32_t i) const noexcept {
        return entries[(first + i) & (room - 1)];
    }
    [[nodiscard]] const LogEntry& at(const LogEntry* entries, std::uint32_t i) const noexcept {
        return entries[(first + i) & (room - 1)];
    }

    void add(const RateRule& rule, LogEntry* entries, Ticks now, Amount amount) noexcept {
        counted += amount;
        if (size > 0 && at(entries, size - 1).time >= now) {
            at(entries, size - 1).amount += amount;
            return;
        }
        if (size == room) merge(rule, entries);
        at(entries, size++) = {now, amount};
    }

    // Cells of a fixed grid: what was merged once never moves out of its cell. A window lies across 2049 at most, so
    // half of the ring becomes free, and merging costs O(1) a grant.
    void merge(const RateRule& rule, LogEntry* entries) noexcept {
        const Ticks width = rule.window / cells + 1;
        const auto cell = [width](Ticks time) { return time >= 0 ? time / width : (time + 1) / width - 1; };
        std::uint32_t last = 0;
        for (std::uint32_t i = 1; i < size; ++i) {
            const LogEntry entry = at(entries, i);
            if (cell(at(entries, last).time) == cell(entry.time))
                at(entries, last) = {entry.time, at(entries, last).amount + entry.amount};
            else
                at(entries, ++last) = entry;
        }
        size = last + 1;
    }
};

}  // namespace concur::detail

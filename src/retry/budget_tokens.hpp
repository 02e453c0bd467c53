/// The arithmetic of a retry budget: exact, and without a clock.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

#include "concur/core/clock.hpp"

namespace concur::detail {

/// What calls earn is counted by the second in which they began, what comes with time in a bucket. Retries take from
/// the bucket first. A time before the latest one counts as that one: threads may be overtaken on their way here.
class BudgetTokens {
public:
    static constexpr std::int64_t seconds_kept = 10;
    static constexpr std::int64_t millionths = 1'000'000;

    /// Both in millionths of a token.
    BudgetTokens(std::int64_t per_call, std::int64_t per_second) noexcept
        : per_call_{per_call}, per_second_{per_second}, bucket_{capacity()} {}

    void add_call(TimePoint now) noexcept {
        go_on_to(now);
        newest() += per_call_;
    }

    [[nodiscard]] bool take(TimePoint now) noexcept {
        go_on_to(now);
        return take_from_bucket() || take_from_earned();
    }

private:
    __extension__ using Wide = __int128;
    // In the bucket a nanosecond adds per_second_ parts.
    static constexpr Wide parts_of_token = Wide{millionths} * 1'000'000'000;

    [[nodiscard]] Wide capacity() const noexcept {
        if (per_second_ == 0) return 0;
        return std::max(Wide{per_second_} * 1'000'000'000, parts_of_token);
    }
    [[nodiscard]] std::int64_t& newest() noexcept { return seconds_[static_cast<std::size_t>(second_ % seconds_kept)]; }

    void go_on_to(TimePoint now) noexcept {
        const std::int64_t nanoseconds = std::max(now.time_since_epoch().count(), std::int64_t{0});
        if (!begun_) {
            begun_ = true;
            now_ = nanoseconds;
            second_ = nanoseconds / 1'000'000'000;
        }
        if (nanoseconds <= now_) return;
        bucket_ = std::min(capacity(), bucket_ + Wide{nanoseconds - now_} * per_second_);
        now_ = nanoseconds;
        const std::int64_t second = nanoseconds / 1'000'000'000;
        for (std::int64_t passed = std::min(second - second_, seconds_kept); passed > 0; --passed)
            seconds_[static_cast<std::size_t>((second - passed + 1) % seconds_kept)] = 0;
        second_ = second;
    }

    bool take_from_bucket() noexcept {
        if (bucket_ < parts_of_token) return false;
        bucket_ -= parts_of_token;
        return true;
    }

    // The oldest first: those are lost soonest.
    bool take_from_earned() noexcept {
        std::int64_t left = millionths;
        std::int64_t all = 0;
        for (const std::int64_t earned : seconds_) all += earned;
        if (all < left) return false;
        for (std::int64_t age = seconds_kept - 1; left > 0; --age) {
            std::int64_t& earned = seconds_[static_cast<std::size_t>((second_ + seconds_kept - age) % seconds_kept)];
            const std::int64_t taken = std::min(left, earned);
            earned -= taken;
            left -= taken;
        }
        return true;
    }

    std::int64_t per_call_;
    std::int64_t per_second_;
    Wide bucket_;
    std::array<std::int64_t, seconds_kept> seconds_{};  // what was earned in each
    std::int64_t now_ = 0;
    std::int64_t second_ = 0;
    bool begun_ = false;
};

}  // namespace concur::detail

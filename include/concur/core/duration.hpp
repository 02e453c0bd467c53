/// Lengths of time as options and waits take them.
#pragma once

#include <chrono>
#include <climits>
#include <compare>
#include <cstdint>
#include <type_traits>

namespace concur {

/// A length of time in whole nanoseconds that cannot overflow.
///
/// Made from any chrono duration, fractions included: rounded up, so that no wait is shorter than asked for, and
/// saturating, so that `std::chrono::hours::max()` means `never` and not the past. A duration made from NaN remembers
/// it and is refused by the option that gets it (`ConfigError`).
///
/// Every operation saturates. Threads: a value. Errors: none.
class Duration {
public:
    using rep = std::int64_t;

    constexpr Duration() noexcept = default;

    template <class Rep, class Period>
    constexpr Duration(std::chrono::duration<Rep, Period> time) noexcept : count_{nanoseconds_of(time)} {}

    [[nodiscard]] static constexpr Duration of_nanoseconds(rep count) noexcept {
        Duration result;
        result.count_ = count == nan_count ? nan_count + 1 : count;
        return result;
    }

    [[nodiscard]] static constexpr Duration max() noexcept { return of_nanoseconds(INT64_MAX); }

    /// Whole nanoseconds; INT64_MAX for `never`.
    [[nodiscard]] constexpr rep count() const noexcept { return is_nan() ? 0 : count_; }
    [[nodiscard]] constexpr std::chrono::nanoseconds nanoseconds() const noexcept {
        return std::chrono::nanoseconds(count());
    }
    [[nodiscard]] constexpr bool is_nan() const noexcept { return count_ == nan_count; }

    constexpr operator std::chrono::nanoseconds() const noexcept { return nanoseconds(); }

    friend constexpr bool operator==(Duration a, Duration b) noexcept { return a.count() == b.count(); }
    friend constexpr std::strong_ordering operator<=>(Duration a, Duration b) noexcept {
        return a.count() <=> b.count();
    }

    // What is computed from NaN is NaN.
    friend constexpr Duration operator+(Duration a, Duration b) noexcept {
        if (a.is_nan() || b.is_nan()) return not_a_number();
        rep sum = 0;
        if (__builtin_add_overflow(a.count_, b.count_, &sum)) sum = a.count_ < 0 ? lowest_count : INT64_MAX;
        return of_nanoseconds(sum);
    }
    friend constexpr Duration operator-(Duration a) noexcept { return a.is_nan() ? a : of_nanoseconds(-a.count_); }
    friend constexpr Duration operator-(Duration a, Duration b) noexcept { return a + -b; }

    /// By a whole number exactly; by a fraction rounded up to the next nanosecond.
    template <class Number>
        requires std::is_arithmetic_v<Number>
    friend constexpr Duration operator*(Duration a, Number factor) noexcept {
        if (a.is_nan()) return a;
        if constexpr (std::is_integral_v<Number>) {
            rep product = 0;
            if (__builtin_mul_overflow(a.count_, factor, &product))
                product = (a.count_ < 0) != (factor < Number{}) ? lowest_count : INT64_MAX;
            return of_nanoseconds(product);
        } else {
            return scaled(a.count_, factor);
        }
    }
    template <class Number>
        requires std::is_arithmetic_v<Number>
    friend constexpr Duration operator*(Number factor, Duration a) noexcept { return a * factor; }
    template <class Number>
        requires std::is_arithmetic_v<Number>
    friend constexpr Duration operator/(Duration a, Number divisor) noexcept {
        if (a.is_nan()) return a;
        return of_exact(static_cast<long double>(a.count_) / divisor);
    }
    /// How many times b fits into a, without the rest; 0 if b is zero.
    friend constexpr rep operator/(Duration a, Duration b) noexcept {
        return b.count() == 0 ? 0 : a.count() / b.count();
    }

    constexpr Duration& operator+=(Duration other) noexcept { return *this = *this + other; }
    constexpr Duration& operator-=(Duration other) noexcept { return *this = *this - other; }

private:
    static constexpr rep nan_count = INT64_MIN;
    static constexpr rep lowest_count = INT64_MIN + 1;

    static constexpr Duration not_a_number() noexcept {
        Duration result;
        result.count_ = nan_count;
        return result;
    }

    template <class Rep, class Period>
    static constexpr rep nanoseconds_of(std::chrono::duration<Rep, Period> time) noexcept {
        using Ratio = std::ratio_divide<Period, std::nano>;
        if constexpr (std::is_integral_v<Rep> && Ratio::den == 1) {
            rep result = 0;
            if (__builtin_mul_overflow(time.count(), Ratio::num, &result))
                return time.count() < Rep{} ? lowest_count : INT64_MAX;
            return result == nan_count ? lowest_count : result;
        } else if constexpr (std::is_integral_v<Rep>) {
            return rounded_up(static_cast<long double>(time.count()) * Ratio::num / Ratio::den);
        } else {
            if (time.count() != time.count()) return nan_count;
            // In the type that was written: 0.1 s then is what its author meant, 100 ms, and not its binary neighbour.
            return rounded_up(time.count() * static_cast<Rep>(Ratio::num) / static_cast<Rep>(Ratio::den));
        }
    }

    template <class Factor>
    static constexpr Duration scaled(rep count, Factor factor) noexcept {
        if (factor != factor) return not_a_number();
        constexpr rep exact_in_double = rep{1} << 53;
        if (count < exact_in_double && count > -exact_in_double)
            return of_exact(static_cast<double>(count) * static_cast<double>(factor));
        return of_exact(static_cast<long double>(count) * factor);
    }

    // Not through the converting constructor: clang does not have that one ready in a constant expression.
    static constexpr Duration of_exact(long double exact) noexcept {
        Duration result;
        result.count_ = rounded_up(exact);
        return result;
    }

    static constexpr rep rounded_up(long double exact) noexcept {
        if (exact != exact) return nan_count;
        if (exact >= 9.2233720368547758e18L) return INT64_MAX;
        if (exact <= -9.2233720368547758e18L) return lowest_count;
        const rep whole = static_cast<rep>(exact);
        return static_cast<long double>(whole) < exact ? whole + 1 : whole;
    }

    rep count_ = 0;
};

// Mixed with chrono durations, both sides become a Duration.
template <class Rep, class Period>
constexpr Duration operator+(Duration a, std::chrono::duration<Rep, Period> b) noexcept {
    return a + Duration(b);
}
template <class Rep, class Period>
constexpr Duration operator+(std::chrono::duration<Rep, Period> a, Duration b) noexcept {
    return Duration(a) + b;
}
template <class Rep, class Period>
constexpr Duration operator-(Duration a, std::chrono::duration<Rep, Period> b) noexcept {
    return a - Duration(b);
}
template <class Rep, class Period>
constexpr Duration operator-(std::chrono::duration<Rep, Period> a, Duration b) noexcept {
    return Duration(a) - b;
}
template <class Rep, class Period>
constexpr Duration::rep operator/(Duration a, std::chrono::duration<Rep, Period> b) noexcept {
    return a / Duration(b);
}
template <class Rep, class Period>
constexpr Duration::rep operator/(std::chrono::duration<Rep, Period> a, Duration b) noexcept {
    return Duration(a) / b;
}
template <class Rep, class Period>
constexpr bool operator==(Duration a, std::chrono::duration<Rep, Period> b) noexcept {
    return a == Duration(b);
}
template <class Rep, class Period>
constexpr std::strong_ordering operator<=>(Duration a, std::chrono::duration<Rep, Period> b) noexcept {
    return a <=> Duration(b);
}

/// No end: the largest `Duration`, and what longer ones saturate to.
inline constexpr Duration never = Duration::max();

/// No bound, for every count whose default is none.
inline constexpr int unlimited = INT_MAX;

}  // namespace concur

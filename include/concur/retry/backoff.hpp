/// How the wait before a retry grows with the number of retries.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

#include "concur/core/duration.hpp"
#include "concur/core/enum_names.hpp"

namespace concur {

/// A curve, with b for the option `retry_wait` and k for the number of the retry, from 1:
///
///     Backoff::constant       b
///     Backoff::linear         b * k
///     Backoff::exponential    b * 2^(k-1)
///     Backoff::fibonacci      b * F(k), F = 1, 1, 2, 3, 5, ...
///     Backoff::decorrelated   random in [b, 3 times the wait before]
///     Backoff::range(1s, 60s)           from the one to the other over all retries; random in between if unlimited
///     Backoff::sequence({1s, 5s, 30s})  these, and the last one again and again; up to 16
///
/// A value, without allocation. Bounds that are no bounds are kept and refused by the option that gets them.
class Backoff {
public:
    enum class Curve : unsigned char { constant, linear, exponential, fibonacci, decorrelated, range, sequence };

    static constexpr std::size_t max_waits = 16;

    static const Backoff constant;
    static const Backoff linear;
    static const Backoff exponential;
    static const Backoff fibonacci;
    static const Backoff decorrelated;

    [[nodiscard]] static constexpr Backoff range(Duration min, Duration max) noexcept {
        Backoff backoff(Curve::range);
        backoff.add(min);
        backoff.add(max);
        return backoff;
    }
    [[nodiscard]] static constexpr Backoff sequence(std::initializer_list<Duration> waits) noexcept {
        Backoff backoff(Curve::sequence);
        for (const Duration wait : waits) backoff.add(wait);
        return backoff;
    }

    constexpr Backoff() noexcept : Backoff(Curve::exponential) {}
    constexpr explicit Backoff(Curve curve) noexcept : curve_{curve} {}

    [[nodiscard]] constexpr Curve curve() const noexcept { return curve_; }
    /// The bounds of a range, the waits of a sequence; none for other curves.
    [[nodiscard]] constexpr const Duration* begin() const noexcept { return waits_.data(); }
    [[nodiscard]] constexpr const Duration* end() const noexcept { return waits_.data() + size_; }
    [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }

    /// Whether an option can take it: times of 0 or more, min <= max, 1 to 16 waits.
    [[nodiscard]] bool is_sound() const noexcept;

    friend constexpr bool operator==(const Backoff&, const Backoff&) noexcept = default;

private:
    constexpr void add(Duration wait) noexcept {
        if (size_ < max_waits)
            waits_[size_++] = wait;
        else
            too_long_ = true;
    }

    std::array<Duration, max_waits> waits_{};
    unsigned char size_ = 0;
    Curve curve_;
    bool too_long_ = false;
};

inline constexpr Backoff Backoff::constant{Backoff::Curve::constant};
inline constexpr Backoff Backoff::linear{Backoff::Curve::linear};
inline constexpr Backoff Backoff::exponential{Backoff::Curve::exponential};
inline constexpr Backoff Backoff::fibonacci{Backoff::Curve::fibonacci};
inline constexpr Backoff Backoff::decorrelated{Backoff::Curve::decorrelated};

/// "linear", "range(1 s, 60 s)"
[[nodiscard]] std::string to_string(const Backoff& backoff);

namespace detail {

template <>
inline constexpr EnumName<Backoff::Curve> enum_names<Backoff::Curve>[] = {
    {"exponential", Backoff::Curve::exponential},   {"linear", Backoff::Curve::linear},
    {"fibonacci", Backoff::Curve::fibonacci},       {"constant", Backoff::Curve::constant},
    {"decorrelated", Backoff::Curve::decorrelated}, {"range", Backoff::Curve::range},
    {"sequence", Backoff::Curve::sequence},
};

}  // namespace detail
}  // namespace concur

template <>
struct fmt::formatter<concur::Backoff> : concur::detail::EnumFormatter<concur::Backoff> {};

/// How the wait before a retry grows with the number of retries.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "concur/core/duration.hpp"
#include "concur/core/enum_names.hpp"
#include "concur/core/refused.hpp"

namespace concur {

struct Attempt;
class CustomBackoff;

/// A curve, with b for the option `retry_wait` and k for the number of the retry, from 1:
///
///     Backoff::constant       b
///     Backoff::linear         b * k
///     Backoff::exponential    b * 2^(k-1)
///     Backoff::fibonacci      b * F(k), F = 1, 1, 2, 3, 5, ...
///     Backoff::decorrelated   random in [b, 3 times the wait before]
///     Backoff::range(1s, 60s)           from the one to the other over all retries; random in between if unlimited
///     Backoff::sequence({1s, 5s, 30s})  these, and the last one again and again; up to 16
///     Backoff::custom(f)                what `Duration f(int k, const Attempt&)` says, see CustomBackoff
///
/// A value, without allocation. Bounds that are no bounds are kept and refused by the option that gets them.
class Backoff {
public:
    enum class Curve : unsigned char {
        constant,
        linear,
        exponential,
        fibonacci,
        decorrelated,
        range,
        sequence,
        custom
    };

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
    template <class F>
    [[nodiscard]] static CustomBackoff custom(F f);

    constexpr Backoff() noexcept : Backoff(Curve::exponential) {}
    constexpr explicit Backoff(Curve curve) noexcept : curve_{curve} {}

    [[nodiscard]] constexpr Curve curve() const noexcept { return curve_; }
    /// The bounds of a range, the waits of a sequence; none for other curves.
    [[nodiscard]] constexpr const Duration* begin() const noexcept { return waits_.data(); }
    [[nodiscard]] constexpr const Duration* end() const noexcept { return waits_.data() + size_; }
    [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }

    /// Whether chance has no part in the waits unless it is asked for: they were given one by one, or are random
    /// anyway.
    [[nodiscard]] constexpr bool is_meant_exactly() const noexcept { return curve_ >= Curve::decorrelated; }
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

namespace detail {

/// A wait that the application computes. Shared by everything that got the policy, and called by any thread.
class BackoffFunction {
public:
    virtual ~BackoffFunction() = default;
    [[nodiscard]] virtual Duration operator()(int retry, const Attempt& attempt) const = 0;
};

template <class F>
class BackoffFunctionOf final : public BackoffFunction {
public:
    explicit BackoffFunctionOf(F f) : f_(std::move(f)) {}
    Duration operator()(int retry, const Attempt& attempt) const override { return f_(retry, attempt); }

private:
    mutable F f_;
};

template <class F>
concept ComputesBackoff = requires(F& f, const Attempt& attempt) {
    { f(1, attempt) } -> std::convertible_to<Duration>;
};

}  // namespace detail

/// What `Backoff::custom(f)` makes, for the builder's `retry_algorithm`: settings and text hold no functions.
///
/// `f(k, attempt)` gives the wait before the k-th retry, after `attempt` has failed; less than 0 counts as 0. It runs
/// where the object lives. One that throws is warned of, and the wait is `retry_wait` then.
class CustomBackoff {
public:
    explicit CustomBackoff(std::shared_ptr<const detail::BackoffFunction> function) : function_{std::move(function)} {}

    // For the library.
    [[nodiscard]] const std::shared_ptr<const detail::BackoffFunction>& get() const noexcept { return function_; }

private:
    std::shared_ptr<const detail::BackoffFunction> function_;
};

template <class F>
CustomBackoff Backoff::custom(F f) {
    if constexpr (detail::ComputesBackoff<F>) {
        return CustomBackoff(std::make_shared<detail::BackoffFunctionOf<F>>(std::move(f)));
    } else {
        static_assert(detail::accepted<detail::Function<F>>,
                      "concur: a custom backoff computes the wait from the number of the retry and the attempt that "
                      "failed; pass a function Duration(int, const concur::Attempt&)");
        return CustomBackoff(nullptr);
    }
}

/// "linear", "range(1 s, 60 s)"
[[nodiscard]] std::string to_string(const Backoff& backoff);

namespace detail {

template <>
inline constexpr EnumName<Backoff::Curve> enum_names<Backoff::Curve>[] = {
    {"exponential", Backoff::Curve::exponential},   {"linear", Backoff::Curve::linear},
    {"fibonacci", Backoff::Curve::fibonacci},       {"constant", Backoff::Curve::constant},
    {"decorrelated", Backoff::Curve::decorrelated}, {"range", Backoff::Curve::range},
    {"sequence", Backoff::Curve::sequence},         {"custom", Backoff::Curve::custom},
};

}  // namespace detail
}  // namespace concur

template <>
struct fmt::formatter<concur::Backoff> : concur::detail::EnumFormatter<concur::Backoff> {};

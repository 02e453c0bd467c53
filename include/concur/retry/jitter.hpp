/// How much of the wait before a retry is left to chance.
#pragma once

#include <string>

#include "concur/core/enum_names.hpp"

namespace concur {

/// What becomes of a computed wait c:
///
///     Jitter::none              c
///     Jitter::full              random in [0, c]
///     Jitter::equal             c/2 and random in [0, c/2]
///     Jitter::proportional(f)   c(1-f) and random in [0, f c]; a number is the same: 0 is none, 1 is full
///
/// A share outside [0, 1] is kept and refused by the option that gets it. The forms are those of Marc Brooker,
/// "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
class Jitter {
public:
    enum class Form : unsigned char { proportional, equal };

    static const Jitter none;
    static const Jitter full;
    static const Jitter equal;

    [[nodiscard]] static constexpr Jitter proportional(double share) noexcept { return share; }

    constexpr Jitter() noexcept = default;
    constexpr Jitter(double share) noexcept : share_{share} {}

    [[nodiscard]] constexpr Form form() const noexcept { return form_; }
    /// The part of the wait that is random.
    [[nodiscard]] constexpr double share() const noexcept { return share_; }
    [[nodiscard]] constexpr bool is_sound() const noexcept { return share_ >= 0 && share_ <= 1; }

    friend constexpr bool operator==(const Jitter&, const Jitter&) noexcept = default;

private:
    constexpr Jitter(Form form, double share) noexcept : share_{share}, form_{form} {}

    double share_ = 1;
    Form form_ = Form::proportional;
};

inline constexpr Jitter Jitter::none{0.0};
inline constexpr Jitter Jitter::full{1.0};
inline constexpr Jitter Jitter::equal{Jitter::Form::equal, 0.5};

/// "none", "full", "equal", "proportional(0.25)"
[[nodiscard]] std::string to_string(const Jitter& jitter);

}  // namespace concur

template <>
struct fmt::formatter<concur::Jitter> : concur::detail::EnumFormatter<concur::Jitter> {};

#include "concur/retry/backoff.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "concur/core/text.hpp"

namespace concur {

bool Backoff::is_sound() const noexcept {
    if (too_long_ || (curve_ == Curve::sequence && size_ == 0) || (curve_ == Curve::range && size_ != 2)) return false;
    if (std::any_of(begin(), end(), [](Duration wait) { return wait.is_nan() || wait < Duration(); })) return false;
    return curve_ != Curve::range || waits_[0] <= waits_[1];
}

std::string to_string(const Backoff& backoff) {
    std::string text(detail::name_of_value(backoff.curve()));
    if (backoff.size() == 0) return text;
    std::string_view separator = "(";
    for (const Duration wait : backoff) {
        text += separator;
        text += detail::text_of(wait);
        separator = ", ";
    }
    return text + ")";
}

}  // namespace concur

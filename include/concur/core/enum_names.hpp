/// One table of names for an enum, from which it is printed, read from text, and listed in errors.
#pragma once

#include <cstddef>
#include <iterator>
#include <string_view>

#include "concur/core/enum_formatter.hpp"

namespace concur::detail {

template <class Enum>
struct EnumName {
    std::string_view name;
    Enum value;
};

/// The names of an enum's values, as an array of EnumName: the name that is printed first, other spellings of the same
/// value after it. Specialised beside the enum.
template <class Enum>
inline constexpr bool enum_names = false;

/// The first name of `value`; empty if it has none.
template <class Enum>
[[nodiscard]] constexpr std::string_view name_of_value(Enum value) noexcept {
    for (const EnumName<Enum>& each : enum_names<Enum>)
        if (each.value == value) return each.name;
    return {};
}

[[nodiscard]] constexpr bool equal_in_any_case(std::string_view a, std::string_view b) noexcept {
    constexpr auto lower = [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    };
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (lower(a[i]) != lower(b[i])) return false;
    return true;
}

/// Reads any of the names, in any case of letters; false, and `value` as it was, if `text` is none.
template <class Enum>
[[nodiscard]] constexpr bool read_name(std::string_view text, Enum& value) noexcept {
    for (const EnumName<Enum>& each : enum_names<Enum>) {
        if (!equal_in_any_case(text, each.name)) continue;
        value = each.value;
        return true;
    }
    return false;
}

}  // namespace concur::detail

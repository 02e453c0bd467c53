/// Prints enums by their names.
#pragma once

#include <fmt/core.h>

#include <string_view>

namespace concur::detail {

/// A formatter for an enum that has a `to_string`. Takes the empty specification "{}" only: fmt 9 leaves the code for
/// width and alignment to <fmt/format.h>, which the core headers do without.
template <class Enum>
struct EnumFormatter {
    constexpr auto parse(fmt::format_parse_context& context) { return context.begin(); }

    template <class Context>
    auto format(Enum value, Context& context) const {
        // By hand: what fmt::format_to calls is not found in Debian's libfmt by clang 19, which mangles its name
        // differently.
        auto out = context.out();
        for (const char letter : to_string(value)) *out++ = letter;
        return out;
    }
};

}  // namespace concur::detail

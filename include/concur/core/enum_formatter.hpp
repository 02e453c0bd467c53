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
        const std::string_view name = to_string(value);
        return fmt::format_to(context.out(), "{}", fmt::string_view(name.data(), name.size()));
    }
};

}  // namespace concur::detail

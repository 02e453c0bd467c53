/// The table of options: what there is to know of each, in one place.
///
/// A new option is a member of Settings, a setter in worker/options.hpp and a row in option_table.cpp. Its name is that
/// of the member.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "concur/backend/settings.hpp"

namespace concur::detail {

/// The text of a value, as somebody wrote it.
struct GivenText {
    std::string_view text;
    /// False for what JSON writes without quotes: 4, true, null.
    bool is_string = true;

    [[nodiscard]] std::string shown() const;
};

/// One option, whatever its type. `value` is short for: its member in the given Settings.
struct Option {
    std::string_view name;
    /// "0 or more, or concur::unlimited"
    std::string_view allowed;

    bool (*is_set)(const Settings&);
    void (*clear)(Settings&);
    void (*copy)(Settings& to, const Settings& from);
    /// Whether a value that is set is within `allowed`.
    bool (*is_allowed)(const Settings&);
    /// Sets the value from text; what is wrong with the text, or nothing.
    std::string (*read)(Settings&, const GivenText&);
    std::string (*print)(const Settings&);
};

inline constexpr std::size_t option_count = 33;

/// In the order of the members of Settings.
[[nodiscard]] const std::array<Option, option_count>& option_table() noexcept;

/// Each option that is not set takes the value that it has in a weaker layer.
void take_layer(Settings& settings, const Settings& weaker) noexcept;

/// The first option with a value that is not within `allowed`; null if there is none.
[[nodiscard]] const Option* find_not_allowed(const Settings& settings) noexcept;

/// Null if there is no option of that name.
[[nodiscard]] const Option* find_option(std::string_view name) noexcept;

/// ConfigError: option, value, and what is allowed.
[[noreturn]] void refuse(const Option& option, const Settings& settings, std::string_view allowed);

}  // namespace concur::detail

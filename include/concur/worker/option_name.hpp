/// The name of an option: that of its member in Settings, wherever it is needed.
#pragma once

#include <string_view>

#include "concur/backend/settings.hpp"
#include "concur/call/names.hpp"

namespace concur::detail {

/// "max_workers" for `&Settings::max_workers`.
template <auto member>
inline constexpr std::string_view option_name = [] {
    const std::string_view name = name_of_method<member>();
    return name.substr(name.rfind(':') + 1);
}();

template <class Member>
struct OptionalMember;
template <class Value>
struct OptionalMember<std::optional<Value> Settings::*> {
    using type = Value;
};

/// What an option holds: int for `&Settings::max_workers`.
template <auto member>
using OptionValue = typename OptionalMember<std::remove_const_t<decltype(member)>>::type;

}  // namespace concur::detail

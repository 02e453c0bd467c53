/// Whether a value can really be copied, however deeply.
#pragma once

#include <array>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace concur::detail {

/// `std::vector<std::unique_ptr<int>>` says that it can be copied, and is a hard error when one tries. So containers
/// and other class templates are asked for what they hold.
template <class T>
struct IsCopyable : std::is_copy_constructible<T> {};

template <class T>
inline constexpr bool is_copyable = IsCopyable<std::remove_cv_t<T>>::value;

// A template argument may be a tag, a comparison or an abstract class: only what is an object type that could be held
// counts.
template <class Argument>
inline constexpr bool is_copyable_argument =
    !std::is_object_v<Argument> || std::is_abstract_v<Argument> || is_copyable<Argument>;

template <template <class...> class Template, class... Arguments>
    requires(std::is_copy_constructible_v<Template<Arguments...>>&& requires {
        typename Template<Arguments...>::value_type;
    })
struct IsCopyable<Template<Arguments...>> : std::bool_constant<(is_copyable_argument<Arguments> && ...)> {};

template <class First, class Second>
struct IsCopyable<std::pair<First, Second>> : std::bool_constant<is_copyable<First> && is_copyable<Second>> {};

template <class... Elements>
struct IsCopyable<std::tuple<Elements...>> : std::bool_constant<(is_copyable<Elements> && ...)> {};

template <class... Alternatives>
struct IsCopyable<std::variant<Alternatives...>> : std::bool_constant<(is_copyable<Alternatives> && ...)> {};

template <class Element, std::size_t size>
struct IsCopyable<std::array<Element, size>> : IsCopyable<Element> {};

/// Whether what a function returns can become the value of a future: a reference is copied, a value moved on.
template <class R>
inline constexpr bool becomes_value = [] {
    using Plain = std::remove_cvref_t<R>;
    if constexpr (std::is_lvalue_reference_v<R>) {
        // A function decays to its pointer. So would an array, to one into an object of somebody else.
        return std::is_function_v<Plain> || is_copyable<Plain>;
    } else {
        return std::is_void_v<R> || std::is_constructible_v<Plain, R>;
    }
}();

}  // namespace concur::detail

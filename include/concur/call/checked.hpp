/// What the engine knows of `Valid<T, Rules...>` parameters (worker/valid.hpp): that converting to one may throw, how
/// containers of them are made, and how an error learns where it happened.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "concur/core/errors.hpp"

namespace concur {
template <class T, auto... rules>
class Valid;
}

namespace concur::detail {

/// Whether a T is a Valid, or has one among its elements.
template <class T>
inline constexpr bool holds_valid = false;
template <class T, auto... rules>
inline constexpr bool holds_valid<Valid<T, rules...>> = true;
template <template <class...> class Container, class... T>
inline constexpr bool holds_valid<Container<T...>> = (holds_valid<T> || ...);
template <class T, std::size_t size>
inline constexpr bool holds_valid<std::array<T, size>> = holds_valid<T>;

// ---- vector<Valid<int, ...>> from vector<int>

/// What is given with a part of type `Part` of something that is given as a `Given`.
template <class Given, class Part>
using GivenPart = std::conditional_t<std::is_lvalue_reference_v<Given>, const Part&, Part&&>;

/// The same for an element of a container: those of sets and the bits of vector<bool> cannot be moved away.
template <class Given, class From>
using GivenElement =
    std::conditional_t<std::is_same_v<decltype(*std::declval<From&>().begin()), typename From::value_type&>,
                       GivenPart<Given, typename From::value_type>, const typename From::value_type&>;

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_pair = false;
template <class A, class B>
inline constexpr bool is_pair<std::pair<A, B>> = true;

template <class To, class From>
concept FilledFrom = requires(To& to, const From& from) {
    typename To::value_type;
    typename From::value_type;
    from.begin();
    from.end();
    to.insert(to.end(), std::declval<typename To::value_type>());
};

/// Whether a `Given` becomes a `To`, by itself or element by element.
template <class To, class Given>
consteval bool find_elements_convert() {
    using From = std::remove_cvref_t<Given>;
    if constexpr (std::is_convertible_v<Given, To>) {
        return true;
    } else if constexpr (!holds_valid<To>) {
        return false;
    } else if constexpr (is_pair<To> && is_pair<From>) {
        return find_elements_convert<typename To::first_type, GivenPart<Given, typename From::first_type>>() &&
               find_elements_convert<typename To::second_type, GivenPart<Given, typename From::second_type>>();
    } else if constexpr (is_optional<To> && is_optional<From>) {
        return find_elements_convert<typename To::value_type, GivenPart<Given, typename From::value_type>>();
    } else if constexpr (FilledFrom<To, From>) {
        return find_elements_convert<typename To::value_type, GivenElement<Given, From>>();
    } else {
        return false;
    }
}
template <class To, class Given>
inline constexpr bool elements_convert = find_elements_convert<To, Given>();

template <class To, class Given>
To convert_elements(Given&& given) {
    using From = std::remove_cvref_t<Given>;
    if constexpr (std::is_convertible_v<Given, To>) {
        return std::forward<Given>(given);
    } else if constexpr (is_pair<To>) {
        return To(convert_elements<typename To::first_type>(std::forward<Given>(given).first),
                  convert_elements<typename To::second_type>(std::forward<Given>(given).second));
    } else if constexpr (is_optional<To>) {
        if (!given) return std::nullopt;
        return convert_elements<typename To::value_type>(*std::forward<Given>(given));
    } else {
        To filled;
        for (auto&& element : given) {
            using Element = GivenElement<Given, From>;
            filled.insert(filled.end(), convert_elements<typename To::value_type>(static_cast<Element>(element)));
        }
        return filled;
    }
}

// ---- where it happened

/// A ValidationError that knows the value it is about, as long as that lives.
class Violation final : public ValidationError {
public:
    Violation(const std::string& text, std::string value, std::string rule, const void* source)
        : ValidationError(text, std::move(value), std::move(rule), 0, {}), source_{source} {}
    [[nodiscard]] const void* source() const noexcept { return source_; }

private:
    const void* source_;
};

/// An argument, as memory.
struct ArgumentPlace {
    const void* start;
    std::size_t size;
};

/// Throws the error on, with the position that it lacks.
[[noreturn]] void throw_at(int position, const Violation& violation);
/// The same, where the position is that of the argument which holds the value; from elsewhere it is thrown as it is.
[[noreturn]] void throw_from(std::string_view method, const Violation& violation,
                             std::initializer_list<ArgumentPlace> arguments);
/// To be called in a handler: throws what is handled on, a ValidationError with the method that it lacks.
[[noreturn]] void rethrow_from(std::string_view method);

}  // namespace concur::detail

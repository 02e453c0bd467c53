/// Structures with futures in them, and the same structures with the values in their place.
///
/// Known are futures, std::pair, tuple, array, optional, variant (of futures only), and every class template that looks
/// like a standard container (`value_type`, `begin`, `end`, and `push_back` or `insert`; `mapped_type` makes it a map,
/// whose keys are left alone), in any nesting. Parts without futures are moved or copied as they are.
#pragma once

#include <array>
#include <concepts>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "concur/future/future.hpp"

namespace concur::detail {

/// Who owns the structure: what it owns may be moved out, what is only looked at is copied.
enum class Structure : bool { borrowed, owned };

// What takes the place of a future.

/// Its value; a failure is rethrown.
struct ToValue {
    template <class T>
    using type = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

    template <Structure structure, class T>
    static type<T> convert(const Future<T>& future) {
        if constexpr (std::is_void_v<T>) {
            future.result();
            return {};
        } else if constexpr (structure == Structure::owned) {
            if (future.exception()) std::rethrow_exception(future.exception());
            return take_value<T>(*future.shared_state_of_future());
        } else {
            return Future<T>(future).result();
        }
    }
};

/// Its outcome, that is its value or its failure.
struct ToOutcome {
    template <class T>
    using type = Outcome<T>;

    template <Structure structure, class T>
    static Outcome<T> convert(const Future<T>& future) noexcept {
        try {
            if constexpr (std::is_void_v<T>) {
                future.result();
                return Outcome<T>();
            } else {
                return Outcome<T>(ToValue::convert<structure>(future));
            }
        } catch (...) {
            return Outcome<T>(std::current_exception());
        }
    }
};

/// A type without futures.
template <class A, class To = ToValue>
struct Unwrap {
    static constexpr bool has_future = false;
    using type = A;
};

template <class A>
inline constexpr bool contains_future = Unwrap<std::remove_cvref_t<A>>::has_future;

template <class A, class To = ToValue>
using Unwrapped = typename Unwrap<std::remove_cvref_t<A>, To>::type;

/// Calls `visit(StateBase&)` for each future of the structure, in order.
template <class A, class Visit>
void visit_futures(const A& structure, Visit& visit) {
    if constexpr (contains_future<A>) Unwrap<A>::visit(structure, visit);
}

/// The structure with the values of its futures, all of which are done. Rethrows the exception of one that failed.
template <Structure structure, class To = ToValue, class A>
decltype(auto) unwrap_part(A& part) {
    if constexpr (contains_future<A>) {
        return Unwrap<std::remove_const_t<A>, To>::template values<structure>(part);
    } else if constexpr (structure == Structure::owned && !std::is_const_v<A>) {
        return std::move(part);
    } else {
        return std::as_const(part);
    }
}

template <class T, class To>
struct Unwrap<Future<T>, To> {
    static constexpr bool has_future = true;
    using type = typename To::template type<T>;

    template <class Visit>
    static void visit(const Future<T>& future, Visit& visit) {
        if (!future.valid()) throw_no_state();
        visit(*future.shared_state_of_future());
    }

    template <Structure structure>
    static type values(const Future<T>& future) {
        return To::template convert<structure>(future);
    }
};

// ---- containers

/// `Argument` with every From inside it replaced by To: `std::allocator<From>` becomes `std::allocator<To>`.
template <class Argument, class From, class To>
struct Substitute {
    using type = Argument;
};
template <class From, class To>
struct Substitute<From, From, To> {
    using type = To;
};
template <template <class...> class Template, class... Arguments, class From, class To>
    requires(!std::is_same_v<Template<Arguments...>, From>)
struct Substitute<Template<Arguments...>, From, To> {
    using type = Template<typename Substitute<Arguments, From, To>::type...>;
};

template <class C>
concept Container = requires(C& container) {
    typename C::value_type;
    container.begin();
    container.end();
    container.size();
};

template <class C>
concept MapContainer = Container<C> && requires {
    typename C::mapped_type;
};

template <class C>
concept SetContainer = Container<C> && !MapContainer<C> && !requires(C & container, typename C::value_type& element) {
    container.push_back(element);
};

/// What all containers share: visiting, and building the new one element by element.
template <class Source, class Result, class To>
struct UnwrapContainer {
    static constexpr bool has_future = true;
    using type = Result;

    template <class Visit>
    static void visit(const Source& source, Visit& visit) {
        for (const auto& element : source) visit_element(element, visit);
    }

    template <Structure structure, class From>
    static Result values(From& source) {
        Result result = empty_like(source);
        if constexpr (requires { result.reserve(source.size()); }) result.reserve(source.size());
        for (auto& element : source) {
            if constexpr (MapContainer<Source>) {
                result.emplace(element.first, unwrap_part<structure, To>(element.second));
            } else if constexpr (requires { result.push_back(unwrap_part<structure, To>(element)); }) {
                result.push_back(unwrap_part<structure, To>(element));
            } else {
                result.insert(unwrap_part<structure, To>(element));
            }
        }
        return result;
    }

private:
    /// With the source's way to order or hash its keys. Not with its allocator: like any copy, what is built here may
    /// outlive the arena of the original.
    static Result empty_like(const Source& source) {
        if constexpr (requires { requires std::same_as<typename Source::key_compare, typename Result::key_compare>; }) {
            return Result(source.key_comp());
        } else if constexpr (requires {
                                 requires std::same_as<typename Source::hasher, typename Result::hasher>;
                                 requires std::same_as<typename Source::key_equal, typename Result::key_equal>;
                             }) {
            return Result(0, source.hash_function(), source.key_eq());
        } else {
            return Result();
        }
    }

    template <class Element, class Visit>
    static void visit_element(const Element& element, Visit& visit) {
        if constexpr (MapContainer<Source>) {
            visit_futures(element.second, visit);
        } else {
            visit_futures(element, visit);
        }
    }
};

template <template <class...> class Template, class Element, class... Rest, class To>
    requires(Container<Template<Element, Rest...>> && !MapContainer<Template<Element, Rest...>> &&
             contains_future<Element>)
struct Unwrap<Template<Element, Rest...>, To>
    : UnwrapContainer<
          Template<Element, Rest...>,
          Template<Unwrapped<Element, To>, typename Substitute<Rest, Element, Unwrapped<Element, To>>::type...>, To> {};

template <template <class...> class Template, class Key, class Element, class... Rest, class To>
    requires(MapContainer<Template<Key, Element, Rest...>>&& contains_future<Element>)
struct Unwrap<Template<Key, Element, Rest...>, To>
    : UnwrapContainer<Template<Key, Element, Rest...>,
                      Template<Key, Unwrapped<Element, To>,
                               typename Substitute<Rest, std::pair<const Key, Element>,
                                                   std::pair<const Key, Unwrapped<Element, To>>>::type...>,
                      To> {};

// ---- pair, tuple, array, optional, variant

/// What tuples, pairs and arrays share.
template <class Source, class Result, class To>
struct UnwrapTuple {
    static constexpr bool has_future = true;
    using type = Result;

    template <class Visit>
    static void visit(const Source& source, Visit& visit) {
        std::apply([&](const auto&... elements) { (visit_futures(elements, visit), ...); }, source);
    }
    template <Structure structure, class From>
    static Result values(From& source) {
        return std::apply([](auto&... elements) { return Result{unwrap_part<structure, To>(elements)...}; }, source);
    }
};

template <class First, class Second, class To>
    requires(contains_future<First> || contains_future<Second>)
struct Unwrap<std::pair<First, Second>, To>
    : UnwrapTuple<std::pair<First, Second>, std::pair<Unwrapped<First, To>, Unwrapped<Second, To>>, To> {};

template <class... Elements, class To>
    requires(contains_future<Elements> || ...)
struct Unwrap<std::tuple<Elements...>, To>
    : UnwrapTuple<std::tuple<Elements...>, std::tuple<Unwrapped<Elements, To>...>, To> {};

template <class Element, std::size_t size, class To>
    requires contains_future<Element>
struct Unwrap<std::array<Element, size>, To>
    : UnwrapTuple<std::array<Element, size>, std::array<Unwrapped<Element, To>, size>, To> {
};

template <class Value, class To>
    requires contains_future<Value>
struct Unwrap<std::optional<Value>, To> {
    static constexpr bool has_future = true;
    using type = std::optional<Unwrapped<Value, To>>;

    template <class Visit>
    static void visit(const std::optional<Value>& source, Visit& visit) {
        if (source) visit_futures(*source, visit);
    }
    template <Structure structure, class From>
    static type values(From& source) {
        if (!source) return std::nullopt;
        return type(unwrap_part<structure, To>(*source));
    }
};

/// A variant of values and futures would lose which of them it was; `mixed` ones are refused where they are used.
template <class... Alternatives, class To>
    requires(contains_future<Alternatives> || ...)
struct Unwrap<std::variant<Alternatives...>, To> {
    static constexpr bool has_future = true;
    static constexpr bool mixed = !(contains_future<Alternatives> && ...);
    using type = std::variant<Unwrapped<Alternatives, To>...>;

    template <class Visit>
    static void visit(const std::variant<Alternatives...>& source, Visit& visit) {
        std::visit([&](const auto& alternative) { visit_futures(alternative, visit); }, source);
    }
    template <Structure structure, class From>
    static type values(From& source) {
        return values_of<structure>(source, std::index_sequence_for<Alternatives...>());
    }

private:
    template <Structure structure, class From, std::size_t... index>
    static type values_of(From& source, std::index_sequence<index...>) {
        std::optional<type> result;
        static_cast<void>(
            ((source.index() == index &&
              (result.emplace(std::in_place_index<index>, unwrap_part<structure, To>(*std::get_if<index>(&source))),
               true)) ||
             ...));
        return std::move(*result);
    }
};

/// A variant of values and futures, at any depth.
template <class A>
inline constexpr bool has_mixed_variant = false;
template <template <class...> class Template, class... Arguments>
    requires contains_future<Template<Arguments...>>
inline constexpr bool has_mixed_variant<Template<Arguments...>> = (has_mixed_variant<Arguments> || ...);
template <class... Alternatives>
    requires contains_future<std::variant<Alternatives...>>
inline constexpr bool has_mixed_variant<std::variant<Alternatives...>> =
    Unwrap<std::variant<Alternatives...>>::mixed || (has_mixed_variant<Alternatives> || ...);
template <class Element, std::size_t size>
inline constexpr bool has_mixed_variant<std::array<Element, size>> = has_mixed_variant<Element>;

/// A std::set of futures or the like, at any depth.
template <class A>
inline constexpr bool has_set_of_futures = false;
template <template <class...> class Template, class... Arguments>
    requires contains_future<Template<Arguments...>>
inline constexpr bool has_set_of_futures<Template<Arguments...>> =
    SetContainer<Template<Arguments...>> || (has_set_of_futures<Arguments> || ...);
template <class Element, std::size_t size>
inline constexpr bool has_set_of_futures<std::array<Element, size>> = has_set_of_futures<Element>;

}  // namespace concur::detail

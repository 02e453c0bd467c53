/// `when_all` and `when_all_outcomes`: the values of a structure of futures, as one future.
#pragma once

#include <initializer_list>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "concur/core/refused.hpp"
#include "concur/future/joint.hpp"
#include "concur/future/range.hpp"

namespace concur {
namespace detail {

template <class A>
inline constexpr bool is_range_of_void_futures = false;
template <Container A>
    requires std::is_same_v<typename A::value_type, Future<void>>
inline constexpr bool is_range_of_void_futures<A> = true;

/// Nothing for futures of void that have no neighbours of other types.
template <class Structure, class To>
using AllOfResult = std::conditional_t<std::is_same_v<To, ToValue> && (std::is_same_v<Structure, Future<void>> ||
                                                                       is_range_of_void_futures<Structure>),
                                       void, Unwrapped<Structure, To>>;

/// What a joint keeps of a structure, and how it makes the values of it.
template <class Structure, class To>
struct AllOf {
    static constexpr StopReason failure_reason = StopReason::retries_exhausted;

    Structure futures;

    AllOfResult<Structure, To> operator()(std::size_t) {
        if constexpr (!std::is_void_v<AllOfResult<Structure, To>>)
            return unwrap_part<concur::detail::Structure::owned, To>(futures);
    }
};

/// What can be said against a structure.
enum class StructureFault : unsigned char { none, mixed_variant, set_of_outcomes };

template <class To, class A>
consteval StructureFault structure_fault() {
    using Plain = std::remove_cvref_t<A>;
    if constexpr (has_mixed_variant<Plain>) {
        return StructureFault::mixed_variant;
    } else if constexpr (std::is_same_v<To, ToOutcome> && has_set_of_futures<Plain>) {
        return StructureFault::set_of_outcomes;
    } else {
        return StructureFault::none;
    }
}

/// The future of all values or outcomes of a structure; Refused where there is none.
template <class To, class A>
[[nodiscard]] auto join_all(A&& structure, bool cancel_rest = false, std::string_view progress = {}) {
    using Plain = std::remove_cvref_t<A>;
    constexpr StructureFault fault = structure_fault<To, A>();
    if constexpr (fault == StructureFault::mixed_variant) {
        static_assert(accepted<Given<A>>,
                      "concur: gather() or when_all() was given a variant of values and futures; make the values "
                      "futures with ready(v), or use list(...)");
        return Refused();
    } else if constexpr (fault == StructureFault::set_of_outcomes) {
        static_assert(accepted<Given<A>>,
                      "concur: this structure has a set of futures in it, and outcomes have no order; put the futures "
                      "into a std::vector");
        return Refused();
    } else {
        constexpr auto until = std::is_same_v<To, ToOutcome> ? Joint::Until::all_done : Joint::Until::first_failure;
        return join<AllOfResult<Plain, To>>(AllOf<Plain, To>{std::forward<A>(structure)}, until, cancel_rest, progress);
    }
}

/// Arguments that are one structure and perhaps options, or several futures.
template <class Options, class First, class... More>
inline constexpr bool are_structure_or_futures = (contains_future<First> && are_options<Options, More...>) ||
                                                 (sizeof...(More) != 0 && is_future<std::remove_cvref_t<First>> &&
                                                  (is_future<std::remove_cvref_t<More>> && ...));

template <class... Futures>
concept SeveralFutures = sizeof...(Futures) >= 2 && (is_future<std::remove_cvref_t<Futures>> && ...);

template <class... Futures>
[[nodiscard]] auto tuple_of(Futures&&... futures) {
    return std::tuple<std::remove_cvref_t<Futures>...>(std::forward<Futures>(futures)...);
}

}  // namespace detail

/// A future of the values of all futures in a structure, in its shape: a vector for a vector, a map with the same keys
/// for a map, a tuple for a tuple, at any depth; nothing for a range of `Future<void>`, a std::monostate for one inside
/// a tuple. Several futures give a tuple.
///
/// The first failure, in time, ends it; the others go on. No thread waits: the thread that completes the last future
/// makes the values, which are moved where no other handle on the future exists, else copied. Cancelling it leaves the
/// futures alone, `cancel(Cancel::sources)` cancels them too.
///
///     concur::when_all(parts).then([](std::vector<Part> parts) { return join(parts); });
template <class A>
    requires detail::contains_future<A>
[[nodiscard]] auto when_all(A&& structure) { return detail::join_all<detail::ToValue>(std::forward<A>(structure)); }
template <class T>
[[nodiscard]] auto when_all(std::initializer_list<Future<T>> futures) {
    return when_all(std::vector<Future<T>>(futures));
}
template <class... Futures>
    requires detail::SeveralFutures<Futures...>
[[nodiscard]] auto when_all(Futures&&... futures) {
    return when_all(detail::tuple_of(std::forward<Futures>(futures)...));
}
template <class First, class... More>
    requires(!detail::are_structure_or_futures<detail::NoOptions, First, More...>)
detail::Refused when_all(First&&, More&&...) {
    static_assert(detail::accepted<detail::Given<First, More...>>,
                  "concur: when_all() takes several futures, or one structure with futures in it; put other things "
                  "into a std::tuple");
    return {};
}

/// The same with an Outcome in the place of each future, when all are done: failures stay where they happened, and the
/// future itself does not fail.
template <class A>
    requires detail::contains_future<A>
[[nodiscard]] auto when_all_outcomes(A&& structure) {
    return detail::join_all<detail::ToOutcome>(std::forward<A>(structure));
}
template <class T>
[[nodiscard]] auto when_all_outcomes(std::initializer_list<Future<T>> futures) {
    return when_all_outcomes(std::vector<Future<T>>(futures));
}
template <class... Futures>
    requires detail::SeveralFutures<Futures...>
[[nodiscard]] auto when_all_outcomes(Futures&&... futures) {
    return when_all_outcomes(detail::tuple_of(std::forward<Futures>(futures)...));
}
template <class First, class... More>
    requires(!detail::are_structure_or_futures<detail::NoOptions, First, More...>)
detail::Refused when_all_outcomes(First&&, More&&...) {
    static_assert(detail::accepted<detail::Given<First, More...>>,
                  "concur: when_all_outcomes() takes several futures, or one structure with futures in it; put other "
                  "things into a std::tuple");
    return {};
}

}  // namespace concur

/// `list` and `as_is`: how futures are passed where their type alone does not say what is meant.
#pragma once

#include <type_traits>
#include <utility>
#include <vector>

#include "concur/core/refused.hpp"
#include "concur/future/future.hpp"
#include "concur/future/promise.hpp"

namespace concur {
namespace detail {

template <class T>
Future<T> as_future(Future<T> future) {
    return future;
}
template <class T, class V>
    requires(!is_future<std::decay_t<V>>)
Future<T> as_future(V&& value) { return ready(static_cast<T>(std::forward<V>(value))); }

template <class A>
struct ListValue {
    using type = std::decay_t<A>;
};
template <class T>
struct ListValue<Future<T>> {
    using type = T;
};
template <class... A>
using ListValueOf = std::common_type_t<typename ListValue<std::remove_cvref_t<A>>::type...>;

/// Values of one type, and futures of exactly that type.
template <class... A>
inline constexpr bool can_list = false;
template <class... A>
    requires requires { typename ListValueOf<A...>; }
inline constexpr bool can_list<A...> =
    ((!is_future<std::remove_cvref_t<A>> || std::is_same_v<std::remove_cvref_t<A>, Future<ListValueOf<A...>>>)&&...);

}  // namespace detail

/// Values and futures of one type side by side, as an argument: `worker.call<&T::sum>(concur::list(a, 20, 30))`.
template <class First, class... More>
[[nodiscard]] auto list(First&& first, More&&... more) {
    if constexpr (detail::can_list<First, More...>) {
        using T = detail::ListValueOf<First, More...>;
        std::vector<Future<T>> futures;
        futures.reserve(1 + sizeof...(More));
        futures.push_back(detail::as_future<T>(std::forward<First>(first)));
        (futures.push_back(detail::as_future<T>(std::forward<More>(more))), ...);
        return futures;
    } else {
        static_assert(
            detail::accepted<detail::Given<First, More...>>,
            "concur: list() takes values and futures of one type; convert the others, futures with then(...)");
        return detail::Refused();
    }
}

/// A future that is meant to stay one, where its value would fit as well (generic functions).
template <class T>
struct AsIs {
    Future<T> future;
};
template <class T>
[[nodiscard]] AsIs<T> as_is(Future<T> future) {
    return {std::move(future)};
}

}  // namespace concur

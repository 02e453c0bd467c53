/// How a coroutine is recognised without Asio's headers: by the type that it returns.
#pragma once

#include <type_traits>

namespace boost::asio {
class execution_context;
template <class R, class Executor>
class awaitable;
}  // namespace boost::asio

namespace concur::detail {

template <class R>
inline constexpr bool is_awaitable = false;
template <class R, class Executor>
inline constexpr bool is_awaitable<boost::asio::awaitable<R, Executor>> = true;

template <class R>
struct AwaitedType {
    using type = R;
};
template <class R, class Executor>
struct AwaitedType<boost::asio::awaitable<R, Executor>> {
    using type = R;
};
/// What an awaitable gives; anything else itself.
template <class R>
using Awaited = typename AwaitedType<R>::type;

/// Runs the coroutines of calls. <concur/asio.hpp> defines it.
template <class Awaitable>
struct Coroutine;
template <class Awaitable>
inline constexpr bool runs_coroutines = requires {
    sizeof(Coroutine<Awaitable>);
};

}  // namespace concur::detail

/// `Future::async_result`: futures in coroutines, and as Asio operations.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "concur/asio/future_wait.hpp"
#include "concur/future/future.hpp"
#include "concur/future/outcome.hpp"

namespace concur {

/// First argument of `async_result`: who cancels the waiting cancels the call, too.
struct CancelCall {};
/// `co_await future.async_result(concur::cancel_call)`, `future.async_result(concur::cancel_call, token)`
inline constexpr CancelCall cancel_call;

namespace detail {

/// The value of a done future, or the exception, as an operation has them: both.
template <class T>
struct DeliverValue {
    using Signature = void(std::exception_ptr, T);

    template <class Handler>
    static void deliver(Handler handler, Future<T> future, std::exception_ptr error) {
        std::optional<T> value;
        try {
            if (!error) value.emplace(std::move(future).result());
        } catch (...) {
            error = std::current_exception();
        }
        future = {};
        if (!value) value.emplace();
        std::move(handler)(std::move(error), std::move(*value));
    }
};
template <>
struct DeliverValue<void> {
    using Signature = void(std::exception_ptr);

    template <class Handler>
    static void deliver(Handler handler, Future<void> future, std::exception_ptr error) {
        if (!error) error = future.exception();
        future = {};
        std::move(handler)(std::move(error));
    }
};
/// The same where there is no T beside an exception.
template <class T>
struct DeliverOutcome {
    using Signature = void(Outcome<T>);

    template <class Handler>
    static void deliver(Handler handler, Future<T> future, std::exception_ptr error) {
        std::move(handler)(outcome_of(std::move(future), std::move(error)));
    }

private:
    static Outcome<T> outcome_of(Future<T> future, std::exception_ptr error) {
        if (error) return Outcome<T>(std::move(error));
        try {
            return std::move(future).outcome();
        } catch (...) {
            return Outcome<T>(std::current_exception());
        }
    }
};

template <class T>
using DeliverTo =
    std::conditional_t<std::is_void_v<T> || std::is_default_constructible_v<T>, DeliverValue<T>, DeliverOutcome<T>>;

template <class Token>
struct AwaitableExecutor {};
template <class Executor>
struct AwaitableExecutor<net::use_awaitable_t<Executor>> {
    using type = Executor;
};

template <class Token>
concept UseAwaitable = requires {
    typename AwaitableExecutor<std::decay_t<Token>>::type;
};

/// Ends when the future is done. The caller keeps it.
template <class T, class Executor>
net::awaitable<T, Executor> await_result(Future<T> future, bool cancels_call) {
    if (!future.done()) {
        auto end = net::async_initiate<const net::deferred_t, void(std::exception_ptr)>(
            StartFutureWait<T, DeliverEnd>{future, cancels_call}, net::deferred);
        co_await std::move(end);
    }
    co_return std::move(future).result();
}

template <class T, class Token>
auto start_async_result(const Future<T>& future, bool cancels_call, Token&& token) {
    if constexpr (UseAwaitable<Token>) {
        return await_result<T, typename AwaitableExecutor<std::decay_t<Token>>::type>(future, cancels_call);
    } else {
        using Deliver = DeliverTo<T>;
        return net::async_initiate<Token, typename Deliver::Signature>(
            StartFutureWait<T, Deliver>{future, cancels_call}, token);
    }
}

/// `future.async_result(...)`: see <concur/asio.hpp>.
template <class... Token>
struct AsyncResult {
    template <class T, class... More>
    static auto start(const Future<T>& future, More&&... more) {
        if (!future.valid()) throw_no_state();
        future.shared_state_of_future()->refuse_if_forked();
        return with(future, std::forward<More>(more)...);
    }

private:
    template <class T>
    static auto with(const Future<T>& future) {
        return start_async_result(future, false, net::use_awaitable);
    }
    template <class T>
    static auto with(const Future<T>& future, const CancelCall&) {
        return start_async_result(future, true, net::use_awaitable);
    }
    template <class T, class A>
    static auto with(const Future<T>& future, A&& token) {
        return start_async_result(future, false, std::forward<A>(token));
    }
    template <class T, class A>
    static auto with(const Future<T>& future, const CancelCall&, A&& token) {
        return start_async_result(future, true, std::forward<A>(token));
    }
};

}  // namespace detail
}  // namespace concur

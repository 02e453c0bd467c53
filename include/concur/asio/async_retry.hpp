/// `async_retry`: any coroutine or function, retried in a coroutine.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>
#include <concepts>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "concur/asio/child_coroutines.hpp"
#include "concur/asio/clock_wait.hpp"
#include "concur/worker/retry.hpp"

namespace concur {

/// For `concur::async_retry`.
struct AsyncRetryOptions {
    /// Where it waits: the steady clock, or a `testing::ManualClock`, which must live until then.
    ClockReference clock{};
    /// Is told why the last attempt was the last one; `none` after a success.
    StopReason* stop_reason = nullptr;
};
// g++ 12 frees temporaries of a co_await expression twice.
static_assert(std::is_trivially_copyable_v<AsyncRetryOptions>);

namespace detail {

/// What a function returns: awaited, if it is a coroutine.
template <class Returned>
struct RetriedType {
    static constexpr bool is_coroutine = false;
    using type = Owned<Returned>;
    using Executor = net::any_io_executor;
};
template <class R, class E>
struct RetriedType<net::awaitable<R, E>> {
    static constexpr bool is_coroutine = true;
    using type = Owned<R>;
    using Executor = E;
};

template <class F>
using Retried = RetriedType<std::decay_t<decltype(attempt(std::declval<F&>(), std::declval<const Attempt&>()))>>;

/// Where the result of an attempt comes to lie.
template <class R>
class AttemptResultPlace {
public:
    template <class Returned, class Executor>
    static net::awaitable<void, Executor> await(net::awaitable<Returned, Executor> coroutine,
                                                AttemptResultPlace& place) {
        if constexpr (std::is_void_v<R>) {
            return coroutine;
        } else {
            return keep(std::move(coroutine), place);
        }
    }
    template <class F>
    void call(F& f, const Attempt& which) {
        if constexpr (std::is_void_v<R>) {
            attempt(f, which);
        } else {
            value_.emplace(to_owned(attempt(f, which)));
        }
    }
    /// Null for void, and if the attempt has thrown.
    [[nodiscard]] const R* value() const noexcept {
        if constexpr (std::is_void_v<R>) {
            return nullptr;
        } else {
            return value_ ? &*value_ : nullptr;
        }
    }
    [[nodiscard]] R take() {
        if constexpr (!std::is_void_v<R>) return std::move(*value_);
    }

private:
    struct Nothing {};

    template <class Returned, class Executor>
    static net::awaitable<void, Executor> keep(net::awaitable<Returned, Executor> coroutine,
                                               AttemptResultPlace& place) {
        place.value_.emplace(to_owned(co_await std::move(coroutine)));
    }

    std::conditional_t<std::is_void_v<R>, Nothing, std::optional<std::conditional_t<std::is_void_v<R>, Nothing, R>>>
        value_{};
};

/// Of results that validators have rejected; void has none.
template <class R>
class RejectedPlace {
public:
    explicit RejectedPlace(const FunctionRetry& retry) : results_(retry.results_kept()) {}
    void add_if_rejected(AttemptResultPlace<R>& place, const FunctionRetry& retry) {
        if (retry.course().rejected()) results_.add(place.take(), retry.course().last_messages());
    }
    [[noreturn]] void throw_error(const FunctionRetry& retry) {
        if (retry.ends_in_validation_error()) std::rethrow_exception(std::move(results_).into_error(retry.course()));
        retry.throw_error();
    }

private:
    RejectedResults<R> results_;
};
template <>
class RejectedPlace<void> {
public:
    explicit RejectedPlace(const FunctionRetry&) {}
    void add_if_rejected(AttemptResultPlace<void>&, const FunctionRetry&) {}
    [[noreturn]] void throw_error(const FunctionRetry& retry) { retry.throw_error(); }
};

/// An attempt with an end: that is a coroutine beside it, and whoever ends first cancels the other.
template <class Executor>
net::awaitable<void, Executor> await_until(net::awaitable<void, Executor> coroutine, Clock& clock, TimePoint end) {
    std::vector<net::awaitable<void, Executor>> both;
    both.push_back(std::move(coroutine));
    both.push_back(async_wait_until<Executor>(clock, end));
    const IntrusivePtr<ChildCoroutines> group(new ChildCoroutines(both.size(), ChildCoroutines::Rest::ends_with_first));
    auto ended = run_children(group, std::move(both));
    co_await std::move(ended);
    if (group->error(0)) std::rethrow_exception(group->error(0));
}

template <class R, class F, class Executor = typename Retried<F>::Executor>
net::awaitable<void, Executor> await_attempt(FunctionRetry& retry, F& f, AttemptResultPlace<R>& place) {
    auto coroutine = AttemptResultPlace<R>::await(attempt(f, retry.course().attempt()), place);
    if (retry.attempt_end() == no_deadline) return coroutine;
    return await_until(std::move(coroutine), retry.clock(), retry.attempt_end());
}

template <class R, class Executor, class F>
net::awaitable<R, Executor> retry_in_coroutine(RetryPolicy policy, F f, TimeSource clock, StopReason* stop_reason) {
    FunctionRetry retry(policy, clock, stop_reason);
    RejectedPlace<R> rejected(retry);
    for (;;) {
        AttemptResultPlace<R> place;
        std::exception_ptr error;
        retry.begin_attempt();
        try {
            if constexpr (Retried<F>::is_coroutine) {
                auto attempted = await_attempt<R>(retry, f, place);
                co_await std::move(attempted);
            } else {
                place.call(f, retry.course().attempt());
            }
        } catch (...) {
            error = std::current_exception();
        }
        const net::cancellation_state cancellation = co_await net::this_coro::cancellation_state;
        const auto stop =
            cancellation.cancelled() == net::cancellation_type::none ? StopAsked::no : StopAsked::by_cancel;
        const bool goes_on = retry.goes_on(place.value(), std::move(error), stop);
        if (!goes_on && retry.has_value()) co_return place.take();
        rejected.add_if_rejected(place, retry);
        if (!goes_on) rejected.throw_error(retry);
        try {
            auto wait = async_wait_until<Executor>(retry.clock(), retry.wait_end());
            co_await std::move(wait);
        } catch (...) {
            retry.tell_reason(StopReason::cancelled);
            throw;
        }
        if (!retry.has_waited()) rejected.throw_error(retry);
    }
}

}  // namespace detail

/// `concur::retry` for coroutines: calls `f()`, or `f(const Attempt&)`, which may return an awaitable, until it
/// succeeds or the policy says that it will not, and gives what it returned. Waits are timers on the coroutine's
/// executor; no thread waits.
///
/// An attempt that is a coroutine is cancelled when `attempt_timeout` or `call_timeout` is over (`terminal | partial`,
/// on the executor, which must not run two things at once), and counts as timed out when it has ended. Cancelling the
/// awaiting coroutine cancels the attempt, after which there is no further one; a wait ends in operation_aborted.
/// Everything else is as in `retry`. f and the policy are kept until the end.
///
///     auto page = concur::async_retry(policy, [&] { return fetch(url); });
///     use(co_await std::move(page));
template <class F>
[[nodiscard]] auto async_retry(const RetryPolicy& policy, F&& f, const AsyncRetryOptions& options = {}) {
    using Function = std::decay_t<F>;
    if constexpr (!std::invocable<Function&> && !std::invocable<Function&, const Attempt&>) {
        static_assert(detail::accepted<detail::Function<Function>>,
                      "concur: async_retry() calls its function without arguments, or with const concur::Attempt&; let "
                      "a lambda pass what it needs");
        return detail::Refused();
    } else {
        using Retried = detail::Retried<Function>;
        return detail::retry_in_coroutine<typename Retried::type, typename Retried::Executor, Function>(
            policy, std::forward<F>(f), options.clock.source(), options.stop_reason);
    }
}

}  // namespace concur

/// `concur::retry`: any function, retried here and now.
#pragma once

#include <algorithm>
#include <concepts>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "concur/core/clock.hpp"
#include "concur/core/owned.hpp"
#include "concur/core/refused.hpp"
#include "concur/core/stop_reason.hpp"
#include "concur/core/stop_token.hpp"
#include "concur/retry/rejected_results.hpp"
#include "concur/worker/retry_policy.hpp"

namespace concur {

/// For `concur::retry`.
struct RetryOptions {
    /// Where it waits: the steady clock, or a `testing::ManualClock`.
    TimeSource clock{};
    /// Asked to stop, it makes no further attempt, and a wait ends.
    StopToken stop_token{};
    /// Is told why the last attempt was the last one; `none` after a success.
    StopReason* stop_reason = nullptr;
};

namespace detail {

/// Those of a function that is called as it is.
class NoArguments final : public KeptArguments {
    [[nodiscard]] std::size_t count() const noexcept override { return 0; }
    [[nodiscard]] const void* find(std::size_t, const std::type_info&) const noexcept override { return nullptr; }
};

/// The attempts of a function that is called here, on no worker: the course of them, for who runs them and waits.
class FunctionRetry {
public:
    /// Throws ConfigError.
    FunctionRetry(const RetryPolicy& policy, const TimeSource& clock, StopReason* stop_reason);

    void begin_attempt() noexcept { course_.begin_attempt(clock().now()); }
    /// The attempt has ended: whether there is another one, after a wait until `wait_end`. Otherwise the call has a
    /// value, or an error.
    template <class R>
    [[nodiscard]] bool goes_on(const R* result, std::exception_ptr error, StopAsked stop) {
        const TimePoint now = clock().now();
        return settle(error ? course_.failed(std::move(error), now, stop) : course_.returned(result, now, stop));
    }
    [[nodiscard]] TimePoint wait_end() const noexcept { return decision_.until; }
    /// The wait is over: whether there still is time for the attempt.
    [[nodiscard]] bool has_waited();
    /// The wait has ended, because a stop was asked for.
    void stopped_while_waiting();
    void tell_reason(StopReason reason) const noexcept {
        if (stop_reason_) *stop_reason_ = reason;
    }

    [[nodiscard]] Clock& clock() const noexcept { return clock_.get(); }
    [[nodiscard]] const RetryCourse& course() const noexcept { return course_; }
    /// When the attempt that has begun is to be over.
    [[nodiscard]] TimePoint attempt_end() const noexcept {
        return std::min(course_.attempt_deadline(), course_.deadline());
    }
    [[nodiscard]] std::size_t results_kept() const noexcept { return detail::results_kept(rules_.numbers); }
    [[nodiscard]] bool has_value() const noexcept { return decision_.end == CallEnd::value; }
    [[nodiscard]] bool ends_in_validation_error() const noexcept { return decision_.end == CallEnd::validation_error; }
    [[noreturn]] void throw_error() const { std::rethrow_exception(course_.error_of(decision_, clock().now())); }

private:
    bool settle(const RetryDecision& decision);

    TimeSource clock_;
    StopReason* stop_reason_;
    RetryRules rules_;
    NoArguments arguments_;
    RetryCourse course_;
    RetryDecision decision_;
};

/// Attempts in their caller's thread, which waits between them.
class BlockingRetry : public FunctionRetry {
public:
    /// Throws ConfigError, and CancelledError if a stop was asked for already.
    BlockingRetry(const RetryPolicy& policy, const RetryOptions& options);

    /// Whether the call goes on; then the wait is over. Otherwise it has a value, or an error.
    template <class R>
    [[nodiscard]] bool goes_on(const R* result, std::exception_ptr error) {
        return FunctionRetry::goes_on(result, std::move(error), stop_asked()) && wait();
    }

private:
    [[nodiscard]] StopAsked stop_asked() const noexcept {
        return stop_token_.stop_requested() ? StopAsked::by_cancel : StopAsked::no;
    }
    [[nodiscard]] bool wait();
    [[nodiscard]] bool sleep_until(TimePoint until) const;

    StopToken stop_token_;
};

template <class F>
inline constexpr bool takes_attempt = !std::invocable<F&> && std::invocable<F&, const Attempt&>;

template <class F>
decltype(auto) attempt(F& f, const Attempt& attempt) {
    if constexpr (takes_attempt<F>) {
        return f(attempt);
    } else {
        return f();
    }
}

template <class F>
    requires(std::invocable<F&> || takes_attempt<F>)
using AttemptResult = Owned<decltype(attempt(std::declval<F&>(), std::declval<const Attempt&>()))>;

template <class F>
void retry_void(BlockingRetry& retry, F& f) {
    std::exception_ptr error;
    do {
        retry.begin_attempt();
        error = nullptr;
        try {
            attempt(f, retry.course().attempt());
        } catch (...) {
            error = std::current_exception();
        }
    } while (retry.goes_on<void>(nullptr, std::move(error)));
    if (!retry.has_value()) retry.throw_error();
}

template <class R, class F>
R retry_for_value(BlockingRetry& retry, F& f) {
    RejectedResults<R> rejected(retry.results_kept());
    bool goes_on = true;
    do {
        retry.begin_attempt();
        std::optional<R> result;
        std::exception_ptr error;
        try {
            result.emplace(to_owned(attempt(f, retry.course().attempt())));
        } catch (...) {
            error = std::current_exception();
        }
        goes_on = retry.goes_on(result ? &*result : nullptr, std::move(error));
        if (!goes_on && retry.has_value()) return std::move(*result);
        if (retry.course().rejected()) rejected.add(std::move(*result), retry.course().last_messages());
    } while (goes_on);
    if (retry.ends_in_validation_error()) std::rethrow_exception(std::move(rejected).into_error(retry.course()));
    retry.throw_error();
}

}  // namespace detail

/// Calls `f()`, or `f(const Attempt&)`, until it succeeds or the policy says that it will not, and returns what it
/// returned: as a value; move-only ones, too; for a view what owns its elements. Waits between the attempts in the
/// calling thread.
///
/// Errors: that of the last attempt, as it was thrown; RetryValidationError if validators rejected the last result;
/// TimeoutError, with the last error nested in it, if an attempt was still under way at the end of `call_timeout`, and
/// for an attempt that took longer than `attempt_timeout` (nothing can interrupt it, but its result does not count);
/// CancelledError if it was asked to stop and has no error of its own; ConfigError for the policy. In errors the
/// function is called "function". The policy's `retry_order` and `retry_abandoned` mean nothing here.
///
///     const auto page = concur::retry(policy, [&] { return http.get(url); });
template <class F>
auto retry(const RetryPolicy& policy, F&& f, const RetryOptions& options = {}) {
    using Function = std::remove_reference_t<F>;
    if constexpr (!std::invocable<Function&> && !std::invocable<Function&, const Attempt&>) {
        static_assert(detail::accepted<detail::Function<Function>>,
                      "concur: retry() calls its function without arguments, or with const concur::Attempt&; let a "
                      "lambda pass what it needs");
        return detail::Refused();
    } else if constexpr (std::is_void_v<detail::AttemptResult<Function>>) {
        detail::BlockingRetry retry(policy, options);
        detail::retry_void(retry, f);
    } else if constexpr (!std::is_move_constructible_v<detail::AttemptResult<Function>>) {
        static_assert(detail::accepted<detail::Function<Function>, detail::Returned<detail::AttemptResult<Function>>>,
                      "concur: retry() cannot hand this result on, which can be neither moved nor copied; return a "
                      "std::unique_ptr to it");
        return detail::Refused();
    } else {
        detail::BlockingRetry retry(policy, options);
        return detail::retry_for_value<detail::AttemptResult<Function>>(retry, f);
    }
}

}  // namespace concur

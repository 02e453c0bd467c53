/// `concur::retry`: any function, retried here and now.
#pragma once

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

/// Attempts in their caller's thread, which waits between them.
class BlockingRetry {
public:
    /// Throws ConfigError, and CancelledError if a stop was asked for already.
    BlockingRetry(const RetryPolicy& policy, const RetryOptions& options);

    /// Whether the call goes on; then the wait is over. Otherwise it has a value, or an error.
    template <class R>
    [[nodiscard]] bool goes_on(const R* result, std::exception_ptr error) {
        const TimePoint now = clock_.now();
        return error ? settle(course_.failed(std::move(error), now, stop_asked()))
                     : settle(course_.returned(result, now, stop_asked()));
    }
    void begin_attempt() noexcept { course_.begin_attempt(clock_.now()); }

    [[nodiscard]] const RetryCourse& course() const noexcept { return course_; }
    [[nodiscard]] std::size_t results_kept() const noexcept { return detail::results_kept(rules_.numbers); }
    [[nodiscard]] bool has_value() const noexcept { return decision_.end == CallEnd::value; }
    [[nodiscard]] bool ends_in_validation_error() const noexcept { return decision_.end == CallEnd::validation_error; }
    [[noreturn]] void throw_error() const { std::rethrow_exception(course_.error_of(decision_, clock_.now())); }

private:
    [[nodiscard]] StopAsked stop_asked() const noexcept {
        return options_.stop_token.stop_requested() ? StopAsked::by_cancel : StopAsked::no;
    }
    bool settle(const RetryDecision& decision);
    [[nodiscard]] bool sleep_until(TimePoint until) const;
    void tell_reason(StopReason reason) const noexcept;

    RetryOptions options_;
    Clock& clock_;
    RetryRules rules_;
    NoArguments arguments_;
    RetryCourse course_;
    RetryDecision decision_;
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

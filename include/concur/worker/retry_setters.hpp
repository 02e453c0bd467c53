/// The setters of everything that a retry policy holds: one set of them, for all that is built with setters.
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <utility>

#include "concur/core/refused.hpp"
#include "concur/retry/retry_functions.hpp"
#include "concur/worker/option_values.hpp"

namespace concur {

class RetryPolicy;

namespace detail {

// One line for each option, as in options.hpp. A builder is [[nodiscard]] itself.
#define CONCUR_OPTION(option)                                                              \
    Builder option(OptionValue<&Settings::option> value) const {                           \
        return static_cast<const Builder&>(*this).template with<&Settings::option>(value); \
    }
#define CONCUR_CHOICE(option)                                                                  \
    CONCUR_OPTION(option)                                                                      \
    Builder option(OptionText text) const {                                                    \
        return static_cast<const Builder&>(*this).template with_text<&Settings::option>(text); \
    }

/// The options that are values. `Builder` derives from it, and has `with<option>(value)` and `with_text<option>(text)`.
template <class Builder>
class RetryValueSetters {
public:
    /// How many more attempts a failed call gets. Default 0.
    CONCUR_OPTION(num_retries)
    /// How the wait grows. Default exponential.
    CONCUR_CHOICE(retry_algorithm)
    /// What it grows from. Default 1 s; 0 retries at once.
    CONCUR_OPTION(retry_wait)
    /// No wait is shorter, whatever chance says. Default 0.
    CONCUR_OPTION(retry_min_wait)
    /// No wait is longer. Default: none; 60 s for unlimited retries whose waits are no range.
    CONCUR_OPTION(retry_max_wait)
    /// How much of the wait is left to chance; a number is the random share. Default full; for range, sequence,
    /// decorrelated and custom, whose waits are meant, none.
    CONCUR_CHOICE(retry_jitter)
    /// The longest wait that a server may ask for. Default 60 s.
    CONCUR_OPTION(retry_after_max)
    /// How often a call is tried again whose process died under it. Default 0: it may have done its work.
    CONCUR_OPTION(retry_abandoned)
    /// How many rejected results are kept where retries go beyond 255. Default 16.
    CONCUR_OPTION(history)
    /// For a whole call, from the moment it is made. Default: none.
    CONCUR_OPTION(call_timeout)
    /// For one attempt. Default: none.
    CONCUR_OPTION(attempt_timeout)
    /// An attempt that is over time is killed with its process. Default false; process and ray modes only.
    Builder attempt_timeout_hard(bool value = true) const {
        return static_cast<const Builder&>(*this).template with<&Settings::attempt_timeout_hard>(value);
    }

protected:
    RetryValueSetters() = default;
    RetryValueSetters(const RetryValueSetters&) = default;
    RetryValueSetters(RetryValueSetters&&) = default;
    RetryValueSetters& operator=(const RetryValueSetters&) = default;
    RetryValueSetters& operator=(RetryValueSetters&&) = default;
    ~RetryValueSetters() = default;
};

#undef CONCUR_OPTION
#undef CONCUR_CHOICE

// ---- functions: what fits, and the sentence for what does not

template <class F>
inline constexpr bool is_predicate = false;
template <class F>
    requires(JudgingTraits<F>::fits)
inline constexpr bool is_predicate<F> = std::convertible_to<typename JudgingTraits<F>::Result, bool>;

/// What a function is about: its first parameter, as a value that somebody can own.
template <class F>
using Judged = Owned<std::remove_cvref_t<typename JudgingTraits<F>::type>>;

template <class F>
inline constexpr bool gives_hint = false;
template <class F>
    requires(JudgingTraits<F>::fits)
inline constexpr bool gives_hint<F> = std::convertible_to<typename JudgingTraits<F>::Result, std::optional<Duration>>;

/// Takes the result without changing it.
template <class F, class R>
concept ValidatesWithAttempt = requires(F& f, const R& result, const Attempt& attempt) {
    { f(result, attempt) } -> std::convertible_to<bool>;
};
template <class F, class R>
concept Validates = ValidatesWithAttempt<F, R> || requires(F& f, const R& result) {
    { f(result) } -> std::convertible_to<bool>;
};

template <class F>
inline constexpr bool is_validator = false;
template <class F>
    requires(is_predicate<F>)
inline constexpr bool is_validator<F> = Validates<F, Judged<F>>;

template <class F>
consteval void explain_predicate() {
    if constexpr (is_predicate<F>) {
        return;
    } else if constexpr (JudgingTraits<F>::is_generic) {  // D13
        static_assert(accepted<Function<F>>,
                      "concur: the parameter's type of a retry_on predicate is the filter, and a generic function has "
                      "none; write the exception's type, as in [](const HttpError& error) { ... }");
    } else {
        static_assert(
            accepted<Function<F>>,
            "concur: a retry_on predicate takes an exception, also const concur::Attempt& if it wants to, and "
            "returns bool; change its signature, or name a type with retry_on<E>()");
    }
}

template <class F>
consteval void explain_validator() {
    if constexpr (JudgingTraits<F>::is_generic) {  // D14
        static_assert(accepted<Function<F>>,
                      "concur: a retry_until validator applies to methods that return its parameter's type, and a "
                      "generic function has none; write the type, or set it for one method");
    } else {
        static_assert(accepted<Function<F>>,
                      "concur: a retry_until validator takes a result by value or const reference, also const "
                      "concur::Attempt& if it wants to, and returns bool; change its signature");
    }
}

template <class F>
consteval void explain_hint() {
    static_assert(accepted<Function<F>>,
                  "concur: a retry_after function takes an exception or a result of one type and returns "
                  "std::optional<concur::Duration>; change its signature");
}

inline constexpr std::string_view default_rejection = "a validator rejected it";

/// A validator for results of a known type; it may be generic.
template <class R, class F>
    requires Validates<F, R> std::shared_ptr<const ResultRule> make_validator(F f, std::string message) {
        if (message.empty()) message = default_rejection;
        return std::make_shared<Validator<R, ValidatesWithAttempt<F, R>, F>>(std::move(f), std::move(message));
    }

template <class F>
void add_hint_rules(RetryFunctions& functions, F f) {
    using E = std::remove_cvref_t<typename JudgingTraits<F>::type>;
    // What is no exception for sure may be either.
    if constexpr (!std::is_base_of_v<std::exception, E>) {
        functions.result_hints.push_back(
            std::make_shared<HintOfResult<Judged<F>, JudgingTraits<F>::takes_attempt, F>>(f));
    }
    functions.error_hints.push_back(make_error_rule<E>(HintOfError<F>(std::move(f))));
}

/// All of a policy. `Builder` also has `with_changed_functions(change)`, which calls `change` with a copy of
/// its RetryFunctions, and `with_taken(values, functions)`.
///
/// The functions run where the object lives, and nobody calls the same one twice at once for one object; workers that
/// share a policy may.
template <class Builder>
class RetrySetters : public RetryValueSetters<Builder> {
public:
    using RetryValueSetters<Builder>::retry_algorithm;
    /// A wait that the application computes: `Backoff::custom(f)`.
    Builder retry_algorithm(CustomBackoff custom) const {
        return with_functions([&](RetryFunctions& functions) { functions.backoff = custom.get(); })
            .retry_algorithm(Backoff(Backoff::Curve::custom));
    }

    /// Retries exceptions of these types, and of what derives from them. Types and predicates add up: any match
    /// retries. Default: every std::exception, but for the library's own refusals (see errors.hpp) and
    /// std::bad_alloc, which are retried only where they are named themselves.
    template <class... E>
        requires(sizeof...(E) > 0)
    Builder retry_on()
    const {
        return with_functions(
            [](RetryFunctions& functions) { (functions.filters.push_back(make_error_rule<E>(RetryAlways())), ...); });
    }
    /// Retries exceptions for which a predicate is true; each takes an exception, whose type filters, and
    /// `const Attempt&` if it wants to. Asked once per failed attempt, the last one included. One that throws counts as
    /// false, and is warned of.
    ///
    ///     .retry_on([](const HttpError& error) { return error.status == 503; })
    template <class... F>
        requires(sizeof...(F) > 0)
    Builder retry_on(F... predicates)
    const {
        if constexpr ((is_predicate<F> && ...)) {
            return with_functions([&](RetryFunctions& functions) {
                (functions.filters.push_back(
                     make_error_rule<typename JudgingTraits<F>::type>(RetryIf<F>(std::move(predicates)))),
                 ...);
            });
        } else {
            (explain_predicate<F>(), ...);
            return self();
        }
    }

    /// Retries calls whose result the validator does not accept; it takes the result, whose type says which methods it
    /// is for, and `const Attempt&` if it wants to. All of them must accept. A call whose last result is rejected ends
    /// in a RetryValidationError with the results and messages. A validator that throws rejects with the text of what
    /// it throws.
    template <class F>
    Builder retry_until(F validator, std::string message = {}) const {
        if constexpr (is_validator<F>) {
            return with_functions([&](RetryFunctions& functions) {
                functions.validators.push_back(make_validator<Judged<F>>(std::move(validator), std::move(message)));
            });
        } else {
            explain_validator<F>();
            return self();
        }
    }

    /// How long a server asks to wait: from an exception or a rejected result of the parameter's type, or nothing. A
    /// wait is not shorter then. More than `retry_after_max`, or `concur::never`, ends the call.
    template <class F>
    Builder retry_after(F hint) const {
        if constexpr (gives_hint<F>) {
            return with_functions([&](RetryFunctions& functions) { add_hint_rules(functions, std::move(hint)); });
        } else {
            explain_hint<F>();
            return self();
        }
    }

    /// Retries take their tokens from it. A budget can be shared.
    Builder retry_budget(RetryBudget budget) const {
        return with_functions([&](RetryFunctions& functions) { functions.budget = std::move(budget); });
    }

    /// Sets all that the policy sets.
    Builder retry(const RetryPolicy& policy) const;

private:
    [[nodiscard]] const Builder& self() const noexcept { return static_cast<const Builder&>(*this); }
    template <class Change>
    Builder with_functions(Change change) const {
        return self().with_changed_functions(change);
    }
};

}  // namespace detail
}  // namespace concur

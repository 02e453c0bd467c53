/// What the application says of exceptions: the types and predicates of `retry_on`, the hints of `retry_after`.
#pragma once

#include <memory>
#include <new>
#include <typeinfo>

#include "concur/core/errors.hpp"
#include "concur/retry/judging.hpp"

namespace concur::detail {

/// Errors that a second attempt cannot mend, or must not: never retried unless a filter names one exactly, or what
/// derives from it. docs/reference/errors.md, column "retried".
using Refusals =
    TypeList<ConfigError, ValidationError, CancelledError, WorkerStoppedError, SerializationError, RetryValidationError,
             LimitUnsatisfiableError, UnknownLimitError, LimitDeadlockError, DeadlockError, WouldBlockError,
             NotOnWorkerError, FutureTakenError, NoStateError, BrokenPromiseError, PromiseAlreadySetError,
             ForkedHandleError, AggregateError, BackendUnavailableError, std::bad_alloc>;

template <class E, class Listed>
inline constexpr bool is_among = false;
template <class E, class... Listed>
inline constexpr bool is_among<E, TypeList<Listed...>> = (std::is_base_of_v<Listed, E> || ...);
/// Whether a filter for E names such an error.
template <class E>
inline constexpr bool names_refusal = is_among<E, Refusals>;

[[nodiscard]] bool is_refusal(const std::exception& error) noexcept;

/// An exception on its way out through handlers, innermost first: the way to look at one of an unknown type.
class ForeignError {
public:
    virtual bool look() = 0;

protected:
    ~ForeignError() = default;
};

/// One of them. Shared by everything that got the policy, and asked by any thread.
class ErrorRule {
public:
    virtual ~ErrorRule() = default;

    /// True if the rule is about this exception, and has said so in the verdict.
    virtual bool apply(std::exception& error, ErrorVerdict& verdict, const Judging& judging) const = 0;
    /// The same for the exception that comes out of `inner.look()`, which is not derived from std::exception. What the
    /// rule is not about comes out of this, too.
    virtual bool apply(ForeignError& inner, ErrorVerdict& verdict, const Judging& judging) const = 0;
    /// Whether it also applies to errors that are never retried otherwise.
    [[nodiscard]] virtual bool is_for_refusals() const noexcept = 0;
    /// Whether it may ask for the arguments of the call.
    [[nodiscard]] virtual bool asks_for_attempt() const noexcept = 0;
};

template <class E>
E* exception_as(std::exception& error) noexcept {
    if constexpr (std::is_class_v<E>) {
        return dynamic_cast<E*>(&error);
    } else {
        return nullptr;
    }
}

/// Says something about exceptions of type E. `Statement` is called with the exception, the verdict and the judging; it
/// returns whether it had something to say.
template <class E, class Statement>
class ErrorRuleFor final : public ErrorRule {
public:
    explicit ErrorRuleFor(Statement statement) : statement_(std::move(statement)) {}

    bool apply(std::exception& error, ErrorVerdict& verdict, const Judging& judging) const override {
        E* const mine = exception_as<E>(error);
        return mine && statement_(*mine, verdict, judging);
    }
    bool apply(ForeignError& inner, ErrorVerdict& verdict, const Judging& judging) const override {
        try {
            return inner.look();
        } catch (E& mine) {
            if (statement_(mine, verdict, judging)) return true;
            throw;
        }
    }
    [[nodiscard]] bool is_for_refusals() const noexcept override { return names_refusal<E>; }
    [[nodiscard]] bool asks_for_attempt() const noexcept override { return Statement::takes_attempt; }

private:
    Statement statement_;
};

/// retry_on<E>()
struct RetryAlways {
    static constexpr bool takes_attempt = false;

    template <class E>
    bool operator()(E&, ErrorVerdict& verdict, const Judging&) const noexcept {
        return verdict.retryable = true;
    }
};

/// retry_on(predicate)
template <class F>
class RetryIf {
public:
    static constexpr bool takes_attempt = JudgingTraits<F>::takes_attempt;

    explicit RetryIf(F f) : f_(std::move(f)) {}
    RetryIf(RetryIf&& other) noexcept(std::is_nothrow_move_constructible_v<F>) : f_(std::move(other.f_)) {}

    template <class E>
    bool operator()(E& error, ErrorVerdict& verdict, const Judging& judging) const {
        try {
            return verdict.retryable = bool(ask<takes_attempt>(f_, error, judging.attempt));
        } catch (...) {
            thrown_.warn(judging, "a predicate of retry_on threw; that counts as no match");
            return false;
        }
    }

private:
    mutable F f_;
    ThrownOnce thrown_;
};

/// retry_after(f), for exceptions
template <class F>
class HintOfError {
public:
    static constexpr bool takes_attempt = JudgingTraits<F>::takes_attempt;

    explicit HintOfError(F f) : f_(std::move(f)) {}
    HintOfError(HintOfError&& other) noexcept(std::is_nothrow_move_constructible_v<F>) : f_(std::move(other.f_)) {}

    template <class E>
    bool operator()(E& error, ErrorVerdict& verdict, const Judging& judging) const {
        try {
            add_hint(verdict.hint, ask<takes_attempt>(f_, error, judging.attempt));
        } catch (...) {
            thrown_.warn(judging, "a function of retry_after threw; that counts as no hint");
        }
        return false;  // others may know more
    }

private:
    mutable F f_;
    ThrownOnce thrown_;
};

template <class E, class Statement>
std::shared_ptr<const ErrorRule> make_error_rule(Statement statement) {
    return std::make_shared<ErrorRuleFor<std::remove_cvref_t<E>, Statement>>(std::move(statement));
}

}  // namespace concur::detail

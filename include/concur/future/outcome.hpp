/// How a call ended: a value or an exception, as a value.
#pragma once

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "concur/future/copyable.hpp"

namespace concur {

namespace detail {
/// What stands for a null exception_ptr where an exception is due.
[[nodiscard]] std::exception_ptr null_exception();
}  // namespace detail

/// A value or an exception_ptr. What `then` passes to a continuation that also wants failures, and what
/// `gather_outcomes` returns. A value type; no thread is involved.
template <class T>
class [[nodiscard]] Outcome {
public:
    explicit Outcome(T value) : value_{std::move(value)} {}
    explicit Outcome(std::exception_ptr error) noexcept requires(!std::is_same_v<T, std::exception_ptr>)
        : error_{error ? std::move(error) : detail::null_exception()} {}

    /// True if it holds a value.
    explicit operator bool() const noexcept { return value_.has_value(); }
    [[nodiscard]] bool has_value() const noexcept { return value_.has_value(); }

    /// The value; rethrows the exception if there is none.
    [[nodiscard]] const T& value() const& { return check(), *value_; }
    [[nodiscard]] T& value() & { return check(), *value_; }
    [[nodiscard]] T value() && { return check(), std::move(*value_); }

    /// The exception; null if it holds a value.
    [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }

    template <class U>
    [[nodiscard]] T value_or(U&& other) const& {
        return value_ ? *value_ : static_cast<T>(std::forward<U>(other));
    }
    template <class U>
    [[nodiscard]] T value_or(U&& other) && {
        return value_ ? std::move(*value_) : static_cast<T>(std::forward<U>(other));
    }

private:
    void check() const {
        if (!value_) std::rethrow_exception(error_);
    }

    std::optional<T> value_;
    std::exception_ptr error_;
};

template <>
class [[nodiscard]] Outcome<void> {
public:
    Outcome() noexcept = default;
    explicit Outcome(std::exception_ptr error) noexcept : error_{error ? std::move(error) : detail::null_exception()} {}

    explicit operator bool() const noexcept { return error_ == nullptr; }
    [[nodiscard]] bool has_value() const noexcept { return error_ == nullptr; }
    void value() const {
        if (error_) std::rethrow_exception(error_);
    }
    [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }

private:
    std::exception_ptr error_;
};

template <class T>
struct detail::IsCopyable<Outcome<T>> : IsCopyable<T> {};
template <>
struct detail::IsCopyable<Outcome<void>> : std::true_type {};

}  // namespace concur

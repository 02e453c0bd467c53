/// Exceptions as bytes, and what they become where their type cannot be rebuilt.
///
/// The exceptions of the standard library and of this one cross exactly, and so do types that the application has named
/// for it. Any other becomes a `RemoteError<Base>`, where Base is the nearest of its bases that can: it is caught as
/// that, has the same text, and says which type was thrown. Nested exceptions are kept.
#pragma once

#include <exception>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <vector>

#include "concur/core/errors.hpp"
#include "concur/wire/codec.hpp"

namespace concur {

/// The name of the type that was thrown, in whatever process: of a RemoteError what it stands for, else its own.
[[nodiscard]] std::string original_type(const std::exception& error);
/// The same for anything that was thrown; empty for null.
[[nodiscard]] std::string original_type(const std::exception_ptr& error);

namespace detail {

/// Where an exception was thrown, for a RemoteError.
struct ExceptionOrigin {
    int pid = 0;
    std::string_view method_name{};
    int attempt = 0;
};

/// How exceptions of one type cross, that is not among those the library knows. Static storage.
class ExceptionType {
public:
    [[nodiscard]] virtual const std::type_info& type() const noexcept = 0;
    /// Appends what it is made of; the exception is of exactly this type.
    virtual void append(Bytes& to, const void* exception) const = 0;
    [[nodiscard]] virtual std::exception_ptr rebuild(Reader& from) const = 0;
    /// The same around another exception, as by std::throw_with_nested.
    [[nodiscard]] virtual std::exception_ptr rebuild_around(Reader& from, const std::exception_ptr& nested) const = 0;
    /// The address of an exception of exactly this type, else null. It is being handled.
    [[nodiscard]] virtual const void* find(const std::exception_ptr& error) const noexcept = 0;

protected:
    ~ExceptionType() = default;
};

/// What is made of parts, or of its text alone.
template <class E>
inline constexpr bool is_made_of_text = std::is_constructible_v<E, std::string>&& [] {
    if constexpr (std::is_base_of_v<std::runtime_error, E>) {
        return sizeof(E) == sizeof(std::runtime_error);
    } else if constexpr (std::is_base_of_v<std::logic_error, E>) {
        return sizeof(E) == sizeof(std::logic_error);
    } else {
        return false;
    }
}();

/// Whether a type of the application can cross exactly.
template <class E>
inline constexpr bool exception_crosses =
    wire_kind<E> == WireKind::wired || wire_kind<E> == WireKind::serializing || is_made_of_text<E>;

template <class E>
class ExceptionTypeOf final : public ExceptionType {
    static_assert(exception_crosses<E>);

public:
    [[nodiscard]] const std::type_info& type() const noexcept override { return typeid(E); }
    void append(Bytes& to, const void* exception) const override {
        const E& error = *static_cast<const E*>(exception);
        if constexpr (wire_kind<E> == WireKind::wired || wire_kind<E> == WireKind::serializing) {
            encode(to, error);
        } else {
            encode(to, std::string(error.what()));
        }
    }
    [[nodiscard]] std::exception_ptr rebuild(Reader& from) const override {
        return std::make_exception_ptr(make(from));
    }
    [[nodiscard]] std::exception_ptr rebuild_around(Reader& from, const std::exception_ptr& nested) const override {
        E error = make(from);
        if constexpr (std::is_class_v<E> && !std::is_final_v<E> && !std::is_base_of_v<std::nested_exception, E>) {
            try {
                std::rethrow_exception(nested);
            } catch (...) {
                try {
                    std::throw_with_nested(std::move(error));
                } catch (...) {
                    return std::current_exception();
                }
            }
        } else {
            return std::make_exception_ptr(std::move(error));
        }
    }
    [[nodiscard]] const void* find(const std::exception_ptr& error) const noexcept override {
        try {
            std::rethrow_exception(error);
        } catch (const E& mine) {
            if constexpr (std::is_polymorphic_v<E>) {
                return typeid(mine) == typeid(E) ? std::addressof(mine) : nullptr;
            } else {
                return std::addressof(mine);
            }
        } catch (...) {
            return nullptr;
        }
    }

private:
    static E make(Reader& from) {
        if constexpr (wire_kind<E> == WireKind::wired || wire_kind<E> == WireKind::serializing) {
            return decode<E>(from);
        } else {
            return E(decode<std::string>(from));
        }
    }
};
template <class E>
inline constexpr ExceptionTypeOf<E> exception_type{};

/// The results in a RetryValidationError: they are of the type that a method returns.
class RejectedResultsCodec {
public:
    virtual void append(Bytes& to, const RetryValidationError& error) const = 0;
    [[nodiscard]] virtual RetryValidationError rebuild(Reader& from, const std::string& text, int attempts,
                                                       std::vector<std::string> messages,
                                                       std::string method_name) const = 0;

protected:
    ~RejectedResultsCodec() = default;
};

template <class R>
class RejectedResultsCodecOf final : public RejectedResultsCodec {
public:
    void append(Bytes& to, const RetryValidationError& error) const override { encode(to, error.all_results<R>()); }
    [[nodiscard]] RetryValidationError rebuild(Reader& from, const std::string& text, int attempts,
                                               std::vector<std::string> messages,
                                               std::string method_name) const override {
        return {text, attempts, decode<std::vector<R>>(from), std::move(messages), std::move(method_name)};
    }
};
template <class R>
inline constexpr RejectedResultsCodecOf<R> rejected_results_codec{};

/// What else than the library's own types an exception may need.
struct ExceptionCodecs {
    std::span<const ExceptionType* const> types{};
    /// Null: a RetryValidationError loses its results.
    const RejectedResultsCodec* results = nullptr;
};

/// Appends an exception, which is not null. What cannot be encoded, because its own code throws, becomes a
/// SerializationError that says so.
void encode_exception(Bytes& to, const std::exception_ptr& error, const ExceptionOrigin& origin,
                      const ExceptionCodecs& codecs = {});
/// Throws SerializationError for bytes that are no exception.
[[nodiscard]] std::exception_ptr decode_exception(Reader& from, const ExceptionCodecs& codecs = {});

}  // namespace detail
}  // namespace concur

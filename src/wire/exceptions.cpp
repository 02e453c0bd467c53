#include "concur/wire/exceptions.hpp"

#include <cxxabi.h>
#include <fmt/format.h>

#include <algorithm>
#include <any>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <future>
#include <ios>
#include <new>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <typeinfo>
#include <variant>

namespace concur {
namespace {

std::string readable(const std::type_info& type) {
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> name(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status),
                                                      std::free);
    return name ? name.get() : type.name();
}

// What std::throw_with_nested makes of an E.
constexpr std::string_view nested_prefix = "std::_Nested_exception<";

std::string thrown_name(const std::type_info& type) {
    std::string name = readable(type);
    if (name.starts_with(nested_prefix)) {
        name.erase(0, nested_prefix.size());
        name.pop_back();
        while (name.ends_with(' ')) name.pop_back();
    }
    return name;
}

}  // namespace

std::string original_type(const std::exception& error) {
    const auto* const remote = dynamic_cast<const RemoteException*>(&error);
    return remote ? remote->type_name() : thrown_name(typeid(error));
}

std::string original_type(const std::exception_ptr& error) {
    if (!error) return {};
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& known) {
        return original_type(known);
    } catch (...) {
        return thrown_name(*abi::__cxa_current_exception_type());
    }
}

namespace detail {
namespace {

/// `whole` without what the constructor will add in front and behind again.
std::string without(std::string whole, std::string_view before, std::string_view behind) {
    if (whole.starts_with(before)) whole.erase(0, before.size());
    if (whole.ends_with(behind)) whole.erase(whole.size() - behind.size());
    return whole;
}

// ---- what each type is made of
//
// Parts<E>: `of(error)` gives a tuple that can be sent, `make(parts...)` an E of it.

template <class E>
struct Parts {
    static auto of(const E& error) {
        if constexpr (std::is_constructible_v<E, const std::string&>) {
            return std::tuple(std::string(error.what()));
        } else {
            return std::tuple();
        }
    }
    template <class... P>
    static E make(P&&... part) {
        return E(std::forward<P>(part)...);
    }
};

/// Its text is what it was given, a colon, and the text of the code.
template <class E>
struct PartsWithCode {
    static auto of(const E& error) {
        const std::string text = error.what();
        const std::string of_code = error.code().message();
        return std::tuple(error.code(), text != of_code, without(text, {}, ": " + of_code));
    }
    static E make(const std::error_code& code, bool has_own_text, const std::string& text) {
        if constexpr (std::is_constructible_v<E, std::error_code>)
            if (!has_own_text) return E(code);
        if constexpr (std::is_constructible_v<E, std::error_code, std::string>) {
            return E(code, text);
        } else {
            return E(text, code);
        }
    }
};
template <>
struct Parts<std::system_error> : PartsWithCode<std::system_error> {};
template <>
struct Parts<std::ios_base::failure> : PartsWithCode<std::ios_base::failure> {};

template <>
struct Parts<std::filesystem::filesystem_error> {
    using E = std::filesystem::filesystem_error;
    static auto of(const E& error) {
        std::string text = error.what();
        const std::size_t end = text.rfind(": " + error.code().message());
        if (end != std::string::npos) text.erase(end);
        return std::tuple(without(text, "filesystem error: ", {}), error.path1(), error.path2(), error.code());
    }
    static E make(const std::string& text, const std::filesystem::path& first, const std::filesystem::path& second,
                  std::error_code code) {
        if (first.empty()) return {text, code};
        if (second.empty()) return {text, first, code};
        return {text, first, second, code};
    }
};

template <>
struct Parts<std::future_error> {
    static auto of(const std::future_error& error) { return std::tuple(error.code().value()); }
    static std::future_error make(int code) { return std::future_error(static_cast<std::future_errc>(code)); }
};

template <>
struct Parts<ConfigError> {
    static auto of(const ConfigError& error) {
        return std::tuple(error.option(), without(error.what(), error.option() + ": ", {}));
    }
    static ConfigError make(const std::string& option, const std::string& problem) { return {option, problem}; }
};

template <>
struct Parts<ValidationError> {
    static auto of(const ValidationError& e) {
        return std::tuple(std::string(e.what()), e.value(), e.rule(), e.position(), e.method_name());
    }
    static ValidationError make(const std::string& text, const std::string& value, const std::string& rule,
                                int position, const std::string& method_name) {
        return {text, value, rule, position, method_name};
    }
};

template <>
struct Parts<TimeoutError> {
    static auto of(const TimeoutError& error) { return std::tuple(std::string(error.what()), error.after()); }
    static TimeoutError make(const std::string& text, std::chrono::nanoseconds after) { return {text, after}; }
};

template <>
struct Parts<LimitTimeoutError> {
    static auto of(const LimitTimeoutError& e) {
        return std::tuple(std::string(e.what()), e.after(), e.missing(), e.estimate());
    }
    static LimitTimeoutError make(const std::string& text, std::chrono::nanoseconds after,
                                  const std::vector<std::string>& missing, std::chrono::nanoseconds estimate) {
        return {text, after, missing, estimate};
    }
};

template <class E>
struct PartsWithKey {
    static auto of(const E& error) { return std::tuple(std::string(error.what()), error.key()); }
    static E make(const std::string& text, const std::string& key) { return {text, key}; }
};
template <>
struct Parts<LimitUnsatisfiableError> : PartsWithKey<LimitUnsatisfiableError> {};
template <>
struct Parts<UnknownLimitError> : PartsWithKey<UnknownLimitError> {};

template <>
struct Parts<WorkerDiedError> {
    static auto of(const WorkerDiedError& e) {
        return std::tuple(std::string(e.what()), e.pid(), e.cause(), e.method_name(), e.attempt(), e.started());
    }
    static WorkerDiedError make(const std::string& text, int pid, const std::string& cause,
                                const std::string& method_name, int attempt, bool started) {
        return {text, pid, cause, method_name, attempt, started};
    }
};

template <>
struct Parts<SerializationError> {
    static auto of(const SerializationError& e) {
        return std::tuple(std::string(e.what()), e.type_name(), e.method_name());
    }
    static SerializationError make(const std::string& text, const std::string& type, const std::string& method) {
        return {text, type, method};
    }
};

template <>
struct Parts<BackendUnavailableError> {
    static auto of(const BackendUnavailableError& error) { return std::tuple(error.mode(), error.remedy()); }
    static BackendUnavailableError make(Mode mode, const std::string& remedy) { return {mode, remedy}; }
};

// ---- building

/// What stands around the type itself.
struct Wrapping {
    std::exception_ptr nested;
    /// Set for what stands for another type, which has this text.
    struct Remote {
        std::string text;
        std::string type_name;
        int pid;
        std::string method_name;
        int attempt;
    };
    std::optional<Remote> remote;
};

/// With the text of what it stands for: bases such as std::bad_alloc have only their own.
template <class Base>
class TextRemoteError final : public RemoteError<Base> {
public:
    TextRemoteError(Base base, Wrapping::Remote remote)
        : RemoteError<Base>(std::move(base), std::move(remote.type_name), remote.pid, std::move(remote.method_name),
                            remote.attempt),
          text_{std::make_shared<const std::string>(std::move(remote.text))} {}
    [[nodiscard]] const char* what() const noexcept override { return text_->c_str(); }

private:
    std::shared_ptr<const std::string> text_;  // copies of exceptions must not throw
};

template <class E>
std::exception_ptr finish(E error, const std::exception_ptr& nested) {
    if (!nested) return std::make_exception_ptr(std::move(error));
    try {
        std::rethrow_exception(nested);
    } catch (...) {
        try {
            if constexpr (std::is_final_v<E>) {
                throw std::move(error);
            } else {
                std::throw_with_nested(std::move(error));
            }
        } catch (...) {
            return std::current_exception();
        }
    }
}

template <class E>
class NestedRemoteError final : public RemoteError<E>, public std::nested_exception {
public:
    explicit NestedRemoteError(RemoteError<E> error, std::string text)
        : RemoteError<E>(std::move(error)), text_{std::make_shared<const std::string>(std::move(text))} {}
    [[nodiscard]] const char* what() const noexcept override { return text_->c_str(); }

private:
    std::shared_ptr<const std::string> text_;
};

template <class E>
std::exception_ptr wrap(E error, Wrapping wrapping) {
    if (!wrapping.remote) return finish(std::move(error), wrapping.nested);
    if (!wrapping.nested)
        return std::make_exception_ptr(TextRemoteError<E>(std::move(error), std::move(*wrapping.remote)));
    std::string text = wrapping.remote->text;
    RemoteError<E> remote(std::move(error), std::move(wrapping.remote->type_name), wrapping.remote->pid,
                          std::move(wrapping.remote->method_name), wrapping.remote->attempt);
    try {
        std::rethrow_exception(wrapping.nested);
    } catch (...) {
        return std::make_exception_ptr(NestedRemoteError<E>(std::move(remote), std::move(text)));
    }
}

// ---- the table

struct Coding {
    const ExceptionOrigin& origin;
    const ExceptionCodecs& codecs;
    int depth;
};

struct Known {
    const std::type_info* type;
    bool (*is_base_of)(const std::exception* error);
    void (*append)(Bytes& to, const std::exception& error, const Coding& coding);
    std::exception_ptr (*rebuild)(Reader& from, Wrapping wrapping, const ExceptionCodecs& codecs, int depth);
};

// Chains of nested exceptions are cut there: something is wrong with longer ones, or with the bytes.
constexpr int max_depth = 32;

void append_exception(Bytes& to, const std::exception_ptr& error, const Coding& coding);
std::exception_ptr take_exception(Reader& from, const ExceptionCodecs& codecs, int depth);

template <class E>
bool is_base(const std::exception* error) {
    return dynamic_cast<const E*>(error) != nullptr;
}

template <class E>
constexpr Known known() {
    return {&typeid(E), is_base<E>,
            [](Bytes& to, const std::exception& error, const Coding&) {
                encode(to, Parts<E>::of(dynamic_cast<const E&>(error)));
            },
            [](Reader& from, Wrapping wrapping, const ExceptionCodecs&, int) {
                using Tuple = decltype(Parts<E>::of(std::declval<const E&>()));
                return wrap(
                    std::apply([](auto&&... part) { return Parts<E>::make(std::move(part)...); }, decode<Tuple>(from)),
                    std::move(wrapping));
            }};
}

template <>
constexpr Known known<AggregateError>() {
    return {&typeid(AggregateError), is_base<AggregateError>,
            [](Bytes& to, const std::exception& error, const Coding& coding) {
                const auto& errors = dynamic_cast<const AggregateError&>(error).errors();
                encode(to, std::string(error.what()));
                append_bits(to, static_cast<std::uint64_t>(errors.size()));
                for (const std::exception_ptr& each : errors) {
                    encode(to, each != nullptr);
                    if (each) append_exception(to, each, coding);
                }
            },
            [](Reader& from, Wrapping wrapping, const ExceptionCodecs& codecs, int depth) {
                const auto text = decode<std::string>(from);
                const std::size_t count = take_count<bool>(from);
                std::vector<std::exception_ptr> errors;
                errors.reserve(std::min<std::size_t>(count, 1024));
                for (std::size_t i = 0; i < count; ++i)
                    errors.push_back(decode<bool>(from) ? take_exception(from, codecs, depth + 1) : nullptr);
                return wrap(AggregateError(text, std::move(errors)), std::move(wrapping));
            }};
}

template <>
constexpr Known known<RetryValidationError>() {
    return {&typeid(RetryValidationError), is_base<RetryValidationError>,
            [](Bytes& to, const std::exception& error, const Coding& coding) {
                const auto& own = dynamic_cast<const RetryValidationError&>(error);
                encode(to, std::tuple(std::string(own.what()), own.attempts(), own.validation_errors(),
                                      own.method_name(), coding.codecs.results != nullptr));
                if (coding.codecs.results) coding.codecs.results->append(to, own);
            },
            [](Reader& from, Wrapping wrapping, const ExceptionCodecs& codecs, int) {
                const auto text = decode<std::string>(from);
                const int attempts = decode<int>(from);
                auto messages = decode<std::vector<std::string>>(from);
                auto method = decode<std::string>(from);
                if (decode<bool>(from)) {
                    if (!codecs.results) throw_not_decodable("RetryValidationError", "its results are of another type");
                    return wrap(codecs.results->rebuild(from, text, attempts, std::move(messages), std::move(method)),
                                std::move(wrapping));
                }
                return wrap(RetryValidationError(text, attempts, std::vector<std::monostate>(), std::move(messages),
                                                 std::move(method)),
                            std::move(wrapping));
            }};
}

/// What derives from another one stands before it.
constexpr std::array table{
    known<ConfigError>(),
    known<ValidationError>(),
    known<LimitTimeoutError>(),
    known<TimeoutError>(),
    known<CancelledError>(),
    known<WorkerStoppedError>(),
    known<WorkerDiedError>(),
    known<SerializationError>(),
    known<RetryValidationError>(),
    known<QueueFullError>(),
    known<LimitUnsatisfiableError>(),
    known<UnknownLimitError>(),
    known<LimitDeadlockError>(),
    known<DeadlockError>(),
    known<WouldBlockError>(),
    known<NotOnWorkerError>(),
    known<FutureTakenError>(),
    known<NoStateError>(),
    known<BrokenPromiseError>(),
    known<PromiseAlreadySetError>(),
    known<ForkedHandleError>(),
    known<AggregateError>(),
    known<BackendUnavailableError>(),
    known<Error>(),
    known<std::filesystem::filesystem_error>(),
    known<std::ios_base::failure>(),
    known<std::system_error>(),
    known<std::range_error>(),
    known<std::overflow_error>(),
    known<std::underflow_error>(),
    known<std::runtime_error>(),
    known<std::future_error>(),
    known<std::invalid_argument>(),
    known<std::domain_error>(),
    known<std::length_error>(),
    known<std::out_of_range>(),
    known<std::logic_error>(),
    known<std::bad_array_new_length>(),
    known<std::bad_alloc>(),
    known<std::bad_any_cast>(),
    known<std::bad_cast>(),
    known<std::bad_typeid>(),
    known<std::bad_exception>(),
    known<std::bad_function_call>(),
    known<std::bad_optional_access>(),
    known<std::bad_variant_access>(),
    known<std::bad_weak_ptr>(),
    known<std::exception>(),
};
constexpr std::size_t index_of_error = 23;
static_assert(table[index_of_error].is_base_of == is_base<Error>);

enum class Form : std::uint8_t { exact, remote, of_application };

void append_remote(Bytes& to, const std::exception& error, const Wrapping::Remote& remote, std::size_t index,
                   const Coding& coding) {
    append_bits(to, Form::remote);
    append_bits(to, static_cast<std::uint32_t>(index));
    encode(to, std::tuple(remote.text, remote.type_name, remote.pid, remote.method_name, remote.attempt));
    table[index].append(to, error, coding);
}

void append_known(Bytes& to, const std::exception& error, const Coding& coding) {
    std::size_t index = 0;
    while (!table[index].is_base_of(&error)) ++index;  // the last one is everybody's
    const auto* const remote = dynamic_cast<const RemoteException*>(&error);
    if (remote) {
        append_remote(to, error,
                      {error.what(), remote->type_name(), remote->pid(), remote->method_name(), remote->attempt()},
                      index, coding);
    } else if (thrown_name(typeid(error)) == readable(*table[index].type)) {
        append_bits(to, Form::exact);
        append_bits(to, static_cast<std::uint32_t>(index));
        table[index].append(to, error, coding);
    } else {
        append_remote(to, error,
                      {error.what(), thrown_name(typeid(error)), coding.origin.pid,
                       std::string(coding.origin.method_name), coding.origin.attempt},
                      index, coding);
    }
}

std::exception_ptr nested_in(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::nested_exception& outer) {
        return outer.nested_ptr();
    } catch (...) {
        return nullptr;
    }
}

const ExceptionType* type_of_application(const std::exception_ptr& error, const ExceptionCodecs& codecs,
                                         const void*& address) noexcept {
    for (const ExceptionType* type : codecs.types) {
        address = type->find(error);
        if (address) return type;
    }
    return nullptr;
}

void append_whole(Bytes& to, const std::exception_ptr& error, const Coding& coding) {
    const std::exception_ptr nested = coding.depth < max_depth ? nested_in(error) : nullptr;
    encode(to, nested != nullptr);
    if (nested) append_exception(to, nested, {coding.origin, coding.codecs, coding.depth + 1});
    const void* address = nullptr;
    if (const ExceptionType* const type = type_of_application(error, coding.codecs, address)) {
        append_bits(to, Form::of_application);
        append_address(to, type);
        return type->append(to, address);
    }
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& known) {
        append_known(to, known, coding);
    } catch (...) {
        const std::string type = thrown_name(*abi::__cxa_current_exception_type());
        const Error base(fmt::format("a {} was thrown", type));
        append_remote(
            to, base,
            {base.what(), type, coding.origin.pid, std::string(coding.origin.method_name), coding.origin.attempt},
            index_of_error, coding);
    }
}

void append_exception(Bytes& to, const std::exception_ptr& error, const Coding& coding) {
    const std::size_t before = to.size();
    try {
        append_whole(to, error, coding);
    } catch (...) {
        to.resize(before);
        std::string problem = "it threw something";
        try {
            throw;
        } catch (const std::exception& thrown) {
            problem = thrown.what();
        } catch (...) {  // NOLINT(bugprone-empty-catch): it has no text
        }
        const std::string type = original_type(error);
        append_whole(
            to,
            std::make_exception_ptr(SerializationError(
                fmt::format("{} threw a {} that could not be encoded: {}", coding.origin.method_name, type, problem),
                type, std::string(coding.origin.method_name))),
            coding);
    }
}

std::size_t take_index(Reader& from) {
    const auto index = take_bits<std::uint32_t>(from);
    if (index >= table.size()) throw_not_decodable("exception", "its type is unknown");
    return index;
}

std::exception_ptr take_exception(Reader& from, const ExceptionCodecs& codecs, int depth) {
    if (depth > max_depth) throw_not_decodable("exception", "too many are nested in it");
    Wrapping wrapping;
    if (decode<bool>(from)) wrapping.nested = take_exception(from, codecs, depth + 1);
    switch (take_bits<Form>(from)) {
        case Form::exact: {
            const std::size_t index = take_index(from);
            return table[index].rebuild(from, std::move(wrapping), codecs, depth);
        }
        case Form::remote: {
            const std::size_t index = take_index(from);
            auto text = decode<std::string>(from);
            auto type_name = decode<std::string>(from);
            const int pid = decode<int>(from);
            auto method_name = decode<std::string>(from);
            const int attempt = decode<int>(from);
            wrapping.remote = {std::move(text), std::move(type_name), pid, std::move(method_name), attempt};
            return table[index].rebuild(from, std::move(wrapping), codecs, depth);
        }
        case Form::of_application: {
            const auto* const type = take_address<ExceptionType>(from);
            for (const ExceptionType* known : codecs.types)
                if (known == type)
                    return wrapping.nested ? type->rebuild_around(from, wrapping.nested) : type->rebuild(from);
            break;
        }
    }
    throw_not_decodable("exception", "its type is unknown");
}

}  // namespace

void encode_exception(Bytes& to, const std::exception_ptr& error, const ExceptionOrigin& origin,
                      const ExceptionCodecs& codecs) {
    append_exception(to, error, {origin, codecs, 0});
}

std::exception_ptr decode_exception(Reader& from, const ExceptionCodecs& codecs) {
    return take_exception(from, codecs, 0);
}

}  // namespace detail
}  // namespace concur

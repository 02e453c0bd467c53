// Exceptions as bytes. P6
#include "concur/wire/exceptions.hpp"

#include <unistd.h>

#include <any>
#include <filesystem>
#include <functional>
#include <future>
#include <ios>
#include <optional>
#include <variant>

#include "support/catch.hpp"

using namespace concur;
using detail::Bytes;
using detail::ExceptionCodecs;
using detail::Reader;

namespace app {

class Odd : public std::out_of_range {
public:
    Odd() : std::out_of_range("odd") {}
    [[nodiscard]] const char* what() const noexcept override { return "very odd"; }
};
class Own : public std::exception {
public:
    [[nodiscard]] const char* what() const noexcept override { return "own text"; }
};
class Named : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};
class Coded : public std::runtime_error {
public:
    Coded(const std::string& text, int code) : std::runtime_error(text), code_{code} {}
    [[nodiscard]] int code() const noexcept { return code_; }

private:
    int code_;
};
struct Plain {
    template <class Archive>
    void serialize(Archive& archive) {
        archive(number);
    }
    int number = 0;
};
class Stubborn : public std::runtime_error {
public:
    Stubborn() : std::runtime_error("stubborn") {}
};

}  // namespace app

template <>
struct concur::wire<app::Coded> {
    static auto arguments(const app::Coded& error) { return std::tuple(std::string(error.what()), error.code()); }
};
template <>
struct concur::wire<app::Stubborn> {
    static std::tuple<> arguments(const app::Stubborn&) { throw std::logic_error("I will not"); }
};

namespace {

const detail::ExceptionOrigin origin{.pid = 4711, .method_name = "Parser::run", .attempt = 3};

std::exception_ptr sent(const std::exception_ptr& error, const ExceptionCodecs& codecs = {}) {
    Bytes bytes;
    detail::encode_exception(bytes, error, origin, codecs);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const Bytes cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
        Reader reader(cut);
        CHECK_THROWS_AS(static_cast<void>(detail::decode_exception(reader, codecs)), SerializationError);
    }
    Reader reader(bytes);
    std::exception_ptr back = detail::decode_exception(reader, codecs);
    REQUIRE(reader.empty());
    return back;
}

/// The exception of exactly that type that comes out at the other end.
template <class E>
E sent_as(const E& error, const ExceptionCodecs& codecs = {}) {
    try {
        std::rethrow_exception(sent(std::make_exception_ptr(error), codecs));
    } catch (const E& back) {
        CHECK(typeid(back) == typeid(E));
        if constexpr (std::is_base_of_v<std::exception, E>) CHECK(std::string(back.what()) == error.what());
        return back;
    }
}

template <class... E>
void check_text_errors() {
    (static_cast<void>(sent_as(E("what it says"))), ...);
}
template <class... E>
void check_silent_errors() {
    (static_cast<void>(sent_as(E())), ...);
}

}  // namespace

TEST_CASE("exceptions of the standard library cross exactly [P6]") {
    check_text_errors<std::logic_error, std::invalid_argument, std::domain_error, std::length_error, std::out_of_range,
                      std::runtime_error, std::range_error, std::overflow_error, std::underflow_error>();
    check_silent_errors<std::exception, std::bad_alloc, std::bad_array_new_length, std::bad_cast, std::bad_any_cast,
                        std::bad_typeid, std::bad_exception, std::bad_function_call, std::bad_optional_access,
                        std::bad_variant_access, std::bad_weak_ptr>();
    const auto code = std::make_error_code(std::errc::no_such_file_or_directory);
    CHECK(sent_as(std::system_error(code, "opening")).code() == code);
    CHECK(sent_as(std::system_error(code)).code() == code);
    CHECK(sent_as(std::system_error(EACCES, std::system_category(), "x")).code().category() == std::system_category());
    CHECK(sent_as(std::ios_base::failure("bad stream")).code() == std::io_errc::stream);
    CHECK(sent_as(std::future_error(std::future_errc::no_state)).code() == std::future_errc::no_state);
    using std::filesystem::filesystem_error;
    CHECK(sent_as(filesystem_error("copy", code)).path1().empty());
    CHECK(sent_as(filesystem_error("copy", "/a", code)).path1() == "/a");
    CHECK(sent_as(filesystem_error("copy", "/a", "/b", code)).path2() == "/b");
}

TEST_CASE("errors of the library cross exactly, with their members [P6]") {
    check_text_errors<Error, CancelledError, WorkerStoppedError, QueueFullError, LimitDeadlockError, DeadlockError,
                      WouldBlockError, NotOnWorkerError, FutureTakenError, NoStateError, BrokenPromiseError,
                      PromiseAlreadySetError, ForkedHandleError>();
    CHECK(sent_as(ConfigError("mode", "no such mode")).option() == "mode");
    const auto invalid = sent_as(ValidationError("text", "7", "at_most(5)", 2, "f"));
    CHECK(invalid.value() == "7");
    CHECK(invalid.rule() == "at_most(5)");
    CHECK(invalid.position() == 2);
    CHECK(invalid.method_name() == "f");
    CHECK(sent_as(TimeoutError("late", std::chrono::seconds(3))).after() == std::chrono::seconds(3));
    const auto limit = sent_as(LimitTimeoutError("late", std::chrono::seconds(1), {"a", "b"}, std::chrono::seconds(2)));
    CHECK(limit.missing() == std::vector<std::string>{"a", "b"});
    CHECK(limit.estimate() == std::chrono::seconds(2));
    CHECK(sent_as(LimitUnsatisfiableError("never", "cpu")).key() == "cpu");
    CHECK(sent_as(UnknownLimitError("never", "cpu")).key() == "cpu");
    const auto died = sent_as(WorkerDiedError("died", 42, "killed by SIGSEGV", "f", 2, true));
    CHECK(died.pid() == 42);
    CHECK(died.cause() == "killed by SIGSEGV");
    CHECK(died.attempt() == 2);
    CHECK(died.started());
    CHECK(sent_as(SerializationError("no", "T", "f")).type_name() == "T");
    CHECK(sent_as(BackendUnavailableError(Mode::ray, "install it")).remedy() == "install it");
}

TEST_CASE("errors that hold others bring them along [P6]") {
    const auto several = sent_as(AggregateError(
        "two", {std::make_exception_ptr(std::out_of_range("first")), nullptr, std::make_exception_ptr(app::Own())}));
    REQUIRE(several.errors().size() == 3);
    CHECK_THROWS_AS(std::rethrow_exception(several.errors()[0]), std::out_of_range);
    CHECK(several.errors()[1] == nullptr);
    CHECK(original_type(several.errors()[2]) == "app::Own");

    const ExceptionCodecs codecs{.results = &detail::rejected_results_codec<int>};
    const auto rejected =
        sent_as(RetryValidationError("no", 2, std::vector<int>{5, 7}, {"too small", "odd"}, "f"), codecs);
    CHECK(rejected.all_results<int>() == std::vector<int>{5, 7});
    CHECK(rejected.validation_errors().size() == 2);
    CHECK(sent_as(RetryValidationError("no", 2, std::vector<int>{5, 7}, {"a", "b"}, "f")).attempts() == 2);
}

TEST_CASE("a type of the application becomes the nearest base that is known, and says what it was [P6]") {
    try {
        std::rethrow_exception(sent(std::make_exception_ptr(app::Odd())));
    } catch (const std::out_of_range& error) {
        CHECK(std::string(error.what()) == "very odd");
        CHECK(original_type(error) == "app::Odd");
        const auto& remote = dynamic_cast<const RemoteException&>(error);
        CHECK(remote.pid() == 4711);
        CHECK(remote.method_name() == "Parser::run");
        CHECK(remote.attempt() == 3);
        CHECK(dynamic_cast<const RemoteError<std::out_of_range>*>(&error) != nullptr);
    }
    try {
        std::rethrow_exception(sent(std::make_exception_ptr(app::Own())));
    } catch (const std::exception& error) {
        CHECK(std::string(error.what()) == "own text");
        CHECK(original_type(error) == "app::Own");
    }
    // Through two processes it stays what it was.
    const std::exception_ptr twice = sent(sent(std::make_exception_ptr(app::Odd())));
    CHECK(original_type(twice) == "app::Odd");
    CHECK_THROWS_AS(std::rethrow_exception(twice), std::out_of_range);
}

TEST_CASE("what is no std::exception becomes a RemoteError of Error [P6]") {
    const std::exception_ptr back = sent(std::make_exception_ptr(42));
    CHECK(original_type(back) == "int");
    CHECK_THROWS_AS(std::rethrow_exception(back), RemoteError<Error>);
    CHECK_THROWS_WITH(std::rethrow_exception(back), "a int was thrown");
    CHECK(original_type(std::make_exception_ptr(42)) == "int");
    CHECK(original_type(std::exception_ptr()).empty());
    CHECK(original_type(app::Odd()) == "app::Odd");
}

TEST_CASE("types that the application has named cross exactly [P6]") {
    static const detail::ExceptionType* const types[] = {
        &detail::exception_type<app::Named>, &detail::exception_type<app::Coded>, &detail::exception_type<app::Plain>};
    const ExceptionCodecs codecs{.types = types};
    CHECK_FALSE(detail::exception_crosses<app::Own>);
    static_cast<void>(sent_as(app::Named("named"), codecs));
    CHECK(sent_as(app::Coded("coded", 7), codecs).code() == 7);
    app::Plain plain;
    plain.number = 8;
    CHECK(sent_as(plain, codecs).number == 8);
    // Not named there: the nearest base.
    CHECK(original_type(sent(std::make_exception_ptr(app::Coded("coded", 7)))) == "app::Coded");
}

TEST_CASE("nested exceptions are kept, with their types [P6]") {
    std::exception_ptr error;
    try {
        try {
            try {
                throw app::Odd();
            } catch (...) {
                std::throw_with_nested(TimeoutError("late", std::chrono::seconds(1)));
            }
        } catch (...) {
            std::throw_with_nested(app::Own());
        }
    } catch (...) {
        error = std::current_exception();
    }
    const std::exception_ptr back = sent(sent(error));
    CHECK(original_type(back) == "app::Own");
    try {
        std::rethrow_exception(back);
    } catch (const std::exception& outer) {
        CHECK(std::string(outer.what()) == "own text");
        try {
            std::rethrow_if_nested(outer);
            FAIL("nothing is nested");
        } catch (const TimeoutError& middle) {
            CHECK(middle.after() == std::chrono::seconds(1));
            try {
                std::rethrow_if_nested(middle);
                FAIL("nothing is nested");
            } catch (const std::out_of_range& inner) {
                CHECK(original_type(inner) == "app::Odd");
            }
        }
    }
}

TEST_CASE("an exception that throws while it is encoded is a SerializationError with the method's name [P6]") {
    static const detail::ExceptionType* const types[] = {&detail::exception_type<app::Stubborn>};
    try {
        std::rethrow_exception(sent(std::make_exception_ptr(app::Stubborn()), {.types = types}));
        FAIL("nothing was thrown");
    } catch (const SerializationError& error) {
        CHECK(error.method_name() == "Parser::run");
        CHECK(std::string(error.what()) == "Parser::run threw a app::Stubborn that could not be encoded: I will not");
    }
}

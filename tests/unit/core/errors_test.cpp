#include <concur/core/errors.hpp>

#include <exception>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using concur::Error;
using Text = std::string;

namespace {

template <class E>
constexpr bool is_error = std::is_base_of_v<Error, E>;

/// What `catch (const Caught&)` sees of a thrown E.
template <class Caught, class E>
Text caught_text(const E& error) {
    try {
        throw error;
    } catch (const Caught& caught) {
        return caught.what();
    }
}

/// The errors that only have a text.
template <class E>
Text text_of_plain() {
    STATIC_REQUIRE(std::is_base_of_v<Error, E>);
    STATIC_REQUIRE_FALSE(std::is_default_constructible_v<E>);
    CHECK(Text(E(Text("worker: from a string")).what()) == "worker: from a string");
    return caught_text<Error>(E("worker: what to do"));
}

}  // namespace

TEST_CASE("every error is a concur::Error, and that is a std::runtime_error", "[errors]") {
    STATIC_REQUIRE(std::is_base_of_v<std::runtime_error, Error>);
    STATIC_REQUIRE(is_error<concur::ConfigError>);
    STATIC_REQUIRE(is_error<concur::ValidationError>);
    STATIC_REQUIRE(is_error<concur::TimeoutError>);
    STATIC_REQUIRE(is_error<concur::WorkerDiedError>);
    STATIC_REQUIRE(is_error<concur::SerializationError>);
    STATIC_REQUIRE(is_error<concur::RetryValidationError>);
    STATIC_REQUIRE(is_error<concur::LimitTimeoutError>);
    STATIC_REQUIRE(is_error<concur::LimitUnsatisfiableError>);
    STATIC_REQUIRE(is_error<concur::UnknownLimitError>);
    STATIC_REQUIRE(is_error<concur::AggregateError>);
    STATIC_REQUIRE(is_error<concur::BackendUnavailableError>);
    STATIC_REQUIRE(is_error<concur::RemoteError<Error>>);
    CHECK(caught_text<std::runtime_error>(Error("text")) == "text");
    CHECK(caught_text<std::exception>(concur::TimeoutError("text", 1s)) == "text");
}

TEST_CASE("the errors without members carry their text", "[errors]") {
    CHECK(text_of_plain<concur::CancelledError>() == "worker: what to do");
    CHECK(text_of_plain<concur::WorkerStoppedError>() == "worker: what to do");
    CHECK(text_of_plain<concur::QueueFullError>() == "worker: what to do");
    CHECK(text_of_plain<concur::LimitDeadlockError>() == "worker: what to do");
    CHECK(text_of_plain<concur::DeadlockError>() == "worker: what to do");
    CHECK(text_of_plain<concur::WouldBlockError>() == "worker: what to do");
    CHECK(text_of_plain<concur::NotOnWorkerError>() == "worker: what to do");
    CHECK(text_of_plain<concur::FutureTakenError>() == "worker: what to do");
    CHECK(text_of_plain<concur::NoStateError>() == "worker: what to do");
    CHECK(text_of_plain<concur::BrokenPromiseError>() == "worker: what to do");
    CHECK(text_of_plain<concur::PromiseAlreadySetError>() == "worker: what to do");
    CHECK(text_of_plain<concur::ForkedHandleError>() == "worker: what to do");
}

TEST_CASE("a ConfigError names the option first", "[errors]") {
    const concur::ConfigError error("num_retries", "-1 is not allowed; use 0 or more");
    CHECK(error.option() == "num_retries");
    CHECK(caught_text<Error>(error) == "num_retries: -1 is not allowed; use 0 or more");
}

TEST_CASE("a ValidationError tells value, rule, position and method", "[errors]") {
    const concur::ValidationError error("T::m: 7 is no percentage", "7", "le<5>", 2, "T::m");
    CHECK(error.value() == "7");
    CHECK(error.rule() == "le<5>");
    CHECK(error.position() == 2);
    CHECK(error.method_name() == "T::m");
    CHECK(caught_text<Error>(error) == "T::m: 7 is no percentage");
}

TEST_CASE("a TimeoutError tells how long was waited", "[errors]") {
    const concur::TimeoutError error("T::m did not end", 1500ms);
    CHECK(error.after() == 1500ms);
    CHECK(caught_text<Error>(error) == "T::m did not end");
}

TEST_CASE("a LimitTimeoutError is a TimeoutError that tells what was missing", "[errors]") {
    STATIC_REQUIRE(std::is_base_of_v<concur::TimeoutError, concur::LimitTimeoutError>);
    const concur::LimitTimeoutError error("no tokens", 2s, {"tokens", "calls"}, 300ms);
    CHECK(error.missing() == std::vector<Text>{"tokens", "calls"});
    CHECK(error.estimate() == 300ms);
    CHECK(error.after() == 2s);
    CHECK(caught_text<concur::TimeoutError>(error) == "no tokens");
}

TEST_CASE("a WorkerDiedError tells who died of what, and whether the method had started", "[errors]") {
    const concur::WorkerDiedError error("worker died", 4711, "killed by SIGSEGV", "T::m", 2, true);
    CHECK(error.pid() == 4711);
    CHECK(error.cause() == "killed by SIGSEGV");
    CHECK(error.method_name() == "T::m");
    CHECK(error.attempt() == 2);
    CHECK(error.started());
    CHECK_FALSE(concur::WorkerDiedError("", 1, "", "", 1, false).started());
    CHECK(caught_text<Error>(error) == "worker died");
}

TEST_CASE("a SerializationError names the type and the method", "[errors]") {
    const concur::SerializationError error("cannot be sent", "std::mutex", "T::m");
    CHECK(error.type_name() == "std::mutex");
    CHECK(error.method_name() == "T::m");
    CHECK(caught_text<Error>(error) == "cannot be sent");
}

TEST_CASE("a RetryValidationError keeps every rejected result in its own type", "[errors]") {
    const concur::RetryValidationError error("all results were rejected", 3, std::vector<Text>{"a", "b", "c"},
                                             {"too short", "too short", "too short"}, "T::m");
    CHECK(error.attempts() == 3);
    CHECK(error.all_results<Text>() == std::vector<Text>{"a", "b", "c"});
    CHECK(error.validation_errors() == std::vector<Text>{"too short", "too short", "too short"});
    CHECK(error.method_name() == "T::m");
    CHECK_THROWS_AS(error.all_results<int>(), std::bad_cast);
    CHECK(caught_text<Error>(error) == "all results were rejected");

    const concur::RetryValidationError copy = error;
    CHECK(&copy.all_results<Text>() == &error.all_results<Text>());
}

TEST_CASE("limit errors name the key", "[errors]") {
    CHECK(concur::LimitUnsatisfiableError("larger than the limit", "tokens").key() == "tokens");
    CHECK(concur::UnknownLimitError("no such limit", "tokns").key() == "tokns");
    CHECK(caught_text<Error>(concur::UnknownLimitError("no such limit", "tokns")) == "no such limit");
    CHECK(caught_text<Error>(concur::LimitUnsatisfiableError("too large", "tokens")) == "too large");
}

TEST_CASE("an AggregateError keeps the errors in the order they were given", "[errors]") {
    const auto first = std::make_exception_ptr(1);
    const auto second = std::make_exception_ptr(2);
    const concur::AggregateError error("all 2 failed", {first, second});
    CHECK(error.errors() == std::vector<std::exception_ptr>{first, second});
    CHECK(caught_text<Error>(error) == "all 2 failed");
    CHECK(concur::AggregateError("none", {}).errors().empty());
}

TEST_CASE("a BackendUnavailableError names mode and remedy", "[errors]") {
    const concur::BackendUnavailableError error(concur::Mode::ray, "install what it needs");
    CHECK(error.mode() == concur::Mode::ray);
    CHECK(error.remedy() == "install what it needs");
    CHECK(caught_text<Error>(error) == "ray mode is not available: install what it needs");
}

TEST_CASE("a RemoteError is its base and a RemoteException, and an unambiguous std::exception", "[errors]") {
    using Remote = concur::RemoteError<std::out_of_range>;
    STATIC_REQUIRE(std::is_base_of_v<std::out_of_range, Remote>);
    STATIC_REQUIRE(std::is_base_of_v<concur::RemoteException, Remote>);
    STATIC_REQUIRE_FALSE(std::is_base_of_v<std::exception, concur::RemoteException>);
    const Remote error(std::out_of_range("no such page"), "app::PageError", 4711, "T::m", 3);
    CHECK(error.type_name() == "app::PageError");
    CHECK(error.pid() == 4711);
    CHECK(error.method_name() == "T::m");
    CHECK(error.attempt() == 3);
    CHECK(caught_text<std::out_of_range>(error) == "no such page");
    CHECK(caught_text<std::exception>(error) == "no such page");
    try {
        throw error;
    } catch (const concur::RemoteException& remote) {
        CHECK(remote.type_name() == "app::PageError");
    }
}

TEST_CASE("an error travels through an exception_ptr with its members", "[errors]") {
    const auto pointer = std::make_exception_ptr(concur::WorkerDiedError("died", 7, "exited", "T::m", 1, true));
    try {
        std::rethrow_exception(pointer);
    } catch (const concur::WorkerDiedError& error) {
        CHECK(error.pid() == 7);
        CHECK(error.cause() == "exited");
    }
}

#include <concur/core/errors.hpp>
#include <concur/future/outcome.hpp>

#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "support/catch.hpp"
#include "support/tracked.hpp"

using concur::Outcome;
using concur::test::MoveOnly;
using concur::test::Tracked;
using concur::test::Tracks;

namespace {

std::exception_ptr range_error() { return std::make_exception_ptr(std::range_error("out of range")); }

}  // namespace

TEST_CASE("an outcome with a value is true and gives it", "[outcome][F10]") {
    Outcome<std::string> outcome(std::string("text"));
    CHECK(outcome);
    CHECK(outcome.has_value());
    CHECK(outcome.error() == nullptr);
    CHECK(outcome.value() == "text");
    CHECK(outcome.value_or("other") == "text");
    outcome.value() += "!";
    CHECK(std::as_const(outcome).value() == "text!");
    const std::string moved = std::move(outcome).value();
    CHECK(moved == "text!");
}

TEST_CASE("an outcome with an exception is false and rethrows it", "[outcome][F10]") {
    const std::exception_ptr error = range_error();
    Outcome<std::string> outcome(error);
    CHECK_FALSE(outcome);
    CHECK_FALSE(outcome.has_value());
    CHECK(outcome.error() == error);
    CHECK_THROWS_AS(outcome.value(), std::range_error);
    CHECK_THROWS_AS(std::as_const(outcome).value(), std::range_error);
    CHECK(outcome.value_or("other") == "other");
    CHECK(std::move(outcome).value_or("other") == "other");
    CHECK_THROWS_AS(std::move(outcome).value(), std::range_error);
}

TEST_CASE("an outcome does not convert by accident", "[outcome][F10]") {
    STATIC_REQUIRE_FALSE(std::is_convertible_v<int, Outcome<int>>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<std::exception_ptr, Outcome<int>>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<Outcome<int>, bool>);
    STATIC_REQUIRE(std::is_constructible_v<bool, Outcome<int>>);
    STATIC_REQUIRE_FALSE(std::is_default_constructible_v<Outcome<int>>);
    STATIC_REQUIRE(std::is_same_v<decltype(std::declval<const Outcome<int>&>().value()), const int&>);
    STATIC_REQUIRE(std::is_same_v<decltype(std::declval<Outcome<int>>().value()), int>);
}

TEST_CASE("an outcome of void is a success or an exception", "[outcome][F10]") {
    const Outcome<void> success;
    CHECK(success);
    CHECK_NOTHROW(success.value());
    CHECK(success.error() == nullptr);

    const Outcome<void> failure(range_error());
    CHECK_FALSE(failure);
    CHECK_FALSE(failure.has_value());
    CHECK_THROWS_AS(failure.value(), std::range_error);
    CHECK(failure.error() != nullptr);
}

TEST_CASE("an outcome may hold what cannot be copied or default-constructed", "[outcome][F10]") {
    Outcome<MoveOnly> outcome(MoveOnly(7));
    CHECK(outcome.value().value() == 7);
    Outcome<MoveOnly> moved = std::move(outcome);
    CHECK(std::move(moved).value().value() == 7);
    CHECK(Outcome<MoveOnly>(range_error()).value_or(MoveOnly(3)).value() == 3);
    CHECK(Outcome<MoveOnly>(MoveOnly(4)).value_or(MoveOnly(3)).value() == 4);
}

TEST_CASE("an outcome of an exception_ptr holds it as a value", "[outcome][F10]") {
    const std::exception_ptr pointer = range_error();
    const Outcome<std::exception_ptr> outcome(pointer);
    CHECK(outcome.has_value());
    CHECK(outcome.error() == nullptr);
    CHECK(outcome.value() == pointer);
}

TEST_CASE("an outcome made from a null exception_ptr is a failure with a typed error", "[outcome][F10]") {
    const Outcome<int> outcome{std::exception_ptr()};
    CHECK_FALSE(outcome);
    REQUIRE(outcome.error() != nullptr);  // else value() would be undefined
    CHECK_THROWS_AS(outcome.value(), concur::Error);
    const Outcome<void> nothing{std::exception_ptr()};
    CHECK_FALSE(nothing);
}

TEST_CASE("an outcome copies its value only when it is copied", "[outcome][F10]") {
    Tracks tracks;
    {
        Outcome<Tracked> outcome(Tracked(tracks, 5));
        CHECK(tracks.copies == 0);
        const Tracked moved = std::move(outcome).value();
        CHECK(moved.value == 5);
        CHECK(tracks.copies == 0);
    }
    CHECK(tracks.alive() == 0);
}

#include <concur/core/mode.hpp>

#include <fmt/format.h>

#include <type_traits>

#include "support/catch.hpp"

using concur::Mode;

TEST_CASE("every mode has a name, also for fmt", "[mode][W3]") {
    CHECK(concur::to_string(Mode::sync) == "sync");
    CHECK(concur::to_string(Mode::thread) == "thread");
    CHECK(concur::to_string(Mode::process) == "process");
    CHECK(concur::to_string(Mode::asio) == "asio");
    CHECK(concur::to_string(Mode::ray) == "ray");
    CHECK(concur::to_string(Mode::dynamic) == "dynamic");
    CHECK(fmt::format("[{}]", Mode::thread) == "[thread]");
}

TEST_CASE("a tag knows its mode at compile time", "[mode][W4]") {
    STATIC_REQUIRE(decltype(concur::sync)::value == Mode::sync);
    STATIC_REQUIRE(decltype(concur::thread)::value == Mode::thread);
    STATIC_REQUIRE(decltype(concur::process)::value == Mode::process);
    STATIC_REQUIRE(decltype(concur::asio)::value == Mode::asio);
    STATIC_REQUIRE(decltype(concur::ray)::value == Mode::ray);
    STATIC_REQUIRE_FALSE(std::is_same_v<decltype(concur::sync), decltype(concur::thread)>);
}

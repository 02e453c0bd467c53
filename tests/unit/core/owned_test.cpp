#include <concur/core/owned.hpp>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"

using concur::detail::Owned;
using concur::detail::to_owned;

TEST_CASE("views become owners and everything else decays", "[owned][W12]") {
    STATIC_REQUIRE(std::is_same_v<Owned<std::string_view>, std::string>);
    STATIC_REQUIRE(std::is_same_v<Owned<const std::wstring_view&>, std::wstring>);
    STATIC_REQUIRE(std::is_same_v<Owned<std::span<const int>>, std::vector<int>>);
    STATIC_REQUIRE(std::is_same_v<Owned<std::span<int, 3>>, std::vector<int>>);
    STATIC_REQUIRE(std::is_same_v<Owned<const std::string&>, std::string>);
    STATIC_REQUIRE(std::is_same_v<Owned<int[3]>, int*>);
    STATIC_REQUIRE(std::is_void_v<Owned<void>>);
}

TEST_CASE("what a view shows is copied, what is owned is passed on", "[owned][W12]") {
    std::string text = "a text that is longer than any small string buffer";
    const auto copy = to_owned(std::string_view(text));
    text.assign(text.size(), 'x');
    CHECK(copy == "a text that is longer than any small string buffer");

    std::vector<int> numbers{1, 2, 3};
    CHECK(to_owned(std::span(numbers)) == std::vector{1, 2, 3});
    CHECK(to_owned(std::string_view()).empty());
    CHECK(to_owned(std::span<int>()).empty());

    auto pointer = std::make_unique<int>(3);
    const std::unique_ptr<int> moved = to_owned(std::move(pointer));
    CHECK(*moved == 3);
}

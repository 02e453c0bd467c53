#include <concur/future/copyable.hpp>

#include <array>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

#include "support/catch.hpp"
#include "support/tracked.hpp"

using concur::detail::is_copyable;
using concur::test::MoveOnly;

namespace {

/// As many classes do: says nothing about copying, and has a member that cannot be.
struct HoldsMoveOnly {
    MoveOnly member;
};
struct Abstract {
    virtual ~Abstract() = default;
    virtual void f() = 0;
};

}  // namespace

TEST_CASE("plain values, containers of them and shared pointers can be copied", "[copyable][F2]") {
    STATIC_REQUIRE(is_copyable<int>);
    STATIC_REQUIRE(is_copyable<const std::string>);
    STATIC_REQUIRE(is_copyable<std::vector<std::string>>);
    STATIC_REQUIRE(is_copyable<std::map<std::string, std::vector<int>>>);
    STATIC_REQUIRE(is_copyable<std::map<std::string, int, std::greater<>>>);
    STATIC_REQUIRE(is_copyable<std::unordered_map<int, std::list<int>>>);
    STATIC_REQUIRE(is_copyable<std::shared_ptr<MoveOnly>>);
    STATIC_REQUIRE(is_copyable<std::shared_ptr<Abstract>>);
    STATIC_REQUIRE(is_copyable<std::vector<std::shared_ptr<Abstract>>>);
    STATIC_REQUIRE(is_copyable<std::function<void(MoveOnly)>>);
    STATIC_REQUIRE(is_copyable<std::tuple<int, std::pair<std::string, std::optional<int>>>>);
    STATIC_REQUIRE(is_copyable<std::array<std::vector<int>, 2>>);
    STATIC_REQUIRE(is_copyable<std::variant<int, std::string>>);
    STATIC_REQUIRE(is_copyable<concur::test::ThrowsOnCopy>);
}

TEST_CASE("what owns something that cannot be copied cannot be copied, however deep it is", "[copyable][F2]") {
    STATIC_REQUIRE_FALSE(is_copyable<std::unique_ptr<int>>);
    STATIC_REQUIRE_FALSE(is_copyable<std::thread>);
    STATIC_REQUIRE_FALSE(is_copyable<MoveOnly>);
    STATIC_REQUIRE_FALSE(is_copyable<HoldsMoveOnly>);
    STATIC_REQUIRE_FALSE(is_copyable<std::vector<std::unique_ptr<int>>>);
    STATIC_REQUIRE_FALSE(is_copyable<std::deque<std::list<MoveOnly>>>);
    STATIC_REQUIRE_FALSE(is_copyable<std::map<int, std::unique_ptr<int>>>);
    STATIC_REQUIRE_FALSE(is_copyable<std::unordered_map<int, std::vector<MoveOnly>>>);
    STATIC_REQUIRE_FALSE(is_copyable<std::pair<int, std::vector<MoveOnly>>>);
    STATIC_REQUIRE_FALSE(is_copyable<std::tuple<int, std::vector<std::vector<MoveOnly>>>>);
    STATIC_REQUIRE_FALSE(is_copyable<std::array<std::vector<MoveOnly>, 2>>);
    STATIC_REQUIRE_FALSE(is_copyable<std::optional<std::vector<MoveOnly>>>);
    CHECK_FALSE(is_copyable<std::variant<int, std::vector<MoveOnly>>>);
    STATIC_REQUIRE_FALSE(is_copyable<std::vector<HoldsMoveOnly>>);
}

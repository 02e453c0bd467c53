#include <concur/future/promise.hpp>
#include <concur/future/unwrap.hpp>

#include <array>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <memory_resource>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "support/catch.hpp"
#include "support/tracked.hpp"

using concur::Future;
using concur::ready;
using concur::detail::contains_future;
using concur::detail::Structure;
using concur::detail::unwrap_part;
using concur::detail::Unwrapped;
using concur::test::Tracked;
using concur::test::Tracks;

namespace {

template <class From, class To>
constexpr bool becomes = std::is_same_v<Unwrapped<From>, To>;

template <class A>
auto values_of(A structure) {
    return unwrap_part<Structure::owned>(structure);
}

template <class A>
std::vector<std::uint64_t> ids_in(const A& structure) {
    std::vector<std::uint64_t> ids;
    auto visit = [&](concur::detail::StateBase& state) { ids.push_back(state.id()); };
    concur::detail::visit_futures(structure, visit);
    return ids;
}

}  // namespace

TEST_CASE("futures are found in every known structure, and nowhere else", "[unwrap][F20][F21]") {
    STATIC_REQUIRE(contains_future<Future<int>>);
    STATIC_REQUIRE(contains_future<const Future<int>&>);
    STATIC_REQUIRE(contains_future<std::vector<Future<int>>>);
    STATIC_REQUIRE(contains_future<std::map<int, Future<int>>>);
    STATIC_REQUIRE(contains_future<std::tuple<int, std::optional<std::vector<Future<void>>>>>);
    STATIC_REQUIRE_FALSE(contains_future<int>);
    STATIC_REQUIRE_FALSE(contains_future<std::string>);
    STATIC_REQUIRE_FALSE(contains_future<std::vector<std::map<int, std::string>>>);
    STATIC_REQUIRE_FALSE(contains_future<std::shared_ptr<Future<int>>>);
    STATIC_REQUIRE_FALSE(contains_future<std::vector<int>*>);
}

TEST_CASE("a map's keys are left alone, futures or not", "[unwrap][F20]") {
    STATIC_REQUIRE_FALSE(contains_future<std::map<Future<int>, int>>);
    STATIC_REQUIRE(becomes<std::map<Future<int>, Future<std::string>>, std::map<Future<int>, std::string>>);
    const Future<int> key = ready(1);
    const auto values = values_of(std::map<Future<int>, Future<int>>{{key, ready(2)}});
    CHECK(values.at(key) == 2);
}

TEST_CASE("the element types change and everything else of the type stays", "[unwrap][F20]") {
    STATIC_REQUIRE(becomes<Future<int>, int>);
    STATIC_REQUIRE(becomes<Future<void>, std::monostate>);
    STATIC_REQUIRE(becomes<int, int>);
    STATIC_REQUIRE(becomes<std::vector<Future<int>>, std::vector<int>>);
    STATIC_REQUIRE(becomes<std::deque<Future<int>>, std::deque<int>>);
    STATIC_REQUIRE(becomes<std::list<Future<int>>, std::list<int>>);
    STATIC_REQUIRE(becomes<std::set<Future<int>>, std::set<int>>);
    STATIC_REQUIRE(becomes<std::multiset<Future<int>>, std::multiset<int>>);
    STATIC_REQUIRE(becomes<std::unordered_set<Future<int>>, std::unordered_set<int>>);
    STATIC_REQUIRE(becomes<std::map<std::string, Future<int>>, std::map<std::string, int>>);
    STATIC_REQUIRE(becomes<std::map<int, Future<int>, std::greater<int>>, std::map<int, int, std::greater<int>>>);
    STATIC_REQUIRE(becomes<std::multimap<int, Future<int>>, std::multimap<int, int>>);
    STATIC_REQUIRE(becomes<std::unordered_map<int, Future<int>>, std::unordered_map<int, int>>);
    STATIC_REQUIRE(becomes<std::array<Future<int>, 3>, std::array<int, 3>>);
    STATIC_REQUIRE(becomes<std::pair<Future<int>, std::string>, std::pair<int, std::string>>);
    STATIC_REQUIRE(becomes<std::tuple<Future<int>, double, Future<void>>, std::tuple<int, double, std::monostate>>);
    STATIC_REQUIRE(becomes<std::optional<Future<int>>, std::optional<int>>);
    STATIC_REQUIRE(becomes<std::variant<Future<int>, Future<std::string>>, std::variant<int, std::string>>);
    STATIC_REQUIRE(becomes<std::vector<std::map<int, std::optional<Future<int>>>>,
                           std::vector<std::map<int, std::optional<int>>>>);
    STATIC_REQUIRE(becomes<std::pmr::vector<Future<int>>, std::pmr::vector<int>>);
}

TEST_CASE("values take the place of their futures at any depth", "[unwrap][F20]") {
    using Nested = std::vector<std::tuple<std::string, std::optional<std::map<int, Future<int>>>>>;
    const auto values = values_of(
        Nested{{"first", std::map<int, Future<int>>{{1, ready(10)}, {2, ready(20)}}}, {"second", std::nullopt}});
    CHECK(std::get<0>(values[0]) == "first");
    CHECK(std::get<1>(values[0])->at(2) == 20);
    CHECK_FALSE(std::get<1>(values[1]).has_value());

    const std::variant<Future<int>, Future<std::string>> text = ready(std::string("text"));
    CHECK(std::get<std::string>(values_of(text)) == "text");
    CHECK(values_of(std::array{ready(1), ready(2)}) == std::array{1, 2});
    CHECK(values_of(std::multimap<int, Future<int>>{{1, ready(1)}, {1, ready(2)}}).size() == 2);
    CHECK(values_of(std::unordered_set{ready(1), ready(2)}) == std::unordered_set{1, 2});
}

TEST_CASE("a future inside of a future's value is left to its owner", "[unwrap][F20]") {
    CHECK(values_of(std::vector{ready(ready(3))})[0].result() == 3);
}

TEST_CASE("futures are visited once each, in order", "[unwrap][F20]") {
    const Future<int> a = ready(1);
    const Future<int> b = ready(2);
    const std::tuple structure{std::vector{a, b, a}, 5, std::vector<std::optional<Future<int>>>{b, std::nullopt},
                               std::map<int, Future<int>>{{2, a}, {1, b}}};
    CHECK(ids_in(structure) == std::vector{a.id(), b.id(), a.id(), b.id(), b.id(), a.id()});
    CHECK(ids_in(std::string("text")).empty());
    CHECK_THROWS_AS(ids_in(std::vector{Future<int>()}), concur::NoStateError);
}

TEST_CASE("the exception of a failed future comes out", "[unwrap][F23]") {
    const auto futures = std::vector{ready(1), concur::failed<int>(std::range_error("range"))};
    CHECK_THROWS_AS(values_of(futures), std::range_error);
    CHECK_THROWS_AS(values_of(std::tuple{concur::failed<void>(std::range_error("range")), 1}), std::range_error);
}

TEST_CASE("parts without futures are moved from an owned structure and copied from a borrowed one", "[unwrap][F21]") {
    Tracks tracks;
    {
        std::pair<Tracked, Future<int>> structure{Tracked(tracks, 1), ready(2)};
        const int copies = tracks.copies;
        const auto borrowed = unwrap_part<Structure::borrowed>(structure);
        CHECK(borrowed.first.value == 1);
        CHECK(tracks.copies == copies + 1);
        CHECK(structure.first.value == 1);
        const auto owned = unwrap_part<Structure::owned>(structure);
        CHECK(owned.first.value == 1);
        CHECK(tracks.copies == copies + 1);

        std::vector<Tracked> plain;
        plain.emplace_back(tracks, 3);
        const auto* const where = plain.data();
        const std::vector<Tracked> moved = unwrap_part<Structure::owned>(plain);
        CHECK(moved.data() == where);  // neither copied nor rebuilt
    }
    CHECK(tracks.alive() == 0);
}

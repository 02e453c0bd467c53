#include <concur/concur.hpp>

#include <string>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"
#include "support/tracked.hpp"

using concur::Future;
using concur::gather;
using concur::ready;
using concur::test::MoveOnly;

TEST_CASE("list mixes values and futures of one type", "[list][F20]") {
    const Future<int> a = ready(1);
    const auto mixed = concur::list(a, 20, 30);
    STATIC_REQUIRE(std::is_same_v<decltype(mixed), const std::vector<Future<int>>>);
    CHECK(gather(mixed) == std::vector{1, 20, 30});
    CHECK(mixed[0] == a);
    CHECK(gather(concur::list(1, 2)) == std::vector{1, 2});
    CHECK(gather(concur::list(ready(std::string("a")), "b")) == std::vector<std::string>{"a", "b"});
    CHECK(gather(concur::list(MoveOnly(1), ready(MoveOnly(2))))[1].value() == 2);
}

TEST_CASE("as_is keeps the future", "[list][F24]") {
    const Future<int> future = ready(1);
    CHECK(concur::as_is(future).future == future);
}

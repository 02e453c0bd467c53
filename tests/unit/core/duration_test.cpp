#include <concur/core/duration.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "support/catch.hpp"

using concur::Duration;
using concur::never;
using namespace std::chrono_literals;
namespace chrono = std::chrono;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();
using Seconds = chrono::duration<double>;

constexpr std::int64_t largest = INT64_MAX;

}  // namespace

TEST_CASE("a duration is eight bytes and computed at compile time", "[duration][W7]") {
    STATIC_REQUIRE(sizeof(Duration) == 8);
    STATIC_REQUIRE(std::is_trivially_copyable_v<Duration>);
    STATIC_REQUIRE(Duration().count() == 0);
    STATIC_REQUIRE(Duration(2s).count() == 2'000'000'000);
    STATIC_REQUIRE(Duration(1.5s) == 1500ms);
    STATIC_REQUIRE(Duration(1s) + 1ms - 1us == Duration(1'000'999us));
    STATIC_REQUIRE(Duration(1s) * 3 / 2 == 1500ms);
    STATIC_REQUIRE(Duration(Seconds(not_a_number)).is_nan());
    STATIC_REQUIRE(never == Duration::max());
    STATIC_REQUIRE(concur::unlimited == INT_MAX);
}

TEST_CASE("a duration is made from any chrono duration, but not from a bare number", "[duration][W7]") {
    STATIC_REQUIRE(std::convertible_to<chrono::hours, Duration>);
    STATIC_REQUIRE(std::convertible_to<chrono::duration<float, std::ratio<7, 3>>, Duration>);
    STATIC_REQUIRE(std::convertible_to<Duration, chrono::nanoseconds>);
    STATIC_REQUIRE_FALSE(std::convertible_to<int, Duration>);
    STATIC_REQUIRE_FALSE(std::constructible_from<Duration, double>);

    CHECK(Duration(1h).count() == 3'600'000'000'000);
    CHECK(Duration(-3ms).count() == -3'000'000);
    CHECK(Duration(chrono::duration<std::uint8_t>(200)).count() == 200'000'000'000);
    CHECK(Duration(chrono::duration<int, std::ratio<1, 3>>(3)) == 1s);
    const chrono::nanoseconds as_chrono = Duration(5ms);
    CHECK(as_chrono == 5ms);
    CHECK(Duration(7us).nanoseconds() == 7us);
}

TEST_CASE("a fraction of a nanosecond is rounded up", "[duration][W7]") {
    using Nanoseconds = chrono::duration<double, std::nano>;
    using Picoseconds = chrono::duration<std::int64_t, std::pico>;
    CHECK(Duration(Nanoseconds(0.25)).count() == 1);
    CHECK(Duration(Nanoseconds(1.0)).count() == 1);
    CHECK(Duration(Nanoseconds(1.5)).count() == 2);
    CHECK(Duration(Nanoseconds(-1.5)).count() == -1);
    CHECK(Duration(Nanoseconds(-0.25)).count() == 0);
    CHECK(Duration(Nanoseconds(std::numeric_limits<double>::denorm_min())).count() == 1);
    CHECK(Duration(Picoseconds(1)).count() == 1);
    CHECK(Duration(Picoseconds(1000)).count() == 1);
    CHECK(Duration(Picoseconds(1001)).count() == 2);
    CHECK(Duration(Picoseconds(-1999)).count() == -1);
    CHECK(Duration(chrono::duration<int, std::ratio<1, 3>>(1)).count() == 333'333'334);
}

TEST_CASE("a decimal fraction means what was written, not its binary neighbour", "[duration][W7]") {
    CHECK(Duration(0.1s) == 100ms);
    CHECK(Duration(0.3s) == 300ms);
    CHECK(Duration(0.7s) == 700ms);
    CHECK(Duration(2.2s) == 2200ms);
    CHECK(Duration(0.1ms) == 100us);
    CHECK(Duration(Seconds(0.1)) == 100ms);
    CHECK(Duration(Seconds(0.3)) == 300ms);
    CHECK(Duration(chrono::duration<double, std::milli>(0.7)) == 700us);
    CHECK(Duration(chrono::duration<float>(0.5f)) == 500ms);
    CHECK(Duration(1s) * 0.1 == 100ms);
}

TEST_CASE("what does not fit into a duration saturates", "[duration][W7]") {
    CHECK(Duration(chrono::hours::max()) == never);
    CHECK(Duration(chrono::years::max()) == never);
    CHECK(Duration(chrono::nanoseconds::max()) == never);
    CHECK(Duration(chrono::duration<std::uint64_t, std::nano>(UINT64_MAX)) == never);
    CHECK(Duration(chrono::duration<std::uint64_t>(UINT64_MAX)) == never);
    CHECK(Duration(Seconds(1e300)) == never);
    CHECK(Duration(Seconds(infinity)) == never);
    CHECK(Duration(chrono::duration<double, std::nano>(9223372036854775808.0)) == never);

    CHECK(Duration(chrono::hours::min()).count() == -largest);
    CHECK(Duration(chrono::nanoseconds::min()).count() == -largest);
    CHECK(Duration(Seconds(-infinity)).count() == -largest);
    CHECK(Duration(Seconds(-1e300)).count() == -largest);
    CHECK_FALSE(Duration(chrono::nanoseconds::min()).is_nan());
    CHECK_FALSE(Duration::of_nanoseconds(INT64_MIN).is_nan());
}

TEST_CASE("the largest whole numbers of nanoseconds are kept exactly", "[duration][W7]") {
    CHECK(Duration(chrono::nanoseconds(largest - 1)).count() == largest - 1);
    CHECK(Duration(chrono::nanoseconds(-largest)).count() == -largest);
    CHECK((Duration(chrono::nanoseconds(largest - 1)) * 1).count() == largest - 1);
    CHECK(Duration(chrono::seconds(9'223'372'036)).count() == 9'223'372'036'000'000'000);
    CHECK(Duration(chrono::seconds(9'223'372'037)) == never);
}

TEST_CASE("a duration remembers that it was made from NaN", "[duration][W7]") {
    const Duration nan = Seconds(not_a_number);
    CHECK(nan.is_nan());
    CHECK(nan.count() == 0);
    CHECK(nan.nanoseconds() == 0ns);
    CHECK(Duration(Seconds(-not_a_number)).is_nan());
    CHECK(Duration(chrono::duration<float>(std::numeric_limits<float>::quiet_NaN())).is_nan());
    CHECK((Duration(1s) * not_a_number).is_nan());
    CHECK_FALSE(Duration().is_nan());
    CHECK_FALSE(never.is_nan());
}

TEST_CASE("what is computed from NaN is NaN, so that an option still refuses it", "[duration][W7]") {
    const Duration nan = Seconds(not_a_number);
    CHECK((nan * 2).is_nan());
    CHECK((nan * 0.5).is_nan());
    CHECK((nan / 2).is_nan());
    CHECK((nan + 1s).is_nan());
    CHECK((1s - nan).is_nan());
    CHECK((-nan).is_nan());
}

TEST_CASE("durations compare with each other and with chrono durations", "[duration][W7]") {
    const Duration second = 1s;
    CHECK(second == 1000ms);
    CHECK(1000ms == second);
    CHECK(second != 1001ms);
    CHECK(second < 2s);
    CHECK(999ms < second);
    CHECK(second >= 1s);
    CHECK(second > 0.5s);
    CHECK(0.5s < second);
    CHECK(second < never);
    CHECK(-never < second);
    CHECK((second <=> 1s) == std::strong_ordering::equal);
    CHECK((2s <=> second) == std::strong_ordering::greater);
    CHECK(Duration(chrono::hours::max()) > 1h);
}

TEST_CASE("durations add and subtract without overflow", "[duration][W7]") {
    const Duration second = 1s;
    CHECK(second + second == 2s);
    CHECK(second + 500ms == 1.5s);
    CHECK(500ms + second == 1.5s);
    CHECK(second - 300ms == 700ms);
    CHECK(300ms - second == -700ms);
    CHECK(-second == -1s);
    CHECK(never + second == never);
    CHECK(never + never == never);
    CHECK(-never - second == -never);
    CHECK(-never + -never == -never);
    CHECK(never - never == 0s);
    CHECK(-(-never) == never);

    Duration sum = 1s;
    sum += 250ms;
    CHECK(sum == 1250ms);
    sum -= 1s;
    CHECK(sum == 250ms);
    sum += never;
    CHECK(sum == never);
}

TEST_CASE("durations are multiplied and divided by numbers, rounded up and saturating", "[duration][W7]") {
    const Duration second = 1s;
    CHECK(second * 3 == 3s);
    CHECK(3 * second == 3s);
    CHECK(second * -2 == -2s);
    CHECK(second * 0.25 == 250ms);
    CHECK(2.5 * second == 2500ms);
    CHECK(second * 7u == 7s);
    CHECK(second * UINT64_MAX == never);
    CHECK(-second * UINT64_MAX == -never);
    CHECK(never * 2 == never);
    CHECK(never * -2 == -never);
    CHECK(-never * -2 == never);
    CHECK(second * 1e300 == never);
    CHECK(second * -1e300 == -never);
    CHECK(never * 0 == 0s);
    CHECK(Duration(3ns) * 0.5 == 2ns);

    CHECK(second / 4 == 250ms);
    CHECK(second / 3 == 333'333'334ns);
    CHECK(second / 0.5 == 2s);
    CHECK(second / -2 == -500ms);
    CHECK(never / 1 == never);
    CHECK(Duration(never) / 0.5 == never);
}

TEST_CASE("how often one duration fits into another is a number", "[duration][W7]") {
    const Duration second = 1s;
    STATIC_REQUIRE(std::is_same_v<decltype(Duration() / Duration()), std::int64_t>);
    CHECK(second / Duration(300ms) == 3);
    CHECK(second / 300ms == 3);
    CHECK(2s / second == 2);
    CHECK(-second / 300ms == -3);
    CHECK(second / Duration() == 0);
    CHECK(never / Duration(1ns) == largest);
    CHECK(-never / Duration(-1ns) == largest);
}

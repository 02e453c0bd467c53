// Valid<T, Rules...> as a value: rules, conversions and errors outside of workers. W40
#include <climits>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <vector>

#include "support/worker_support.hpp"

using namespace concur;
using namespace concur::test;

namespace {

enum class Colour : std::uint8_t { red, green = 5 };
enum Old { first = 1, second = 2 };

/// The rule that is broken; "kept" if none is.
template <class Checked, class Given>
std::string broken(Given&& given) {
    try {
        const Checked checked(std::forward<Given>(given));
        static_cast<void>(checked);
    } catch (const ValidationError& error) {
        return error.rule();
    }
    return "kept";
}

int plain(Valid<int, ge<0>> amount) { return amount + 1; }

}  // namespace

TEST_CASE("a bound holds to its last value", "[valid][W40]") {
    CHECK(broken<Valid<int, ge<0>, le<150>>>(0) == "kept");
    CHECK(broken<Valid<int, ge<0>, le<150>>>(150) == "kept");
    CHECK(broken<Valid<int, ge<0>, le<150>>>(-1) == "ge<0>");
    CHECK(broken<Valid<int, ge<0>, le<150>>>(151) == "le<150>");
    CHECK(broken<Valid<int, gt<0>, lt<10>>>(0) == "gt<0>");
    CHECK(broken<Valid<int, gt<0>, lt<10>>>(10) == "lt<10>");
    CHECK(broken<Valid<int, ge<INT_MIN>>>(INT_MIN) == "kept");
}

TEST_CASE("numbers are compared by value, whatever their types", "[valid][W40]") {
    CHECK(broken<Valid<unsigned, gt<-1>>>(0U) == "kept");
    CHECK(broken<Valid<unsigned, lt<-1>>>(0U) == "lt<-1>");
    CHECK(broken<Valid<int, le<3000000000U>>>(-1) == "kept");
    CHECK(broken<Valid<int, ge<0.5>>>(0) == "ge<0.5>");
    CHECK(broken<Valid<int, ge<0.5>>>(1) == "kept");
    CHECK(broken<Valid<double, le<1>>>(1.5) == "le<1>");
    CHECK(broken<Valid<char, ge<'a'>>>('A') == "ge<a>");
    CHECK(broken<Valid<Colour, gt<Colour::red>>>(Colour::red) == "gt<0>");
}

TEST_CASE("a NaN is within no bound", "[valid][W40]") {
    const double not_a_number = std::numeric_limits<double>::quiet_NaN();
    CHECK(broken<Valid<double, ge<0>>>(not_a_number) == "ge<0>");
    CHECK(broken<Valid<double, le<0>>>(not_a_number) == "le<0>");
    CHECK(broken<Valid<double, gt<0.0>>>(not_a_number) == "gt<0>");
    CHECK(broken<Valid<double, lt<0.0>>>(not_a_number) == "lt<0>");
    CHECK(broken<Valid<double, le<0>>>(-std::numeric_limits<double>::infinity()) == "kept");
}

TEST_CASE("a multiple has no rest", "[valid][W40]") {
    using Threes = Valid<int, multiple_of<3>>;
    for (const int value : {0, 3, -3, 300}) CHECK(broken<Threes>(value) == "kept");
    for (const int value : {1, -1, INT_MAX - 2, INT_MIN}) CHECK(broken<Threes>(value) == "multiple_of<3>");
    CHECK(broken<Valid<int, multiple_of<-3>>>(6) == "kept");
    CHECK(broken<Valid<int, multiple_of<-1>>>(INT_MIN) == "kept");
    CHECK(broken<Valid<int, multiple_of<INT_MIN>>>(INT_MIN) == "kept");
    CHECK(broken<Valid<int, multiple_of<INT_MIN>>>(INT_MAX) == "multiple_of<-2147483648>");
    CHECK(broken<Valid<unsigned, multiple_of<-3>>>(9U) == "kept");
    CHECK(broken<Valid<std::uint64_t, multiple_of<2>>>(UINT64_MAX) == "multiple_of<2>");
}

TEST_CASE("lengths count bytes of a text and elements of a container", "[valid][W40]") {
    using Text = Valid<std::string, min_length<2>, max_length<4>>;
    CHECK(broken<Text>("ab") == "kept");
    CHECK(broken<Text>("abcd") == "kept");
    CHECK(broken<Text>("a") == "min_length<2>");
    CHECK(broken<Text>("abcde") == "max_length<4>");
    CHECK(broken<Text>("äöü") == "max_length<4>");
    CHECK(broken<Valid<std::vector<int>, not_empty>>(std::vector<int>()) == "not_empty");
    CHECK(broken<Valid<std::vector<int>, not_empty>>(std::vector{1}) == "kept");
    CHECK(broken<Valid<std::string, not_empty>>("") == "not_empty");
    CHECK(broken<Valid<std::map<int, int>, max_length<0>>>(std::map<int, int>{{1, 2}}) == "max_length<0>");
}

TEST_CASE("a pattern matches the whole text", "[valid][W40]") {
    using Word = Valid<std::string, matches<"[a-z]+">>;
    CHECK(broken<Word>("abc") == "kept");
    CHECK(broken<Word>("") == "matches<\"[a-z]+\">");
    CHECK(broken<Word>("abc1") == "matches<\"[a-z]+\">");
    CHECK(broken<Word>(std::string("abc\0", 4)) == "matches<\"[a-z]+\">");
    CHECK_THROWS_AS((Valid<std::string, matches<"[a-z">>("a")), ConfigError);
    CHECK(contains(text_of_error<ConfigError>([] { return Valid<std::string, matches<"(">>("a"); }),
                   "\"(\" is no regular expression"));
}

TEST_CASE("a pattern refuses text over 4 KiB unless a length stands before it", "[valid][W40]") {
    const std::string longest(4096, 'a');
    const std::string too_long(4097, 'a');
    CHECK(broken<Valid<std::string, matches<"a*">>>(longest) == "kept");
    CHECK(broken<Valid<std::string, matches<"a*">>>(too_long) == "matches<\"a*\">");
    CHECK(broken<Valid<std::string, matches<"a*">, max_length<5000>>>(too_long) == "matches<\"a*\">");
    CHECK(broken<Valid<std::string, max_length<5000>, matches<"a*">>>(too_long) == "kept");
    CHECK(broken<Valid<std::string, max_length<5000>, matches<"a*">>>(std::string(1'000'000, 'a')) ==
          "max_length<5000>");
    CHECK(contains(text_of_error([&] { return Valid<std::string, matches<"a*">>(too_long); }),
                   "put a max_length before the rule"));
}

TEST_CASE("one of several values", "[valid][W40]") {
    CHECK(broken<Valid<int, one_of<1, 2, 3>>>(2) == "kept");
    CHECK(broken<Valid<int, one_of<1, 2, 3>>>(4) == "one_of<1, 2, 3>");
    CHECK(broken<Valid<int, one_of<4294967295U>>>(-1) == "one_of<4294967295>");
    CHECK(broken<Valid<std::string, one_of<"a", "bc">>>("bc") == "kept");
    CHECK(broken<Valid<std::string, one_of<"a", "bc">>>("b") == "one_of<\"a\", \"bc\">");
    CHECK(broken<Valid<Colour, one_of<Colour::green>>>(Colour::green) == "kept");
}

TEST_CASE("functions are rules", "[valid][W40]") {
    using Even = Valid<int, check<[](int value) { return value % 2 == 0; }, "must be even">>;
    CHECK(broken<Even>(2) == "kept");
    CHECK(broken<Even>(3) == "must be even");
    CHECK(text_of_error([] { return Even(3); }) == "3 must be even");
    CHECK(broken<Valid<int, [](int value) { return value == 7; }>>(8) == "lambda");
    CHECK(broken<Valid<int, [](int value) { return value == 7; }>>(7) == "kept");
    CHECK_THROWS_AS((Valid<int, [](int) -> bool { throw std::logic_error("own"); }>(1)), std::logic_error);
}

TEST_CASE("rules are checked in their order, the first that is broken is told", "[valid][W40]") {
    CHECK(broken<Valid<std::string, not_empty, min_length<3>>>("") == "not_empty");
    CHECK(broken<Valid<std::string, min_length<3>, not_empty>>("") == "min_length<3>");
}

TEST_CASE("numbers are read from text", "[valid][W40]") {
    CHECK(*Valid<int>("5") == 5);
    CHECK(*Valid<int>(std::string("-5")) == -5);
    CHECK(*Valid<int>(std::string_view("5.0")) == 5);
    CHECK(*Valid<double>("0.25") == 0.25);
    CHECK(*Valid<float>("1e10") == 1e10F);
    CHECK(*Valid<std::uint64_t>("18446744073709551615") == UINT64_MAX);
    CHECK(*Valid<std::int64_t>("-9223372036854775808") == INT64_MIN);
    CHECK(*Valid<unsigned char>("255") == 255);
    CHECK(*Valid<char>("x") == 'x');
    for (const char* text : {"", " ", "5 ", " 5", "five", "5x", "0x5", "+5", "nan", "1.5", "--5"}) {
        CAPTURE(text);
        CHECK(broken<Valid<int>>(text) == "a whole number");
    }
    for (const char* text : {"nan", "inf", "", "1,5"}) CHECK(broken<Valid<double>>(text) == "a number");
    for (const char* text : {"2147483648", "-2147483649", "99999999999999999999", "1e999"})
        CHECK(contains(text_of_error([text] { return Valid<int>(text); }), "is too large or too small"));
    CHECK(broken<Valid<unsigned>>("-1") == "a whole number of 0 or more");
    CHECK(broken<Valid<unsigned char>>("256") == "a whole number of 0 or more");
    CHECK(broken<Valid<float>>("1e300") == "a number");
    CHECK(broken<Valid<char>>("xy") == "one character");
    CHECK(broken<Valid<int>>(static_cast<const char*>(nullptr)) == "a whole number");
    CHECK(broken<Valid<int>>(std::string(1'000'000, '9')) == "a whole number");
}

TEST_CASE("bools and enumerators are read from text", "[valid][W40]") {
    CHECK(*Valid<bool>("true"));
    CHECK_FALSE(*Valid<bool>("false"));
    CHECK(broken<Valid<bool>>("yes") == "true or false");
    CHECK(broken<Valid<bool>>("") == "true or false");
    CHECK(*Valid<Colour>("red") == Colour::red);
    CHECK(*Valid<Colour>("green") == Colour::green);
    CHECK(*Valid<Colour>("5") == Colour::green);
    CHECK(*Valid<Old>("2") == second);
    CHECK(*Valid<Old>("1") == first);
    for (const char* text : {"", "blue", "Colour::red", "RED", "256", "-1", "1.5"})
        CHECK(broken<Valid<Colour>>(text) == "a name or a number of its enum");
    CHECK(broken<Valid<Colour, one_of<Colour::red>>>("green") == "one_of<0>");
}

TEST_CASE("a valid value is made from what its type is made from, and converts back", "[valid][W40]") {
    static_assert(std::is_convertible_v<int, Valid<double>>);
    static_assert(std::is_convertible_v<const char*, Valid<std::string>>);
    static_assert(!std::is_convertible_v<const char*, Valid<std::vector<int>>>);
    static_assert(!std::is_convertible_v<std::string, Valid<std::vector<int>>>);
    static_assert(!std::is_convertible_v<std::nullptr_t, Valid<int>>);
    static_assert(!std::is_default_constructible_v<Valid<int, gt<0>>>);
    const Valid<int, ge<0>> amount = 5;
    const int& reference = amount;
    CHECK(reference + amount == 10);
    CHECK(*Valid<int, le<9>>(amount) == 5);
    const Valid<std::string, not_empty> text = "abc";
    CHECK(text->size() == 3);
    const std::string& back = text;
    CHECK(back == "abc");
    const std::optional<Valid<int, ge<0>>> maybe = 5;
    CHECK(**maybe == 5);
    const Valid<std::unique_ptr<int>, [](const std::unique_ptr<int>& p) { return p != nullptr; }> owner(
        std::make_unique<int>(3));
    CHECK(**owner == 3);
    CHECK(broken<Valid<std::vector<int>, max_length<1>>>(std::vector{1, 2}) == "max_length<1>");
}

TEST_CASE("outside of a worker an error has no position and no method", "[valid][W40]") {
    CHECK(plain(4) == 5);
    CHECK(plain("4") == 5);
    try {
        plain(-4);
        FAIL("accepted");
    } catch (const ValidationError& error) {
        CHECK(std::string(error.what()) == "-4 must be at least 0");
        CHECK(error.value() == "-4");
        CHECK(error.rule() == "ge<0>");
        CHECK(error.position() == 0);
        CHECK(error.method_name().empty());
    }
}

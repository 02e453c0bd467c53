#include <concur/core/function_traits.hpp>

#include <functional>
#include <string>
#include <type_traits>

#include "support/catch.hpp"

using concur::detail::FunctionTraits;
using concur::detail::RefQualifier;

namespace {

struct Sample {
    int plain(double) { return 0; }
    void constant(int, std::string) const {}
    int lvalue() & { return 0; }
    int const_lvalue() const& noexcept { return 0; }
    int rvalue() && { return 0; }
    static long of_class(int) { return 0; }
};

[[maybe_unused]] int free_function(const std::string&) noexcept { return 0; }

}  // namespace

TEST_CASE("the signature of a method is known with its qualifiers", "[function_traits][W10]") {
    using Plain = FunctionTraits<decltype(&Sample::plain)>;
    STATIC_REQUIRE(Plain::known);
    STATIC_REQUIRE_FALSE(Plain::constant);
    STATIC_REQUIRE(std::is_same_v<Plain::Class, Sample>);
    STATIC_REQUIRE(std::is_same_v<Plain::Result, int>);
    STATIC_REQUIRE(std::is_same_v<Plain::Parameters::at<0>::type, double>);

    using Constant = FunctionTraits<decltype(&Sample::constant)>;
    STATIC_REQUIRE(Constant::constant);
    STATIC_REQUIRE(Constant::Parameters::size == 2);
    STATIC_REQUIRE(Constant::ref == RefQualifier::none);

    STATIC_REQUIRE(FunctionTraits<decltype(&Sample::lvalue)>::ref == RefQualifier::lvalue);
    STATIC_REQUIRE(FunctionTraits<decltype(&Sample::const_lvalue)>::constant);
    STATIC_REQUIRE(FunctionTraits<decltype(&Sample::const_lvalue)>::ref == RefQualifier::lvalue);
    STATIC_REQUIRE(FunctionTraits<decltype(&Sample::rvalue)>::ref == RefQualifier::rvalue);
}

TEST_CASE("functions and function objects are known too, generic ones are not", "[function_traits][W10]") {
    using Free = FunctionTraits<decltype(&free_function)>;
    STATIC_REQUIRE(Free::known);
    STATIC_REQUIRE(std::is_same_v<Free::Parameters::at<0>::type, const std::string&>);
    STATIC_REQUIRE(FunctionTraits<decltype(&Sample::of_class)>::known);

    const auto closure = [](int) { return 'c'; };
    const auto generic = [](auto) {};
    STATIC_REQUIRE(std::is_same_v<FunctionTraits<std::remove_const_t<decltype(closure)>>::Result, char>);
    STATIC_REQUIRE_FALSE(FunctionTraits<std::remove_const_t<decltype(generic)>>::known);
    STATIC_REQUIRE(FunctionTraits<std::function<void(int)>>::known);
    STATIC_REQUIRE_FALSE(FunctionTraits<int>::known);
}

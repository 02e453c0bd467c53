// Builder, settings and names as values, without workers. W7, options.md
#include <string>
#include <type_traits>

#include "support/worker_support.hpp"

using namespace concur;
using namespace concur::test;

namespace {

struct Plain {};

}  // namespace

TEST_CASE("a name holds up to 63 bytes", "[worker][W7]") {
    constexpr Name empty;
    static_assert(empty.view().empty());
    static_assert(!empty.too_long());
    constexpr Name text("text");
    static_assert(text.view() == "text");
    static_assert(text == Name("text"));
    static_assert(!(text == Name("other")));
    static_assert(std::is_trivially_copyable_v<Name>);
    const std::string longest(63, 'x');
    CHECK(Name(longest).view() == longest);
    CHECK_FALSE(Name(longest).too_long());
    const std::string too_long(64, 'x');
    CHECK(Name(too_long).too_long());
    CHECK(Name(too_long).view() == longest);
    const std::string bytes("a\0b", 3);
    CHECK(Name(bytes).view() == bytes);
    const Name copy = Name(longest);
    CHECK(std::string_view(copy) == longest);
}

TEST_CASE("settings are empty until they are set", "[worker][W7]") {
    const Settings settings;
    CHECK_FALSE(settings.mode);
    CHECK_FALSE(settings.name);
    CHECK_FALSE(settings.max_workers);
    CHECK_FALSE(settings.num_retries);
    CHECK_FALSE(settings.init_timeout);
    CHECK_FALSE(settings.stop_timeout);
}

TEST_CASE("a builder's type follows its mode and its way of calling", "[worker][W4][W16]") {
    const auto plain = Worker<Plain>::options();
    static_assert(std::is_same_v<decltype(plain), const Options<Plain>>);
    const auto tagged = plain.mode(concur::sync);
    static_assert(std::is_same_v<decltype(tagged), const Options<Plain, Mode::sync>>);
    const auto blocking = tagged.blocking();
    static_assert(std::is_same_v<decltype(blocking), const Options<Plain, Mode::sync, Blocking::yes>>);
    static_assert(std::is_same_v<decltype(blocking.mode("thread")), Options<Plain, Mode::dynamic, Blocking::yes>>);
    static_assert(std::is_same_v<decltype(blocking.name("x")), Options<Plain, Mode::sync, Blocking::yes>>);
    static_assert(std::is_copy_constructible_v<Options<Plain>>);
    static_assert(std::is_copy_assignable_v<Options<Plain>>);
    SUCCEED();
}

TEST_CASE("the last value that a setter was given counts", "[worker][W2]") {
    const auto settings =
        Worker<Plain>::options().mode("sync").name("a").stop_timeout(1s).name("b").stop_timeout(2s).init().settings();
    CHECK(settings.name->view() == "b");
    CHECK(*settings.stop_timeout == Duration(2s));
}

TEST_CASE("the text of a refused mode is kept whole in the message", "[worker][W2]") {
    const std::string text =
        text_of_error<ConfigError>([] { return Worker<Plain>::options().mode("qu\"antum").init(); });
    CHECK(contains(text, "mode"));
    CHECK(contains(text, "qu\\\"antum"));
}

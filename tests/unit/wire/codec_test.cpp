// Values as bytes. P4
#include "concur/wire/codec.hpp"

#include <deque>
#include <filesystem>
#include <functional>
#include <limits>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "concur/core/errors.hpp"
#include "support/catch.hpp"

using namespace concur;
using namespace std::chrono_literals;
using detail::Bytes;
using detail::Reader;

namespace app {

enum class Color : std::uint8_t { red, green };
struct Point {
    int x = 0;
    double y = 0;
    friend bool operator==(const Point&, const Point&) = default;
};
struct Shape {
    std::string name;
    Color color = Color::red;
    std::vector<Point> points;
    std::optional<Point> center;
    std::map<std::string, std::vector<int>> tags;
    friend bool operator==(const Shape&, const Shape&) = default;
};
struct Empty {
    friend bool operator==(const Empty&, const Empty&) = default;
};
struct WithArray {
    int id = 0;
    int values[3] = {};
    std::string name;
    friend bool operator==(const WithArray&, const WithArray&) = default;
};
struct Fields32 {
    int f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22, f23, f24,
        f25, f26, f27, f28, f29, f30, f31, f32;
    friend bool operator==(const Fields32&, const Fields32&) = default;
};
struct Fields33 : Fields32 {
    int f33;
};

class Account {
public:
    Account(std::string owner, int balance) : owner_{std::move(owner)}, balance_{balance} {}
    const std::string& owner() const { return owner_; }
    int balance() const { return balance_; }
    friend bool operator==(const Account&, const Account&) = default;

private:
    std::string owner_;
    int balance_;
};

class Archived {
public:
    Archived() = default;
    explicit Archived(int number) : number_{number}, text_(static_cast<std::size_t>(number), 'x') {}
    template <class Archive>
    void serialize(Archive& archive) {
        archive(number_, text_);
    }
    friend bool operator==(const Archived&, const Archived&) = default;

private:
    int number_ = 0;
    std::string text_;
};

struct Outside {
    Outside() = default;
    explicit Outside(int v) : value{v} {}
    int value = 0;
    friend bool operator==(const Outside&, const Outside&) = default;
};
template <class Archive>
void serialize(Archive& archive, Outside& outside) {
    archive& outside.value;
}

class Closed {
public:
    explicit Closed(int) {}
};
struct HoldsClosed {
    int number;
    Closed closed;
};
struct HoldsPointer {
    int* pointer;
};

}  // namespace app

template <>
struct concur::wire<app::Account> {
    static auto arguments(const app::Account& account) { return std::tuple(account.owner(), account.balance()); }
};

namespace {

template <class T>
Bytes encoded(const T& value) {
    Bytes bytes;
    detail::encode(bytes, value);
    return bytes;
}
template <class T>
T decoded(const Bytes& bytes) {
    Reader reader(bytes);
    T value = detail::decode<T>(reader);
    REQUIRE(reader.empty());
    return value;
}
template <class T>
bool comes_back(const T& value) {
    const Bytes bytes = encoded(value);
    CHECK(bytes.size() >= detail::Codec<T>::least);
    // Each shorter piece is an error, never a value or a crash.
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const Bytes cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
        Reader reader(cut);
        CHECK_THROWS_AS(static_cast<void>(detail::decode<T>(reader)), SerializationError);
    }
    return decoded<T>(bytes) == value;
}

}  // namespace

TEST_CASE("numbers, enums and texts come back [P4]") {
    CHECK(comes_back(true));
    CHECK(comes_back('x'));
    CHECK(comes_back(std::numeric_limits<std::int64_t>::min()));
    CHECK(comes_back(std::numeric_limits<double>::infinity()));
    CHECK(comes_back(1.5L));
    CHECK(comes_back(app::Color::green));
    CHECK(comes_back(std::string()));
    CHECK(comes_back(std::string("a\0b", 3)));
    CHECK(comes_back(std::u16string(u"\u00e4")));
}

TEST_CASE("the containers of the standard library come back [P4]") {
    CHECK(comes_back(std::vector<int>{1, 2, 3}));
    CHECK(comes_back(std::vector<bool>{true, false, true}));
    CHECK(comes_back(std::vector<std::vector<std::string>>{{"a"}, {}, {"b", "c"}}));
    CHECK(comes_back(std::array<short, 3>{1, 2, 3}));
    CHECK(comes_back(std::deque<int>{1, 2}));
    CHECK(comes_back(std::list<std::string>{"x", "y"}));
    CHECK(comes_back(std::set<int>{3, 1}));
    CHECK(comes_back(std::multiset<int>{3, 3}));
    CHECK(comes_back(std::map<int, std::string>{{1, "a"}, {2, "b"}}));
    CHECK(comes_back(std::multimap<int, int>{{1, 1}, {1, 2}}));
    CHECK(comes_back(std::unordered_map<std::string, int>{{"a", 1}, {"b", 2}}));
    CHECK(comes_back(std::unordered_set<int>{1, 2, 3}));
    CHECK(comes_back(std::pair<int, std::string>{1, "one"}));
    CHECK(comes_back(std::tuple<int, std::string, app::Point>{1, "x", {2, 3}}));
    CHECK(comes_back(std::tuple<>()));
}

TEST_CASE("optional, variant, chrono, path, error_code and owners come back [P4]") {
    CHECK(comes_back(std::optional<int>()));
    CHECK(comes_back(std::optional<std::string>("x")));
    using Either = std::variant<std::monostate, int, std::string>;
    CHECK(comes_back(Either()));
    CHECK(comes_back(Either(7)));
    CHECK(comes_back(Either("text")));
    CHECK(comes_back(1500ms));
    CHECK(comes_back(std::chrono::system_clock::now()));
    CHECK(comes_back(Duration(3s)));
    CHECK(comes_back(std::filesystem::path("/a/b.txt")));
    CHECK(comes_back(std::make_error_code(std::errc::file_exists)));
    CHECK(*decoded<std::unique_ptr<int>>(encoded(std::make_unique<int>(5))) == 5);
    CHECK(decoded<std::unique_ptr<int>>(encoded(std::unique_ptr<int>())) == nullptr);
}

TEST_CASE("structs come back field by field, nested, with C arrays and with 32 fields [P4]") {
    CHECK(comes_back(app::Point{1, 2.5}));
    CHECK(comes_back(app::Empty()));
    CHECK(comes_back(std::vector<app::Empty>(3)));
    CHECK(comes_back(app::WithArray{1, {2, 3, 4}, "five"}));
    CHECK(comes_back(app::Shape{"s", app::Color::green, {{1, 2}, {3, 4}}, app::Point{5, 6}, {{"t", {7}}, {"u", {}}}}));
    app::Fields32 all{};
    all.f1 = 1;
    all.f32 = 32;
    CHECK(comes_back(all));
    CHECK(detail::field_count<app::WithArray> == 3);
}

TEST_CASE("classes say what they are made of, or have a serialize function as for cereal [P4]") {
    CHECK(comes_back(app::Account("ann", 12)));
    CHECK(comes_back(std::vector<app::Account>{{"ann", 12}, {"bob", 13}}));
    CHECK(comes_back(app::Archived(3)));
    CHECK(comes_back(app::Outside(4)));
}

TEST_CASE("what cannot be sent is known at compile time [P4]") {
    CHECK(Sendable<app::Shape>);
    CHECK(Sendable<const app::Shape>);
    CHECK_FALSE(Sendable<app::Closed>);
    CHECK_FALSE(Sendable<app::HoldsClosed>);
    CHECK_FALSE(Sendable<std::vector<app::Closed>>);
    CHECK_FALSE(Sendable<std::optional<app::Closed>>);
    CHECK_FALSE(Sendable<app::HoldsPointer>);
    CHECK_FALSE(Sendable<int*>);
    CHECK_FALSE(Sendable<int&>);
    CHECK_FALSE(Sendable<std::mutex>);
    CHECK_FALSE(Sendable<std::thread>);
    CHECK_FALSE(Sendable<std::function<void()>>);
    CHECK_FALSE(Sendable<std::shared_ptr<int>>);
}

TEST_CASE("a size that the bytes cannot hold is refused before anything is allocated [P4]") {
    const auto claims = [](std::uint64_t count) {
        Bytes bytes;
        detail::append_bits(bytes, count);
        return bytes;
    };
    for (const std::uint64_t count : {std::uint64_t{1}, std::uint64_t{1} << 32, ~std::uint64_t{0}}) {
        CHECK_THROWS_AS(decoded<std::string>(claims(count)), SerializationError);
        CHECK_THROWS_AS(decoded<std::vector<double>>(claims(count)), SerializationError);
        CHECK_THROWS_AS(decoded<std::vector<app::Empty>>(claims(count)), SerializationError);
        CHECK_THROWS_AS((decoded<std::map<int, int>>(claims(count))), SerializationError);
        CHECK_THROWS_AS(decoded<std::list<std::string>>(claims(count)), SerializationError);
        CHECK_THROWS_AS(decoded<std::vector<std::vector<app::Archived>>>(claims(count)), SerializationError);
    }
    Bytes no_alternative;
    detail::append_bits(no_alternative, std::uint32_t{9});
    CHECK_THROWS_WITH((decoded<std::variant<int, bool>>(no_alternative)), Catch::Contains("no such alternative"));
    // Any byte is a bool, and becomes a sound one.
    CHECK(decoded<bool>(Bytes{std::byte{0x40}}) == true);
}

// Parameters with rules in calls and constructors: checked before anything is queued, in every mode. W40
#include <atomic>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "support/worker_support.hpp"

using namespace concur;
using namespace concur::test;

namespace {

struct Person {
    Person(Valid<std::string, not_empty, max_length<8>> given, Valid<int, ge<0>> years)
        : name(given), age(std::move(years)) {}

    int grow(Valid<int, gt<0>, le<150>> by) { return age += by; }
    int weigh(CallContext&, int base, const Valid<double, gt<0.0>>& more) { return base + static_cast<int>(more); }
    int sum(const std::vector<Valid<int, ge<0>>>& values) {
        int total = 0;
        for (const auto& value : values) total += value;
        return total;
    }
    int maybe(std::optional<Valid<int, lt<3>>> value) { return value ? static_cast<int>(**value) : -1; }
    std::size_t table(const std::map<std::string, std::vector<Valid<int, ge<0>>>>& rows) { return rows.size(); }
    static int twice(Valid<int, le<10>> value) { return 2 * value; }
    int calls() const { return age; }

    std::string name;
    int age;
};

struct Aggregate {
    Valid<int, ge<0>> number;
    std::optional<Valid<int, le<9>>> digit;
    int get() const { return number; }
};

struct Prepared {
    static void pre_initialize(Valid<int, ge<0>>& number, std::vector<Valid<int, ge<0>>>& more) {
        static_cast<void>(number);
        static_cast<void>(more);
    }
    Prepared(int given, std::vector<Valid<int, ge<0>>> more) : number(given + static_cast<int>(more.size())) {}
    int number;
};

struct Violated {
    std::string value;
    std::string rule;
    int position = 0;
    std::string method;
    bool operator==(const Violated&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Violated& v) {
    return out << v.value << " against " << v.rule << " at " << v.position << " of " << v.method;
}

template <class F>
Violated violation(F f) {
    try {
        static_cast<void>(f());
    } catch (const ValidationError& error) {
        return {error.value(), error.rule(), error.position(), error.method_name()};
    }
    return {};
}

}  // namespace

TEST_CASE("an argument that breaks a rule is refused at the call", "[valid][W40]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto person = Worker<Person>::options().mode(mode).init("Ann", 30);
    CHECK(person.call<&Person::grow>(1).result() == 31);
    CHECK(person.call<&Person::grow>("2").result() == 33);
    // No result(): the call itself throws.
    const std::string method(concur::detail::name_of_method<&Person::grow>());
    CHECK(violation([&] { return person.call<&Person::grow>(0); }) == Violated{"0", "gt<0>", 1, method});
    CHECK(violation([&] { return person.call<&Person::grow>(151); }) == Violated{"151", "le<150>", 1, method});
    CHECK(violation([&] { return person.call<&Person::grow>("x"); }) == Violated{"x", "a whole number", 1, method});
    CHECK(violation([&] { return person.call(&Person::grow, 0); }).position == 1);
    CHECK(contains(text_of_error([&] { return person.call<&Person::grow>(151); }),
                   "Person::grow, argument 1: 151 must be at most 150"));
    CHECK(person.call<&Person::calls>().result() == 33);
}

TEST_CASE("positions count what the caller passes", "[valid][W40]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto person = Worker<Person>::options().mode(mode).init("Ann", 30);
    CHECK(person.call<&Person::weigh>(1, 2.5).result() == 3);
    CHECK(violation([&] { return person.call<&Person::weigh>(1, -2.5); }).position == 2);
    CHECK(violation([&] { return person.call<&Person::twice>(11); }).position == 1);
    const auto lambda = [](Person& p, int a, Valid<int, ge<0>> b) { return p.age + a + b; };
    CHECK(person.call(lambda, 1, 2).result() == 33);
    const Violated in_lambda = violation([&] { return person.call(lambda, 1, -2); });
    CHECK(in_lambda == Violated{"-2", "ge<0>", 2, "lambda"});
}

TEST_CASE("elements are checked one by one", "[valid][W40]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto person = Worker<Person>::options().mode(mode).init("Ann", 30);
    CHECK(person.call<&Person::sum>(std::vector{1, 2, 3}).result() == 6);
    CHECK(person.call<&Person::sum>(std::set{1, 2, 3}).result() == 6);
    CHECK(person.call<&Person::sum>(std::vector<std::string>{"1", "2"}).result() == 3);
    CHECK(person.call<&Person::sum>(std::vector<int>()).result() == 0);
    const std::vector<Valid<int, ge<0>>> ready_made{1, 2};
    CHECK(person.call<&Person::sum>(ready_made).result() == 3);
    CHECK(violation([&] { return person.call<&Person::sum>(std::vector{1, -2, 3}); }).value == "-2");
    CHECK(person.call<&Person::maybe>(2).result() == 2);
    CHECK(person.call<&Person::maybe>(std::nullopt).result() == -1);
    CHECK(person.call<&Person::maybe>(std::optional<int>()).result() == -1);
    CHECK(violation([&] { return person.call<&Person::maybe>(3); }).rule == "lt<3>");
    CHECK(violation([&] { return person.call<&Person::maybe>(std::optional(3)); }).rule == "lt<3>");
    const std::map<std::string, std::vector<int>> table{{"a", {1}}, {"b", {2, -3}}};
    CHECK(violation([&] { return person.call<&Person::table>(table); }).value == "-3");
    std::vector<int> million(1'000'000, 1);
    CHECK(person.call<&Person::sum>(million).result() == 1'000'000);
    million.back() = -1;
    CHECK(violation([&] { return person.call<&Person::sum>(std::move(million)); }).value == "-1");
}

TEST_CASE("a future among the arguments is checked when its value is there, before the method runs", "[valid][W40]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto person = Worker<Person>::options().mode(mode).init("Ann", 30);
    CHECK(person.call<&Person::grow>(ready(1)).result() == 31);
    auto failed = person.call<&Person::grow>(ready(500));
    const Violated at_value = violation([&] { return failed.result(); });
    CHECK(at_value == Violated{"500", "le<150>", 1, std::string(concur::detail::name_of_method<&Person::grow>())});
    CHECK(violation([&] { return person.call<&Person::weigh>(ready(1), ready(-1.0)).result(); }).position == 2);
    CHECK(violation([&] {
              return person.call<&Person::sum>(std::vector{ready(1), ready(-4)}).result();
          }).value == "-4");
    CHECK(person.call<&Person::calls>().result() == 31);
}

TEST_CASE("a call that is refused leaves nothing queued", "[valid][W40]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto person = Worker<Person>::options().mode(mode).init("Ann", 30);
    const Busy busy(person);
    for (int i = 0; i < 100; ++i) CHECK(violation([&] { return person.call<&Person::grow>(-1); }).position == 1);
    busy.end();
    CHECK(person.drain());
    CHECK(person.call<&Person::calls>().result() == 30);
}

TEST_CASE("blocking calls throw the same", "[valid][W40]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto person = Worker<Person>::options().mode(mode).blocking().init("Ann", 30);
    CHECK(person.call<&Person::grow>("1") == 31);
    CHECK(violation([&] { return person.call<&Person::grow>(-1); }).position == 1);
    CHECK(violation([&] { return person.call<&Person::grow>(ready(-1)); }).position == 1);
}

TEST_CASE("init throws for the arguments of constructors", "[valid][W6][W40]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto builder = Worker<Person>::options().mode(mode);
    const auto init = [&](auto... arguments) { return violation([&] { return builder.init(arguments...); }); };
    const std::string person(concur::detail::name_of_type<Person>());
    CHECK(init("Ann", -1) == Violated{"-1", "ge<0>", 2, person});
    CHECK(init("", 1) == Violated{"", "not_empty", 1, person});
    CHECK(init("much too long", 1) == Violated{"much too long", "max_length<8>", 1, person});
    CHECK(init("Ann", "x") == Violated{"x", "a whole number", 2, person});
    CHECK(init("Ann", std::string("-7")) == Violated{"-7", "ge<0>", 2, person});
    CHECK(init("Ann", ready(-1)) == Violated{"-1", "ge<0>", 2, person});
    CHECK(init("Ann", "7") == Violated());

    const auto aggregate = Worker<Aggregate>::options().mode(mode);
    CHECK(aggregate.init(1, 2).call<&Aggregate::get>().result() == 1);
    CHECK(violation([&] { return aggregate.init(-1, 2); }).position == 1);
    CHECK(violation([&] { return aggregate.init(1, 10); }).position == 2);
    CHECK(violation([&] { return aggregate.init(1, std::optional(10)); }).position == 2);

    const auto prepared = Worker<Prepared>::options().mode(mode);
    CHECK(prepared.init("1", std::vector{1, 2}).call<&Prepared::number>().result() == 3);
    CHECK(violation([&] { return prepared.init(-1, std::vector{1}); }).position == 1);
    CHECK(violation([&] { return prepared.init(1, std::vector{1, -1}); }).value == "-1");
}

TEST_CASE("a rule that an element of a map breaks tells where", "[valid][W40][Q9]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto tasks = TaskWorker::options().mode(mode).init();
    const auto twice = [](Valid<int, ge<0>> value) { return *value * 2; };
    try {
        tasks.map(twice, std::vector{1, -1}).collect();
        FAIL("-1 was accepted");
    } catch (const ValidationError& error) {
        CHECK(error.position() == 1);
        CHECK(error.method_name() == "lambda");
        CHECK(error.value() == "-1");
    }
}

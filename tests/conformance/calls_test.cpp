// What can be called, with which arguments, and what comes back. W10, W11, W12, W32
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "support/worker_support.hpp"

using namespace concur;
using namespace concur::test;

namespace {

struct Shape {
    virtual ~Shape() = default;
    virtual int corners() const { return 0; }
    int declared() const { return 1; }
};
struct Square : Shape {
    int corners() const override { return 4; }
};

struct Everything : Shape {
    int corners() const override { return 5; }
    int plain(int x) { return x + 1; }
    int constant(int x) const { return x + 2; }
    int never_throws(int x) noexcept { return x + 3; }
    int constant_never_throws(int x) const noexcept { return x + 4; }
    int on_lvalue(int x) & { return x + 5; }
    int on_const_lvalue(int x) const& { return x + 6; }
    static int shared(int x) { return x + 7; }
    static int shared_with_context(CallContext& context, int x) { return x + context.attempt().number; }
    int over(int x) { return x; }
    int over(const std::string& text) const { return static_cast<int>(text.size()); }
    int both(int x) { return x; }
    int both(int x) const { return -x; }
    int many() { return 0; }
    int many(int) { return 1; }
    int many(int, int) { return 2; }
    int many(int, double) const { return 3; }
    int quiet(int) noexcept { return 1; }
    int quiet(int, int) noexcept { return 2; }
    int on_lvalue_only(int) & { return 1; }
    int on_lvalue_only(double) & { return 2; }
    int on_lvalue_only(int) const& { return 3; }
    static int free_of_object(int) { return 1; }
    static int free_of_object(int, int) { return 2; }
    std::wstring wide(std::wstring_view text) const { return std::wstring(text); }
    std::u8string utf8(std::u8string_view text) const { return std::u8string(text); }
    int with_context(CallContext& context, int x) { return x * context.attempt().number; }
    int only_context(CallContext& context) const { return context.attempt().number; }
    int inner(int x) { return outer_calls += x; }
    int outer(int x) { return inner(x) + inner(x); }

    int shape(const Shape& shape) const { return shape.corners(); }
    std::string view(std::string_view text) const { return std::string(text); }
    std::string text_or_null(const char* text) const { return text ? text : "null"; }
    int total(std::span<const int> values) const {
        int sum = 0;
        for (const int value : values) sum += value;
        return sum;
    }
    int take(std::unique_ptr<int> owned) { return *owned; }
    int take_reference(std::unique_ptr<int>&& owned) { return *owned; }
    std::unique_ptr<int> give(int value) { return std::make_unique<int>(value); }
    std::string_view name_view() const { return name; }
    const std::string& name_reference() const { return name; }
    std::span<const int> numbers_view() const { return numbers; }
    void nothing() {}
    long widen(long value) const { return value; }

    int outer_calls = 0;
    std::string name = "the name of the object";
    std::vector<int> numbers{1, 2, 3};
    const int fixed = 9;
};

}  // namespace

TEST_CASE("every kind of method can be called", "[worker][W10]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Everything>::options().mode(mode).init();
    CHECK(worker.call<&Everything::plain>(1).result() == 2);
    CHECK(worker.call<&Everything::constant>(1).result() == 3);
    CHECK(worker.call<&Everything::never_throws>(1).result() == 4);
    CHECK(worker.call<&Everything::constant_never_throws>(1).result() == 5);
    CHECK(worker.call<&Everything::on_lvalue>(1).result() == 6);
    CHECK(worker.call<&Everything::on_const_lvalue>(1).result() == 7);
    CHECK(worker.call<&Everything::shared>(1).result() == 8);
    CHECK(worker.call<&Everything::shared_with_context>(1).result() == 2);
    CHECK(worker.call<&Everything::corners>().result() == 5);
    CHECK(worker.call<&Shape::corners>().result() == 5);  // virtual
    CHECK(worker.call<&Shape::declared>().result() == 1);
    CHECK(worker.call<&Everything::declared>().result() == 1);  // inherited
    CHECK(worker.call<&Everything::with_context>(6).result() == 6);
    CHECK(worker.call<&Everything::only_context>().result() == 1);
}

TEST_CASE("an overload is picked by its parameters", "[worker][W10]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Everything>::options().mode(mode).init();
    CHECK(worker.call<overload<int>(&Everything::over)>(4).result() == 4);
    CHECK(worker.call<overload<const std::string&>(&Everything::over)>("four").result() == 4);
    CHECK(worker.call<mutable_overload<int>(&Everything::both)>(4).result() == 4);
    CHECK(worker.call<const_overload<int>(&Everything::both)>(4).result() == -4);
}

TEST_CASE("an overload has exactly the given parameters, whatever its siblings have", "[worker][W10]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Everything>::options().mode(mode).init();
    CHECK(worker.call<overload<>(&Everything::many)>().result() == 0);
    CHECK(worker.call<overload<int>(&Everything::many)>(1).result() == 1);
    CHECK(worker.call<overload<int, int>(&Everything::many)>(1, 2).result() == 2);
    CHECK(worker.call<overload<int, double>(&Everything::many)>(1, 2).result() == 3);
    CHECK(worker.call<overload<int>(&Everything::quiet)>(1).result() == 1);
    CHECK(worker.call<overload<int, int>(&Everything::quiet)>(1, 2).result() == 2);
    CHECK(worker.call<mutable_overload<int>(&Everything::on_lvalue_only)>(1).result() == 1);
    CHECK(worker.call<overload<double>(&Everything::on_lvalue_only)>(1).result() == 2);
    CHECK(worker.call<const_overload<int>(&Everything::on_lvalue_only)>(1).result() == 3);
    CHECK(worker.call<overload<int>(&Everything::free_of_object)>(1).result() == 1);
    CHECK(worker.call<overload<int, int>(&Everything::free_of_object)>(1, 2).result() == 2);
}

TEST_CASE("views of any character type are kept as strings", "[worker][W11]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Everything>::options().mode(mode).init();
    CHECK(worker.call<&Everything::wide>(std::wstring(1000, L'x')).result() == std::wstring(1000, L'x'));
    CHECK(worker.call<&Everything::wide>(std::wstring_view(L"view")).result() == L"view");
    CHECK(worker.call<&Everything::wide>(L"literal").result() == L"literal");
    CHECK(worker.call<&Everything::utf8>(std::u8string(1000, u8'x')).result() == std::u8string(1000, u8'x'));
}

TEST_CASE("a data member is read", "[worker][W10]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Everything>::options().mode(mode).init();
    CHECK(worker.call<&Everything::name>().result() == "the name of the object");
    CHECK(worker.call<&Everything::fixed>().result() == 9);
    CHECK(worker.call(&Everything::numbers).result() == std::vector{1, 2, 3});
}

TEST_CASE("a member pointer may be passed as a value", "[worker][W10]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Everything>::options().mode(mode).init();
    CHECK(worker.call(&Everything::plain, 1).result() == 2);
    CHECK(worker.call(&Shape::declared).result() == 1);
    const auto chosen = &Everything::constant;
    CHECK(worker.call(chosen, 1).result() == 3);
    CHECK(worker.call(overload<int>(&Everything::over), 7).result() == 7);
    CHECK(worker.call(&Everything::shared, 1).result() == 8);  // static
    CHECK(worker.call(&Everything::shared_with_context, 1).result() == 2);
    CHECK(worker
              .call(
                  +[](Everything& everything, int x) { return everything.plain(x); }, 1)
              .result() == 2);
}

TEST_CASE("a function gets the object, and a context if it asks", "[worker][W10]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Everything>::options().mode(mode).init();
    CHECK(worker.call([](Everything& object, int x) { return object.plain(x); }, 1).result() == 2);
    CHECK(worker.call([](const Everything& object) { return object.fixed; }).result() == 9);
    CHECK(worker.call([](auto& object) { return object.fixed; }).result() == 9);
    CHECK(worker.call([](auto& object, auto x) { return object.plain(x); }, 1).result() == 2);
    CHECK(worker.call([](Everything&, CallContext& context, int x) { return x + context.attempt().number; }, 1)
              .result() == 2);
    CHECK(worker.call([](const Shape& base) { return base.corners(); }).result() == 5);
    CHECK(worker.call(std::function<int(Everything&)>([](Everything& o) { return o.fixed; })).result() == 9);
    CHECK(worker
              .call(
                  +[](Everything& object, int x) { return object.plain(x); }, 4)
              .result() == 5);
    CHECK(worker.call([n = 0](Everything&) mutable { return ++n; }).result() == 1);
    CHECK(worker.call([owned = std::make_unique<int>(4)](Everything&) { return *owned; }).result() == 4);
}

TEST_CASE("a method that calls another one of its object is one call", "[worker][W32]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Everything>::options().mode(mode).init();
    CHECK(worker.call<&Everything::outer>(2).result() == 6);
    CHECK(worker
              .call([](Everything& object) {
                  const auto before = this_worker::context().method_name();
                  object.outer(1);
                  return before == this_worker::context().method_name();
              })
              .result());
}

TEST_CASE("arguments are converted in the caller", "[worker][W11]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Everything>::options().mode(mode).init();
    struct Convertible {
        std::thread::id* where;
        operator int() const { return *where = std::this_thread::get_id(), 6; }
    };
    std::thread::id where;
    CHECK(worker.call<&Everything::plain>(Convertible{&where}).result() == 7);
    CHECK(where == std::this_thread::get_id());
    CHECK(worker.call<&Everything::widen>(short{3}).result() == 3);
}

TEST_CASE("views among the arguments are kept as owners", "[worker][W11]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Everything>::options().mode(mode).init();
    const std::string long_text = "long enough to be on the heap, where a view would dangle once the text has gone";
    Future<std::string> view;
    Future<std::string> pointer;
    Future<int> span;
    {
        std::optional<Busy> busy;
        if (!runs_in_caller(mode)) busy.emplace(worker);
        std::string text = long_text;
        std::vector<int> numbers{1, 2, 3};
        view = worker.call<&Everything::view>(std::string_view(text));
        pointer = worker.call<&Everything::text_or_null>(text.c_str());
        span = worker.call<&Everything::total>(std::span<const int>(numbers));
        text.assign(text.size(), '-');
        numbers.assign(3, 0);
    }
    CHECK(view.result() == long_text);
    CHECK(pointer.result() == long_text);
    CHECK(span.result() == 6);
    CHECK(worker.call<&Everything::text_or_null>(nullptr).result() == "null");
    CHECK(worker.call<&Everything::view>("").result().empty());
    CHECK(worker.call<&Everything::total>(std::vector<int>()).result() == 0);
    CHECK(worker.call([](Everything&, auto text) { return text + "!"; }, "text").result() == "text!");
}

TEST_CASE("a reference to a base keeps the object it was given", "[worker][W11]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Everything>::options().mode(mode).init();
    CHECK(worker.call<&Everything::shape>(Square()).result() == 4);
    const Square square;
    CHECK(worker.call<&Everything::shape>(square).result() == 4);
    CHECK(worker.call<&Everything::shape>(Shape()).result() == 0);
}

TEST_CASE("arguments and results may be move-only", "[worker][W11]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Everything>::options().mode(mode).init();
    CHECK(worker.call<&Everything::take>(std::make_unique<int>(5)).result() == 5);
    CHECK(worker.call<&Everything::take_reference>(std::make_unique<int>(6)).result() == 6);
    CHECK(*worker.call<&Everything::give>(7).result() == 7);
    auto given = worker.call<&Everything::give>(8);
    CHECK(*given.result() == 8);
    CHECK(worker.call<&Everything::take>(std::move(given)).result() == 8);
    CHECK(worker.call([](Everything&, std::unique_ptr<int> p) { return p; }, std::make_unique<int>(9)).result());
}

TEST_CASE("the caller's objects are left alone", "[worker][W11]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Everything>::options().mode(mode).init();
    std::vector<int> mine{1, 2};
    CHECK(worker.call([](Everything&, std::vector<int> v) { return v.push_back(3), v.size(); }, mine).result() == 3);
    CHECK(worker.call([](Everything&, std::vector<int>&& v) { return v.push_back(3), v.size(); }, mine).result() == 3);
    CHECK(mine == std::vector{1, 2});
}

TEST_CASE("a proxy is fine as an argument", "[worker][W11]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Everything>::options().mode(mode).init();
    auto other = Worker<Everything>::options().mode(mode).init();
    const auto asks_other = [](Everything&, const Proxy<Everything>& asked) {
        return asked.call<&Everything::plain>(1).result();
    };
    CHECK(worker.call(asks_other, other).result() == 2);
}

TEST_CASE("results are decayed, and views become owners", "[worker][W12]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Everything>::options().mode(mode).init();
    static_assert(std::is_same_v<decltype(worker.call<&Everything::name_view>()), Future<std::string>>);
    static_assert(std::is_same_v<decltype(worker.call<&Everything::name_reference>()), Future<std::string>>);
    static_assert(std::is_same_v<decltype(worker.call<&Everything::numbers_view>()), Future<std::vector<int>>>);
    static_assert(std::is_same_v<decltype(worker.call<&Everything::fixed>()), Future<int>>);
    static_assert(std::is_same_v<decltype(worker.call<&Everything::nothing>()), Future<void>>);
    auto view = worker.call<&Everything::name_view>();
    auto reference = worker.call<&Everything::name_reference>();
    auto numbers = worker.call<&Everything::numbers_view>();
    auto nothing = worker.call<&Everything::nothing>();
    worker.stop();
    CHECK(view.result() == "the name of the object");
    CHECK(reference.result() == "the name of the object");
    CHECK(numbers.result() == std::vector{1, 2, 3});
    CHECK_NOTHROW(nothing.result());
}

TEST_CASE("a result that is a future is flattened, however deep", "[worker][W12]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Everything>::options().mode(mode).init();
    auto one = worker.call([](Everything&) { return ready(1); });
    auto three = worker.call([](Everything&) { return ready(ready(ready(3))); });
    auto none = worker.call([](Everything&) { return ready(ready()); });
    static_assert(std::is_same_v<decltype(one), Future<int>>);
    static_assert(std::is_same_v<decltype(three), Future<int>>);
    static_assert(std::is_same_v<decltype(none), Future<void>>);
    CHECK(one.result() == 1);
    CHECK(three.result() == 3);
    CHECK_NOTHROW(none.result());
    CHECK_THROWS_AS(worker.call([](Everything&) { return failed<int>(std::range_error("inside")); }).result(),
                    std::range_error);
    CHECK_THROWS_AS(worker.call([](Everything&) { return ready(failed<int>(std::range_error("inside"))); }).result(),
                    std::range_error);
    CHECK_THROWS_AS(worker.call([](Everything&) { return Future<int>(); }).result(), NoStateError);
    CHECK_THROWS_AS(worker.call([](Everything&) { return ready(Future<int>()); }).result(), NoStateError);
}

TEST_CASE("a worker serves other calls while a returned future is pending", "[worker][W12]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Everything>::options().mode(mode).init();
    Promise<int> promise;
    auto following = worker.call([future = promise.future()](Everything&) { return future; });
    CHECK(worker.call<&Everything::plain>(1).result() == 2);
    CHECK_FALSE(following.done());
    CHECK_FALSE(following.running());
    promise.set_value(5);
    CHECK(following.result() == 5);
}

TEST_CASE("a future knows the method that was called", "[worker][W7][F4]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Everything>::options().mode(mode).init();
    CHECK(worker.call<&Everything::plain>(1).method_name() == "Everything::plain");
    CHECK(worker.call<&Everything::declared>().method_name() == "Shape::declared");
    CHECK(worker.call<&Everything::shared>(1).method_name() == "Everything::shared");
    CHECK(worker.call<&Everything::name>().method_name() == "Everything::name");
    CHECK(worker.call([](Everything&) {}).method_name() == "lambda");
    CHECK(worker.call(+[](Everything&) {}).method_name() == "function");
}

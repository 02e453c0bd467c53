// What a call accepts: every kind of method, argument, result and container, as in a plain call. Here in sync mode,
// because this is about types; tests/conformance has the modes.
#include <any>
#include <array>
#include <chrono>
#include <compare>
#include <concur/concur.hpp>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using concur::Future;

namespace {

int sum_of(const auto& numbers) {
    int sum = 0;
    for (const int number : numbers) sum += number;
    return sum;
}

class Base {
public:
    virtual ~Base() = default;
    virtual int scaled(int x) const { return x; }
    int next(int x) const { return x + 1; }
    int inherited_member = 17;
};

struct Triple : Base {
    int scaled(int x) const override { return x * 3; }
};

/// A parameter's type that can be neither copied nor default-constructed.
class Token {
public:
    explicit Token(int id) : id_{id} {}
    Token(Token&&) = default;
    Token& operator=(Token&&) = default;
    [[nodiscard]] int id() const { return id_; }

private:
    int id_;
    std::unique_ptr<int> only_ = std::make_unique<int>(0);
};

enum class Color { red, green };

class Big : public Base {
public:
    Big() = default;
    explicit Big(int k) : number{k} {}

    // Kinds of methods.
    int scaled(int x) const override { return x * 2; }
    int plain(int x) { return x; }
    int noexcept_method(int x) noexcept { return x; }
    int const_noexcept(int x) const noexcept { return x; }
    int lvalue_method(int x) & { return x; }
    int const_lvalue_noexcept(int x) const& noexcept { return x; }
    static int static_method(int x) { return x + 100; }
    static int static_noexcept(concur::CallContext& context, int x) noexcept { return context.attempt().number + x; }
    int over(int x) { return x; }
    std::size_t over(const std::string& s) const { return s.size(); }
    int either() { return 1; }
    int either() const { return 2; }
    int with_default(int x, int y = 5) { return x + y; }
    template <class X>
    X any_number(X x) {
        return x;
    }
    void with_context(concur::CallContext& context) { number = context.attempt().number; }
    int context_and_more(concur::CallContext& context, int a, std::string b) {
        return context.attempt().number + a + static_cast<int>(b.size());
    }

    // Kinds of results.
    void nothing() {}
    const std::string& reference() const { return name; }
    std::string& mutable_reference() { return name; }
    std::string&& rvalue_reference() { return std::move(name); }
    std::string_view view() const { return name; }
    std::span<const int> span() const { return numbers; }
    const std::string value_const() const { return name; }  // NOLINT(readability-const-return-type)
    std::unique_ptr<int> give(int v) { return std::make_unique<int>(v); }
    std::vector<std::unique_ptr<int>> give_several() {
        std::vector<std::unique_ptr<int>> several;
        several.push_back(std::make_unique<int>(3));
        return several;
    }
    Token token(int id) { return Token(id); }
    Future<int> future() { return concur::ready(7); }
    Future<Future<int>> nested_future() { return concur::ready(concur::ready(8)); }
    Future<void> void_future() { return concur::ready(); }
    std::exception_ptr exception_pointer() { return nullptr; }

    // Kinds of parameters.
    int take(std::unique_ptr<int> p) { return *p; }
    int take_rvalue(std::unique_ptr<int>&& p) { return *p; }
    int look_at(const std::unique_ptr<int>& p) { return *p; }
    int take_token(Token token) { return token.id(); }
    int take_vector(std::vector<int>&& v) { return static_cast<int>(v.size()); }
    std::size_t view_size(std::string_view s) const { return s.size(); }
    std::size_t view_reference_size(const std::string_view& s) const { return s.size(); }
    std::size_t text_size(const char* s) const { return s ? std::string_view(s).size() : 99; }
    int span_sum(std::span<const int> s) const { return sum_of(s); }
    int sort(std::span<int> s) const { return s[0]++; }
    double half(double d) const { return d / 2; }
    int base(const Base& b) const { return b.scaled(21); }
    int call_function(std::function<int(int)> f) const { return f(3); }
    int any_int(std::any a) const { return std::any_cast<int>(a); }
    Color color(Color c) const { return c; }
    std::chrono::nanoseconds time(std::chrono::nanoseconds t) const { return t; }
    int shared(const std::shared_ptr<Base>& p) const { return p->scaled(1); }
    int pointer(const int* p) const { return *p; }
    int variant(std::variant<int, std::string> v) const { return static_cast<int>(v.index()); }
    int const_value(const int x) const { return x; }
    bool same(const concur::Proxy<Big>& other) const { return other.name() == "other"; }
    bool is_future(Future<int> future) const { return future.result() == 1; }

    // Parameters for structures of futures.
    bool has_two(const std::vector<Future<int>>& v) const { return v.size() == 2; }
    int sum(const std::vector<int>& v) const { return sum_of(v); }
    int sum_deque(const std::deque<int>& v) const { return sum_of(v); }
    int sum_set(const std::set<int>& v) const { return sum_of(v); }
    int sum_unordered_set(const std::unordered_set<int>& v) const { return sum_of(v); }
    int sum_list(const std::list<int>& v) const { return sum_of(v); }
    int sum_array(const std::array<int, 2>& v) const { return sum_of(v); }
    int sum_map(const std::unordered_map<std::string, std::vector<int>>& m) const {
        int sum = 0;
        for (const auto& [key, values] : m) sum += sum_of(values);
        return sum;
    }
    int sum_pair(std::pair<int, std::string> p) const { return p.first + static_cast<int>(p.second.size()); }
    int optional(std::optional<int> o) const { return o.value_or(-1); }
    int deep(const std::vector<std::tuple<int, std::optional<std::map<int, int>>>>& v) const {
        return static_cast<int>(v.size()) + std::get<1>(v[0])->at(1);
    }

    // Data members.
    int number = 0;
    const int constant = 12;
    std::string name = "nm";
    std::vector<int> numbers{1, 2, 3};
    std::mutex mutex;  // makes the class immovable
};

static_assert(!std::is_move_constructible_v<Big>);

concur::Proxy<Big> sync_worker() { return concur::Worker<Big>::options().mode("sync").name("other").init(); }

template <class T>
int in_template(const concur::Proxy<T>& worker) {
    return worker.template call<&T::plain>(4).result() + worker.call(&T::plain, 5).result();
}

/// An executor.
struct Immediately {
    void execute(auto task) { task(); }
};

int free_function(const Big& big, int k) { return big.number + k; }

// The types of results.
template <auto method, class... A>
using ResultOf = decltype(std::declval<concur::Proxy<Big>>().call<method>(std::declval<A>()...));
template <auto method, class... A>
using BlockingResultOf =
    decltype(std::declval<concur::Proxy<Big, concur::Mode::sync, concur::Blocking::yes>>().call<method>(
        std::declval<A>()...));

static_assert(std::is_same_v<ResultOf<&Big::plain, int>, Future<int>>);
static_assert(std::is_same_v<ResultOf<&Big::nothing>, Future<void>>);
static_assert(std::is_same_v<ResultOf<&Big::reference>, Future<std::string>>);
static_assert(std::is_same_v<ResultOf<&Big::mutable_reference>, Future<std::string>>);
static_assert(std::is_same_v<ResultOf<&Big::rvalue_reference>, Future<std::string>>);
static_assert(std::is_same_v<ResultOf<&Big::view>, Future<std::string>>);
static_assert(std::is_same_v<ResultOf<&Big::span>, Future<std::vector<int>>>);
static_assert(std::is_same_v<ResultOf<&Big::value_const>, Future<std::string>>);
static_assert(std::is_same_v<ResultOf<&Big::give_several>, Future<std::vector<std::unique_ptr<int>>>>);
static_assert(std::is_same_v<ResultOf<&Big::token, int>, Future<Token>>);
static_assert(std::is_same_v<ResultOf<&Big::future>, Future<int>>);
static_assert(std::is_same_v<ResultOf<&Big::nested_future>, Future<int>>);
static_assert(std::is_same_v<ResultOf<&Big::void_future>, Future<void>>);
static_assert(std::is_same_v<ResultOf<&Big::number>, Future<int>>);
static_assert(std::is_same_v<ResultOf<&Big::constant>, Future<int>>);
static_assert(std::is_same_v<ResultOf<&Big::numbers>, Future<std::vector<int>>>);
static_assert(std::is_same_v<BlockingResultOf<&Big::plain, int>, int>);
static_assert(std::is_same_v<BlockingResultOf<&Big::nothing>, void>);
static_assert(std::is_same_v<BlockingResultOf<&Big::view>, std::string>);
static_assert(std::is_same_v<BlockingResultOf<&Big::give, int>, std::unique_ptr<int>>);
static_assert(std::is_same_v<BlockingResultOf<&Big::nested_future>, int>);
static_assert(std::is_same_v<BlockingResultOf<&Big::void_future>, void>);

}  // namespace

TEST_CASE("every kind of method can be called", "[call][W10]") {
    const auto worker = sync_worker();
    CHECK(worker.call<&Big::plain>(4).result() == 4);
    CHECK(worker.call<&Big::scaled>(4).result() == 8);
    CHECK(worker.call<&Base::scaled>(4).result() == 8);
    CHECK(worker.call<&Base::next>(4).result() == 5);
    CHECK(worker.call<&Big::next>(4).result() == 5);
    CHECK(worker.call<&Big::noexcept_method>(4).result() == 4);
    CHECK(worker.call<&Big::const_noexcept>(4).result() == 4);
    CHECK(worker.call<&Big::lvalue_method>(4).result() == 4);
    CHECK(worker.call<&Big::const_lvalue_noexcept>(4).result() == 4);
    CHECK(worker.call<&Big::static_method>(4).result() == 104);
    CHECK(worker.call<&Big::static_noexcept>(4).result() == 5);
    CHECK(worker.call<&Big::with_default>(4, 1).result() == 5);
    CHECK(worker.call<&Big::any_number<double>>(2.5).result() == 2.5);
}

TEST_CASE("an overload is picked by its parameters and by const", "[call][W10]") {
    const auto worker = sync_worker();
    CHECK(worker.call<concur::overload<int>(&Big::over)>(4).result() == 4);
    CHECK(worker.call<concur::overload<const std::string&>(&Big::over)>("four").result() == 4);
    CHECK(worker.call<concur::mutable_overload<>(&Big::either)>().result() == 1);
    CHECK(worker.call<concur::const_overload<>(&Big::either)>().result() == 2);
    CHECK(worker.call(concur::overload<int>(&Big::over), 4).result() == 4);
}

TEST_CASE("a context parameter is filled in and not passed", "[call][W10][W30]") {
    const auto worker = sync_worker();
    worker.call<&Big::with_context>().result();
    CHECK(worker.call<&Big::number>().result() == 1);
    CHECK(worker.call<&Big::context_and_more>(1, "ab").result() == 4);
    CHECK(worker.call([](Big&, concur::CallContext& c, int k) { return c.attempt().number + k; }, 3).result() == 4);
    CHECK(worker.call([](auto&, concur::CallContext& c, auto k) { return c.attempt().number + k; }, 3).result() == 4);
}

TEST_CASE("data members are read", "[call][W10]") {
    const auto worker = sync_worker();
    CHECK(worker.call<&Big::number>().result() == 0);
    CHECK(worker.call<&Big::constant>().result() == 12);
    CHECK(worker.call<&Big::name>().result() == "nm");
    CHECK(worker.call<&Big::inherited_member>().result() == 17);
    CHECK(worker.call(&Big::number).result() == 0);
}

TEST_CASE("a method may be passed as a value, also in a template", "[call][W10]") {
    const auto worker = sync_worker();
    CHECK(worker.call(&Big::plain, 5).result() == 5);
    CHECK(worker.call(&Base::next, 5).result() == 6);
    CHECK(in_template(worker) == 9);
}

TEST_CASE("every kind of function object can be called on the object", "[call][W10]") {
    const auto worker = concur::Worker<Big>::options().mode("sync").init(2);
    CHECK(worker.call([](Big& big, int k) { return big.number + k; }, 3).result() == 5);
    CHECK(worker.call([](const Big& big) { return big.number; }).result() == 2);
    CHECK(worker.call([](const Base& base) { return base.scaled(2); }).result() == 4);
    CHECK(worker.call([](auto& big) { return big.number; }).result() == 2);
    CHECK(worker.call([](Big&, auto... all) { return (0 + ... + all); }, 1, 2).result() == 3);
    CHECK(worker.call([count = 0](Big&) mutable { return ++count; }).result() == 1);
    CHECK(worker.call([](Big&) noexcept { return 4; }).result() == 4);
    CHECK(worker.call([p = std::make_shared<int>(4)](Big&) { return *p; }).result() == 4);
    CHECK(worker.call([p = std::make_unique<int>(5)](Big&) { return *p; }).result() == 5);
    CHECK(worker.call(std::function<int(Big&)>([](Big&) { return 3; })).result() == 3);
    CHECK(worker.call(free_function, 1).result() == 3);
    CHECK(worker.call(&free_function, 1).result() == 3);
    CHECK(worker.call([](Big&) {}).valid());
    const auto kept = [](Big& big) -> int& { return big.number; };
    CHECK(worker.call(kept).result() == 2);
}

TEST_CASE("results are values: references are copied, views become owners", "[call][W12]") {
    const auto worker = sync_worker();
    CHECK(worker.call<&Big::reference>().result() == "nm");
    CHECK(worker.call<&Big::mutable_reference>().result() == "nm");
    CHECK(worker.call<&Big::view>().result() == "nm");
    CHECK(worker.call<&Big::span>().result() == std::vector{1, 2, 3});
    CHECK(worker.call<&Big::value_const>().result() == "nm");
    CHECK(worker.call<&Big::rvalue_reference>().result() == "nm");
    CHECK(worker.call<&Big::name>().result().empty());
    CHECK(worker.call<&Big::exception_pointer>().result() == nullptr);
    worker.call<&Big::nothing>().result();
}

TEST_CASE("move-only results come out of the future", "[call][W11]") {
    const auto worker = sync_worker();
    const std::unique_ptr<int> given = worker.call<&Big::give>(9).result();
    CHECK(*given == 9);
    auto several = worker.call<&Big::give_several>();
    CHECK(*several.result()[0] == 3);
    const auto moved = std::move(several).result();
    CHECK(*moved[0] == 3);
    CHECK(worker.call<&Big::token>(5).result().id() == 5);
}

TEST_CASE("a result that is a future is flattened, at any depth", "[call][W12]") {
    const auto worker = sync_worker();
    CHECK(worker.call<&Big::future>().result() == 7);
    CHECK(worker.call<&Big::nested_future>().result() == 8);
    worker.call<&Big::void_future>().result();
}

TEST_CASE("arguments convert to their parameters as in a plain call", "[call][W11]") {
    const auto worker = sync_worker();
    const int number = 4;
    CHECK(worker.call<&Big::plain>(number).result() == 4);
    CHECK(worker.call<&Big::const_value>(number).result() == 4);
    CHECK(worker.call<&Big::half>(3).result() == 1.5);
    CHECK(worker.call<&Big::call_function>([](int x) { return x + 1; }).result() == 4);
    CHECK(worker.call<&Big::any_int>(5).result() == 5);
    CHECK(worker.call<&Big::color>(Color::green).result() == Color::green);
    CHECK(worker.call<&Big::time>(2s).result() == 2s);
    CHECK(worker.call<&Big::shared>(std::make_shared<Triple>()).result() == 3);
    CHECK(worker.call<&Big::pointer>(&number).result() == 4);
    CHECK(worker.call<&Big::variant>("text").result() == 1);
    CHECK(worker.call<&Big::optional>(std::nullopt).result() == -1);
    CHECK(worker.call<&Big::optional>(5).result() == 5);
    CHECK(worker.call<&Big::sum>(std::vector{1, 2}).result() == 3);
    CHECK(worker.call<&Big::take_vector>(std::vector{1, 2}).result() == 2);
    CHECK(worker.call<&Big::same>(worker).result());
}

TEST_CASE("a reference to a base class keeps the object that it was given", "[call][W11]") {
    const auto worker = sync_worker();
    CHECK(worker.call<&Big::base>(Triple()).result() == 63);
    const Triple triple;
    CHECK(worker.call<&Big::base>(triple).result() == 63);
    CHECK(worker.call<&Big::base>(Base()).result() == 21);
}

TEST_CASE("move-only arguments are moved to the method", "[call][W11]") {
    const auto worker = sync_worker();
    CHECK(worker.call<&Big::take>(std::make_unique<int>(5)).result() == 5);
    CHECK(worker.call<&Big::take_rvalue>(std::make_unique<int>(5)).result() == 5);
    CHECK(worker.call<&Big::look_at>(std::make_unique<int>(5)).result() == 5);
    CHECK(worker.call<&Big::take_token>(Token(6)).result() == 6);
    CHECK(worker.call<&Big::take>(worker.call<&Big::give>(11)).result() == 11);
    CHECK(worker.call([](Big&, auto p) { return *p; }, std::make_unique<int>(7)).result() == 7);
}

TEST_CASE("views are kept as what owns their elements", "[call][W11]") {
    const auto worker = sync_worker();
    char buffer[8] = "abc";
    CHECK(worker.call<&Big::view_size>(buffer).result() == 3);
    CHECK(worker.call<&Big::view_size>(std::string("temporary")).result() == 9);
    CHECK(worker.call<&Big::view_size>(std::string_view("view")).result() == 4);
    CHECK(worker.call<&Big::view_reference_size>("view").result() == 4);
    CHECK(worker.call<&Big::text_size>("four").result() == 4);
    CHECK(worker.call<&Big::text_size>(buffer).result() == 3);
    CHECK(worker.call<&Big::text_size>(std::string("temporary")).result() == 9);
    CHECK(worker.call<&Big::text_size>(nullptr).result() == 99);
    CHECK(worker.call<&Big::span_sum>(std::vector{1, 2, 3}).result() == 6);
    CHECK(worker.call<&Big::span_sum>(std::array{1, 2}).result() == 3);
    const int numbers[] = {4, 5};
    CHECK(worker.call<&Big::span_sum>(numbers).result() == 9);
    CHECK(worker.call<&Big::sort>(std::vector{1, 2, 3}).result() == 1);
    const auto is_string = [](Big&, auto text) { return std::is_same_v<decltype(text), std::string>; };
    CHECK(worker.call(is_string, "text").result());
    CHECK(worker.call(is_string, buffer).result());
    CHECK(worker.call(is_string, std::string_view("text")).result());
}

TEST_CASE("futures are replaced by their values in every kind of container", "[call][F20]") {
    const auto worker = sync_worker();
    const auto a = worker.call<&Big::plain>(1);
    const auto b = worker.call<&Big::plain>(2);
    CHECK(worker.call<&Big::plain>(a).result() == 1);
    CHECK(worker.call<&Big::half>(a).result() == 0.5);
    CHECK(worker.call<&Big::sum>(std::vector{a, b}).result() == 3);
    CHECK(worker.call<&Big::sum_deque>(std::deque{a, b}).result() == 3);
    CHECK(worker.call<&Big::sum_set>(std::set{a, b}).result() == 3);
    CHECK(worker.call<&Big::sum_unordered_set>(std::unordered_set{a, b}).result() == 3);
    CHECK(worker.call<&Big::sum_list>(std::list{a, b}).result() == 3);
    CHECK(worker.call<&Big::sum_array>(std::array{a, b}).result() == 3);
    using Groups = std::unordered_map<std::string, std::vector<Future<int>>>;
    CHECK(worker.call<&Big::sum_map>(Groups{{"x", {a, b}}, {"y", {b}}}).result() == 5);
    CHECK(worker.call<&Big::sum_pair>(std::pair(a, concur::ready(std::string("abc")))).result() == 4);
    CHECK(worker.call<&Big::sum_pair>(std::pair(a, std::string("abc"))).result() == 4);
    CHECK(worker.call<&Big::optional>(std::optional(a)).result() == 1);
    CHECK(worker.call<&Big::optional>(std::optional<Future<int>>()).result() == -1);
    CHECK(worker.call<&Big::optional>(a).result() == 1);
    using Either = std::variant<Future<int>, Future<std::string>>;
    CHECK(worker.call<&Big::variant>(Either(concur::ready(std::string("s")))).result() == 1);
    const std::vector deep{std::tuple{a, std::optional{std::map<int, Future<int>>{{1, b}}}}};
    CHECK(worker.call<&Big::deep>(deep).result() == 3);
    CHECK(worker.call<&Big::sum>(concur::list(a, 20, 30)).result() == 51);
    CHECK(worker.call<&Big::sum>(concur::list(1, 2)).result() == 3);
    CHECK(worker.call([](Big& big, int k) { return big.number + k; }, a).result() == 1);
    CHECK(worker.call([](Big&, auto k) { return k * 2; }, a).result() == 2);
    CHECK(worker.call<&Big::view_size>(concur::ready(std::string("text"))).result() == 4);
    const auto move_only = worker.call<&Big::give>(6);
    CHECK(worker.call<&Big::take>(move_only).result() == 6);
    const std::vector several{worker.call<&Big::give>(1), worker.call<&Big::give>(2)};
    CHECK(worker.call([](Big&, auto all) { return *all[0] + *all[1]; }, several).result() == 3);
}

TEST_CASE("a future stays one where only the future fits, or as_is says so", "[call][F24]") {
    const auto worker = sync_worker();
    const auto a = worker.call<&Big::plain>(1);
    CHECK(worker.call<&Big::is_future>(a).result());
    CHECK(worker.call<&Big::is_future>(concur::as_is(a)).result());
    CHECK(worker.call<&Big::has_two>(std::vector{a, a}).result());
    CHECK(worker.call([](Big&, auto f) { return f.result() * 2; }, concur::as_is(a)).result() == 2);
}

TEST_CASE("blocking proxies give the values themselves", "[call][W16]") {
    const auto worker = concur::Worker<Big>::options().mode(concur::sync).blocking().init();
    const int scaled = worker.call<&Big::scaled>(3);
    CHECK(scaled == 6);
    worker.call<&Big::nothing>();
    const std::unique_ptr<int> given = worker.call<&Big::give>(3);
    CHECK(*given == 3);
    CHECK(worker.call<&Big::view>() == "nm");
    CHECK(worker.call<&Big::nested_future>() == 8);
    CHECK(worker.call<&Big::sum>(concur::list(concur::ready(1), 2)) == 3);
    CHECK(worker.call([](Big& big) { return big.number; }) == 0);
}

TEST_CASE("gather and wait take every structure of futures", "[future][F30][F31]") {
    const auto worker = sync_worker();
    const auto a = worker.call<&Big::plain>(1);
    const auto b = worker.call<&Big::plain>(2);
    CHECK(concur::gather(std::vector{a, b}) == std::vector{1, 2});
    const auto [x, y] = concur::gather(a, concur::ready(std::string("s")));
    CHECK(x == 1);
    CHECK(y == "s");
    CHECK(concur::gather({a, b, a}).size() == 3);
    CHECK(concur::gather(std::tuple{a, b}, {.timeout = 1.5s}) == std::tuple{1, 2});
    CHECK(concur::gather(std::array{a, b})[1] == 2);
    CHECK(concur::gather(a) == 1);
    CHECK(concur::gather(std::map<std::string, std::vector<Future<int>>>{{"k", {a, b}}}).at("k")[1] == 2);
    const concur::GatherOptions options;
    CHECK(concur::gather(std::vector{a, b}, options).size() == 2);
    concur::gather(std::vector<Future<void>>{worker.call<&Big::nothing>()});
    static_assert(std::is_void_v<decltype(concur::gather(std::vector<Future<void>>()))>);
    CHECK(*concur::gather(std::vector{worker.call<&Big::give>(1)})[0] == 1);
    CHECK(std::get<1>(concur::gather(worker.call<&Big::nothing>(), a)) == 1);

    const auto [done, not_done] =
        concur::wait({a, b}, {.timeout = 5s, .return_when = concur::ReturnWhen::first_completed});
    CHECK(!done.empty());
    CHECK(not_done.empty());
    CHECK(concur::wait(std::set{a, b}).done.size() == 2);
    CHECK(concur::wait(a, b).done.size() == 2);
    const std::vector both{a, b};
    const concur::WaitOptions wait_options{.timeout = 1s};
    CHECK(concur::wait(both, wait_options).done.size() == 2);
    CHECK(concur::wait(std::span(both)).done.size() == 2);
}

TEST_CASE("continuations take values, outcomes and futures", "[future][F6][F7]") {
    const auto worker = sync_worker();
    const auto a = worker.call<&Big::plain>(1);
    CHECK(worker.call<&Big::nothing>().then([] { return 5; }).result() == 5);
    CHECK(a.then([&](int v) { return worker.call<&Big::plain>(v + 1); }).result() == 2);
    a.then([](int) {}).result();
    CHECK(a.then([](concur::Outcome<int> o) { return o.value(); }).result() == 1);
    CHECK(a.then([](Future<int> f) { return f.result(); }).result() == 1);
    CHECK(a.then([](auto v) { return v + 1; }).result() == 2);
    CHECK(a.then([p = std::make_unique<int>(2)](int v) { return *p + v; }).result() == 3);
    CHECK(a.then(Immediately(), [](int v) { return v; }).result() == 1);

    const auto failed = concur::failed<int>(std::range_error("far"));
    CHECK(failed.recover([](const std::range_error&) { return 2; }).result() == 2);
    CHECK(failed.recover([](std::exception_ptr) { return 'a'; }).result() == 'a');
    CHECK(failed.recover([](std::range_error&) { return concur::ready(3); }).result() == 3);
    int seen = 0;
    a.on_done([&](const Future<int>& f) { seen += f.result(); });
    a.on_done([&](auto f) { seen += f.result(); });
    CHECK(seen == 2);
}

namespace {

struct Aggregate {
    int a = 1;
    std::string b = "two";
};
union Union {
    int integer;
    float real;
};
class Final final {
public:
    explicit Final(int k) : number{k} {}
    static void pre_initialize(int& k) { k *= 2; }
    void post_initialize() { number += 1; }
    int number;
};
class SharesText {
public:
    explicit SharesText(std::string& text) : text_{text} {}
    void append(const std::string& more) { text_ += more; }

private:
    std::string& text_;
};
class WantsFuture {
public:
    explicit WantsFuture(Future<int> future) : future_{std::move(future)} {}
    int value() const { return future_.result(); }

private:
    Future<int> future_;
};
class Waits {
public:
    Waits(int a, std::monostate) : a_{a} {}
    int a() const { return a_; }

private:
    int a_;
};

template <class T, class... A>
auto sync_worker_of(A&&... arguments) {
    return concur::Worker<T>::options().mode("sync").init(std::forward<A>(arguments)...);
}

}  // namespace

TEST_CASE("objects of every type can be built from every kind of argument", "[worker][W1]") {
    CHECK(sync_worker_of<Aggregate>(7).template call<&Aggregate::a>().result() == 7);
    CHECK(sync_worker_of<Aggregate>(7, "text").template call<&Aggregate::b>().result() == "text");
    CHECK(sync_worker_of<Aggregate>().template call<&Aggregate::a>().result() == 1);
    CHECK(sync_worker_of<Union>(3).call([](Union& u) { return u.integer; }).result() == 3);
    CHECK(sync_worker_of<int>(3).call([](int& i) { return ++i; }).result() == 4);
    CHECK(sync_worker_of<int*>(nullptr).call([](int*& p) { return p == nullptr; }).result());
    CHECK(sync_worker_of<std::string>("text").template call<&std::string::size>().result() == 4);
    CHECK(sync_worker_of<std::vector<int>>(3, 1).call([](auto& v) { return v.size(); }).result() == 3);
    CHECK(sync_worker_of<Final>(4).template call<&Final::number>().result() == 9);
    std::string text;
    sync_worker_of<SharesText>(std::ref(text)).template call<&SharesText::append>("more").result();
    CHECK(text == "more");
    CHECK(sync_worker_of<std::unique_ptr<int>>(std::make_unique<int>(2)).call([](auto& p) { return *p; }).result() ==
          2);
}

TEST_CASE("futures among the arguments of init are waited for, unless T wants them", "[worker][W5][F24]") {
    CHECK(sync_worker_of<Big>(concur::ready(5)).template call<&Big::number>().result() == 5);
    CHECK(sync_worker_of<WantsFuture>(concur::ready(5)).template call<&WantsFuture::value>().result() == 5);
    CHECK(sync_worker_of<Waits>(concur::ready(5), concur::ready()).template call<&Waits::a>().result() == 5);
}

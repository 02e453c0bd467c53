// The lines of the contract programs that need no pool and no retries, in every mode.
#include <any>
#include <array>
#include <chrono>
#include <concur/testing.hpp>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "support/worker_support.hpp"

using namespace concur::test;

namespace {

// ---- 01_quickstart.cpp

struct Counter {
    explicit Counter(int start) : value{start} {}
    int add(int amount) { return value += amount; }
    int get() const { return value; }
    int divide(int by) {
        if (by == 0) throw std::domain_error("division by zero");
        return value / by;
    }
    int value;
};

// ---- 02_modes.cpp

struct Text {
    std::string upper(std::string s) const {
        for (char& c : s) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
        return s;
    }
    int length(const std::string& s) const { return static_cast<int>(s.size()); }
    int length(const std::vector<std::string>& parts) const { return static_cast<int>(parts.size()); }
};

// ---- 04_tasks.cpp

int power(int base, int exponent) {
    int result = 1;
    while (exponent-- > 0) result *= base;
    return result;
}

// ---- 05_unwrap.cpp

struct Math {
    int base;
    int add(int x) const { return base + x; }
    int fail() const { throw std::invalid_argument("bad input"); }
    concur::Future<int> later(int x) const {
        return concur::TaskWorker::options().mode("thread").init().submit([](int v) { return v + 1; }, x);
    }
};

struct Aggregator {
    int sum(const std::vector<int>& values) const {
        int total = 0;
        for (int v : values) total += v;
        return total;
    }
    int nested(const std::map<std::string, std::vector<int>>& groups) const {
        int total = 0;
        for (const auto& [name, values] : groups) total += sum(values);
        return total;
    }
    int pick(std::tuple<int, std::optional<int>> pair) const {
        return std::get<0>(pair) + std::get<1>(pair).value_or(0);
    }
    bool inspect(concur::Future<int> future) const { return future.result() == 15; }
};

// ---- 10_futures.cpp

struct Sleeper {
    // On the worker's clock: the order of what naps on several workers is no luck then.
    int nap(concur::CallContext& context, int ms) {
        static_cast<void>(context.stop_token().wait_for(std::chrono::milliseconds(ms)));
        return ms;
    }
    int fail() { throw std::runtime_error("failed"); }
    int patient(concur::CallContext& context) {
        while (!context.stop_token().stop_requested()) std::this_thread::sleep_for(1ms);
        throw concur::CancelledError("asked to stop");
    }
};

// ---- 12_config.cpp

struct Plain {
    int get() { return 1; }
};

/// What is told of a worker that is made of this text; "accepted" if it is.
std::string refusal(const char* text) {
    try {
        auto worker = concur::Worker<Plain>::options(concur::options_from_json(text)).init();
        return "accepted";
    } catch (const concur::ConfigError& error) {
        return error.what();
    }
}

}  // namespace

// Methods by name: `text.upper("x")` instead of `text.call<&Text::upper>("x")`.
CONCUR_PROXY(Text, upper)

TEST_CASE("contract 01, quickstart", "[contract]") {
    const concur::Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto counter = concur::Worker<Counter>::options().mode(to_string(mode)).init(10);

    concur::Future<int> first = counter.call<&Counter::add>(5);
    concur::Future<int> second = counter.call<&Counter::add>(1);
    CHECK(first.result() == 15);
    CHECK(second.result() == 16);
    CHECK(counter.call<&Counter::get>().result() == 16);
    try {
        counter.call<&Counter::divide>(0).result();
        FAIL("no exception");
    } catch (const std::domain_error& error) {  // the original type, in every mode
        CHECK(error.what() == std::string("division by zero"));
    }
    counter.stop();
    CHECK_THROWS_AS(counter.call<&Counter::get>(), concur::WorkerStoppedError);

    // Blocking mode: calls return the value itself. The worker stops at the end of its scope.
    {
        auto blocking = concur::Worker<Counter>::options().mode(mode).blocking().init(10);
        int sum = blocking.call<&Counter::add>(5);
        CHECK(sum == 15);
    }

    // A data member is read like a method; a lambda sees the object itself.
    auto other = concur::Worker<Counter>::options().mode(mode).init(7);
    CHECK(other.call<&Counter::value>().result() == 7);
    CHECK(other.call([](Counter& c, int k) { return c.value * k; }, 6).result() == 42);
}

TEST_CASE("contract 02, modes", "[contract]") {
    auto by_tag = concur::Worker<Text>::options().mode(concur::thread).init();
    static_assert(std::is_same_v<decltype(by_tag), concur::Proxy<Text, concur::Mode::thread>>);
    auto by_enum = concur::Worker<Text>::options().mode(concur::Mode::thread).init();
    static_assert(std::is_same_v<decltype(by_enum), concur::Proxy<Text>>);
    auto by_name = concur::Worker<Text>::options().mode("threads").init();  // alias of "thread"
    CHECK(fmt::format("{} {} {}", by_tag.mode(), by_enum.mode(), by_name.mode()) == "thread thread thread");
    CHECK(by_tag.upper("abc").result() == "ABC");
    CHECK(by_enum.upper("xyz").result() == "XYZ");

    // Overloads are picked by their parameter types.
    CHECK(by_tag.call<concur::overload<const std::string&>(&Text::length)>("four").result() == 4);

    // One proxy is a shared handle: copies talk to the same worker.
    auto same = by_enum;
    same.stop();
    CHECK(by_enum.stopped());

    std::vector<std::string> refused;
    for (auto attempt : {+[] { return concur::Worker<Text>::options().mode("quantum").init(); },
                         +[] { return concur::Worker<Text>::options().num_retries(-1).init(); },
                         +[] { return concur::Worker<Text>::options().mode("sync").max_workers(4).init(); },
                         +[] { return concur::Worker<Text>::options().max_queued_tasks(0).init(); }}) {
        try {
            attempt();
            refused.emplace_back("accepted");
        } catch (const concur::ConfigError& error) {
            refused.push_back(error.option());  // what() also names the value and what is allowed
        }
    }
    CHECK(refused == std::vector<std::string>{"mode", "num_retries", "max_workers", "max_queued_tasks"});
}

TEST_CASE("contract 04, tasks", "[contract]") {
    const concur::Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto tasks = concur::TaskWorker::options().mode(mode).init();
    auto cube = tasks.submit(power, 3, 3);
    auto sum = tasks.submit([](int a, int b) { return a + b; }, cube, 100);  // futures are unwrapped
    CHECK(cube.result() == 27);
    CHECK(sum.result() == 127);

    // map() keeps input order, and looks ahead only `buffer` items.
    std::vector<int> inputs(10);
    std::iota(inputs.begin(), inputs.end(), 0);
    std::vector<int> squares;
    for (int value : tasks.map([](int x) { return x * x; }, inputs, {.chunk = 3, .buffer = 4}))
        squares.push_back(value);
    CHECK(squares == std::vector{0, 1, 4, 9, 16, 25, 36, 49, 64, 81});

    // Several ranges run in step and end with the shortest.
    const std::vector<std::string> names{"a", "b", "c"};
    std::string lines;
    for (const auto& line : tasks.map([](int n, const std::string&s) { return s + std::to_string(n); }, inputs, names))
        lines += line + " ";
    CHECK(lines == "a0 b1 c2 ");

    // A worker bound to one function is called like it.
    auto square = concur::TaskWorker::options().mode(mode).init([](int x) { return x * x; });
    CHECK(square(12).result() == 144);
    auto by_tag = concur::TaskWorker::options().mode(concur::thread).init([](int x) { return x * x; });
    CHECK(by_tag(12).result() == 144);
}

TEST_CASE("contract 05, futures in arguments", "[contract]") {
    const concur::Mode mode = GENERATE(every_mode());
    const concur::Mode aggregate_mode = GENERATE(every_mode());
    CAPTURE(mode, aggregate_mode);
    auto math = concur::Worker<Math>::options().mode(mode).init(10);
    auto aggregate = concur::Worker<Aggregator>::options().mode(aggregate_mode).init();

    auto a = math.call<&Math::add>(5);  // 15
    auto b = math.call<&Math::add>(a);  // 25
    auto c = math.call<&Math::add>(b);  // 35
    using Group = std::map<std::string, std::vector<concur::Future<int>>>;
    CHECK(aggregate.call<&Aggregator::sum>(std::vector{a, b, c}).result() == 75);
    CHECK(aggregate.call<&Aggregator::nested>(Group{{"x", {a, b}}, {"y", {c}}}).result() == 75);
    CHECK(aggregate.call<&Aggregator::pick>(std::tuple{a, std::optional{b}}).result() == 40);

    // Futures and plain values side by side.
    CHECK(aggregate.call<&Aggregator::sum>(concur::list(a, 20, 30)).result() == 65);

    // A future of a future is a future.
    concur::Future<int> flat = math.call<&Math::later>(41);
    CHECK(flat.result() == 42);

    // A failed input fails the call that needed it, through that call's own future.
    auto failed = math.call<&Math::add>(math.call<&Math::fail>());
    try {
        failed.result();
        FAIL("no exception");
    } catch (const std::invalid_argument& error) {
        CHECK(error.what() == std::string("bad input"));
    }

    // A parameter that is a future gets the future itself; where either would fit, as_is() keeps it.
    auto inspector = concur::Worker<Aggregator>::options().mode(mode).init();
    CHECK(inspector.call<&Aggregator::inspect>(a).result());
    CHECK(inspector.call([](Aggregator&, auto any) { return any.done(); }, concur::as_is(a)).result());
}

TEST_CASE("contract 10, futures", "[contract]") {
    const concur::Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    // Four workers where the program has a pool of four.
    concur::testing::ManualClock clock;
    std::vector<concur::Proxy<Sleeper>> pool;
    for (int i = 0; i < 4; ++i) pool.push_back(concur::Worker<Sleeper>::options().mode(mode).clock(clock).init());
    std::size_t next = 0;
    auto nap = [&](int ms) { return pool[next++ % 4].call<&Sleeper::nap>(ms); };

    auto slow = nap(100);
    bool timeout = false;
    try {
        slow.result(1ms);
    } catch (const concur::TimeoutError&) {
        timeout = true;
        CHECK(slow.result() == 100);  // still usable
    }
    CHECK(timeout);

    CHECK(nap(1).then([](int ms) { return ms + 1; }).then([](int v) { return std::to_string(v) + "!"; }).result() ==
          "2!");

    // wait: what is done and what is not; gather: the values, in the shape they were given.
    std::vector<concur::Future<int>> futures{nap(5), nap(200)};
    auto [done, not_done] = concur::wait(futures, {.return_when = concur::ReturnWhen::first_completed});
    CHECK(done.size() == 1);
    CHECK(not_done.size() == 1);
    CHECK(concur::gather(futures) == std::vector{5, 200});
    CHECK(concur::gather(std::map<std::string, concur::Future<int>>{{"a", nap(2)}, {"b", nap(1)}}) ==
          std::map<std::string, int>{{"a", 2}, {"b", 1}});
    auto [x, y] = concur::gather(nap(3), pool[0].call([](Sleeper&) { return std::string("text"); }));
    CHECK(x == 3);
    CHECK(y == "text");

    // Failures: thrown, or kept in place.
    std::vector<concur::Future<int>> mixed{nap(1), pool[0].call<&Sleeper::fail>(), nap(2)};
    std::string outcomes;
    for (const concur::Outcome<int>& outcome : concur::gather_outcomes(mixed)) outcomes += outcome ? "ok " : "failed ";
    CHECK(outcomes == "ok failed ok ");

    // In order of completion; more work may be added while iterating: a retry by hand, with no rounds.
    concur::AsCompleted<int> queue({nap(60), nap(1)}, {.timeout = 5s});
    std::vector<int> order;
    for (auto& future : queue) {
        order.push_back(future.result());
        if (order.size() == 1) queue.add(nap(30));
    }
    CHECK(order == std::vector{1, 30, 60});

    auto fastest = concur::when_any(std::vector{nap(80), nap(2)}).result();
    CHECK(fastest.index == 1);
    CHECK(fastest.value == 2);

    // Cancel: a queued call never starts; a running one is asked to stop.
    auto one = concur::Worker<Sleeper>::options().mode(mode).init();
    auto running = one.call<&Sleeper::patient>();
    auto queued = one.call<&Sleeper::nap>(1);
    const bool withdrawn = queued.cancel();
    CHECK(withdrawn);
    CHECK(queued.cancelled());
    CHECK(eventually([&] { return running.running(); }));
    running.cancel();
    CHECK_THROWS_AS(running.result(), concur::CancelledError);
    CHECK(one.call<&Sleeper::nap>(3).result() == 3);  // the worker lives on
}

TEST_CASE("contract 12, options as data", "[contract]") {
    struct NoDefaults {
        ~NoDefaults() { concur::reset_defaults(); }
    };
    const NoDefaults afterwards;
    const auto timeout = [](const concur::Proxy<Plain>& worker) { return *worker.settings().stop_timeout / 1s; };

    // For all workers to come; read by init(). What is set for a mode is stronger than what is set for all.
    concur::set_defaults({.mode = concur::Mode::thread, .stop_timeout = 2s});
    concur::set_defaults(concur::Mode::sync, {.stop_timeout = 1s});
    auto plain = concur::Worker<Plain>::options().init();
    auto sync = concur::Worker<Plain>::options().mode("sync").init();
    auto own = concur::Worker<Plain>::options().stop_timeout(4s).init();  // options beat defaults
    CHECK(fmt::format("{}: {}, {}: {}, own: {}", plain.mode(), timeout(plain), sync.mode(), timeout(sync),
                      timeout(own)) == "thread: 2, sync: 1, own: 4");

    // Until the end of a scope, for the workers that this thread creates; scopes nest.
    {
        concur::ScopedDefaults quick({.stop_timeout = 5s});
        CHECK(timeout(concur::Worker<Plain>::options().init()) == 5);
        concur::ScopedDefaults in_the_caller({.mode = concur::Mode::sync, .stop_timeout = 6s});
        auto inner = concur::Worker<Plain>::options().init();
        CHECK(timeout(inner) == 6);
        CHECK(inner.mode() == concur::Mode::sync);
    }
    CHECK(timeout(concur::Worker<Plain>::options().init()) == 2);

    // What a worker was made with, all layers resolved.
    const concur::Settings used = sync.settings();
    CHECK(fmt::format("{} {} {} ms", *used.mode, *used.num_retries, *used.retry_wait / 1ms) == "sync 0 1000 ms");

    // From a struct; the builder goes on from there.
    const concur::Settings gentle{
        .mode = concur::Mode::thread, .retry_algorithm = concur::Backoff::linear, .stop_timeout = 7s};
    auto first = concur::Worker<Plain>::options(gentle).init();
    auto second = concur::Worker<Plain>::options(gentle).stop_timeout(8s).init();
    CHECK(timeout(first) == 7);
    CHECK(timeout(second) == 8);
    CHECK(second.settings().retry_algorithm == concur::Backoff::linear);

    // From JSON: the names of the builder's setters; durations as "250ms" or as seconds.
    const concur::Settings read = concur::options_from_json(
        R"({"mode": "asio", "num_retries": 3, "retry_algorithm": "fibonacci", "retry_wait": "1ms", "call_timeout": 2.5})");
    CHECK(read.mode == concur::Mode::asio);
    CHECK(read.num_retries == 3);
    CHECK(read.retry_algorithm == concur::Backoff::fibonacci);
    CHECK(read.retry_wait == concur::Duration(1ms));
    CHECK(read.call_timeout == concur::Duration(2500ms));
    auto configured = concur::Worker<Plain>::options(concur::options_from_json(R"({"mode": "sync"})")).init();
    CHECK(configured.mode() == concur::Mode::sync);
    CHECK(configured.call<&Plain::get>().result() == 1);

    CHECK(refusal(R"({"num_retrys": 3})") == "num_retrys: unknown option; did you mean \"num_retries\"?");
    CHECK(refusal(R"({"mode": "quantum"})") == "mode: unknown \"quantum\"; known: sync, thread, process, asio, ray");
    CHECK(refusal(R"({"max_workers": "many"})") == "max_workers: \"many\" is not a whole number");
    CHECK(refusal(R"({"num_retries": -1})") == "num_retries: -1 is not allowed; 0 or more, or concur::unlimited");
    CHECK(refusal(R"({"mode": )") == "json: line 1, column 10: a value was expected");

    concur::reset_defaults();
    CHECK(timeout(concur::Worker<Plain>::options().init()) == 30);
}

// ---- 13_types.cpp

namespace app {
namespace {
struct Base {
    virtual ~Base() = default;
    virtual int virt(int x) { return x; }
    int plain(int x) const { return x + 1; }
    int over() { return 0; }
};
struct Small : Base {
    int virt(int x) override { return x * 3; }
};
struct Big : Base {
    int n = 0;
    std::mutex m;  // not movable
    Big() = default;
    explicit Big(int k) : n{k} {}
    int virt(int x) override { return x * 2; }
    int ne(int x) noexcept { return x; }
    int cne(int x) const noexcept { return x; }
    int lref(int x) & { return x; }
    int clref(int x) const& noexcept { return x; }
    int over(int x) { return x; }
    std::size_t over(const std::string& s) const { return s.size(); }
    const std::string& refres() const { return name; }
    std::string& mutres() { return name; }
    std::string name = "nm";
    std::unique_ptr<int> give(int v) { return std::make_unique<int>(v); }
    int take(std::unique_ptr<int> p) { return *p; }
    int takerr(std::unique_ptr<int>&& p) { return *p; }
    int vecrr(std::vector<int>&& v) { return (int)v.size(); }
    std::vector<std::unique_ptr<int>> givevec() {
        std::vector<std::unique_ptr<int>> v;
        v.push_back(std::make_unique<int>(3));
        return v;
    }
    std::size_t view(std::string_view s) const { return s.size(); }
    std::string_view giveview() const { return name; }
    std::size_t cstr(const char* s) const { return std::string_view(s).size(); }
    int spans(std::span<const int> s) const { return (int)s.size(); }
    void nop() {}
    void ctx(concur::CallContext& c) { last = c.attempt().number; }
    int ctx2(concur::CallContext& c, int a, std::string b) { return c.attempt().number + a + (int)b.size(); }
    int last = 0;
    concur::Future<int> fut() { return concur::ready(7); }
    concur::Future<concur::Future<int>> futfut() { return concur::ready(concur::ready(8)); }
    bool fromvec(const std::vector<concur::Future<int>>& v) const { return v.size() == 2; }
    template <class Range>
    static int total(const Range& range) {
        int t = 0;
        for (int x : range) t += x;
        return t;
    }
    int sum(const std::vector<int>& v) const { return total(v); }
    int sumset(const std::set<int>& v) const { return total(v); }
    int sumuset(const std::unordered_set<int>& v) const { return total(v); }
    int sumlist(const std::list<int>& v) const { return total(v); }
    int sumarr(const std::array<int, 2>& v) const { return v[0] + v[1]; }
    int summap(const std::unordered_map<std::string, std::vector<int>>& map) const {
        int t = 0;
        for (auto& [k, v] : map) t += total(v);
        return t;
    }
    int sumpair(std::pair<int, std::string> p) const { return p.first + (int)p.second.size(); }
    int opt(std::optional<int> o) const { return o.value_or(-1); }
    int nested(const std::vector<std::tuple<int, std::optional<std::map<int, int>>>>& v) const {
        return (int)v.size() + std::get<1>(v[0])->at(1);
    }
    double dbl(double d) const { return d / 2; }
    int base(const Base& b) const { return const_cast<Base&>(b).virt(21); }
    int fn(std::function<int(int)> f) const { return f(3); }
    int any(std::any a) const { return std::any_cast<int>(a); }
};

template <class T>
int in_template(const concur::Proxy<T>& p) {
    return p.template call<&T::ne>(4).result() + p.call(&T::ne, 5).result();
}
}  // namespace
}  // namespace app

using app::Big;
using concur::Future;

TEST_CASE("contract 13, methods, arguments and results", "[contract]") {
    const concur::Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto w = concur::Worker<Big>::options().mode(mode).init();
    CHECK(w.call<&Big::virt>(4).result() == 8);
    CHECK(w.call<&app::Base::virt>(4).result() == 8);
    CHECK(w.call<&app::Base::plain>(4).result() == 5);
    CHECK(w.call<&Big::plain>(4).result() == 5);
    CHECK(w.call<&Big::ne>(4).result() == 4);
    CHECK(w.call<&Big::cne>(4).result() == 4);
    CHECK(w.call<&Big::lref>(4).result() == 4);
    CHECK(w.call<&Big::clref>(4).result() == 4);
    CHECK(w.call<concur::overload<int>(&Big::over)>(4).result() == 4);
    CHECK(w.call<concur::overload<const std::string&>(&Big::over)>("four").result() == 4u);
    std::string r = w.call<&Big::refres>().result();
    CHECK(r == "nm");
    std::string r2 = w.call<&Big::mutres>().result();
    CHECK(r2 == "nm");
    std::unique_ptr<int> u = w.call<&Big::give>(9).result();
    CHECK(*u == 9);
    CHECK(w.call<&Big::take>(std::make_unique<int>(5)).result() == 5);
    CHECK(w.call<&Big::takerr>(std::make_unique<int>(5)).result() == 5);
    CHECK(w.call<&Big::take>(w.call<&Big::give>(11)).result() == 11);
    CHECK(w.call<&Big::vecrr>(std::vector{1, 2}).result() == 2);
    auto gv = w.call<&Big::givevec>();
    CHECK(*gv.result()[0] == 3);
    auto moved = std::move(gv).result();
    CHECK(*moved[0] == 3);
    char buffer[8] = "abc";
    CHECK(w.call<&Big::view>(buffer).result() == 3u);
    CHECK(w.call<&Big::view>(std::string("temporary")).result() == 9u);
    CHECK(w.call<&Big::cstr>("four").result() == 4u);
    CHECK(w.call<&Big::cstr>(buffer).result() == 3u);
    CHECK(w.call<&Big::giveview>().result() == std::string("nm"));
    CHECK(w.call<&Big::spans>(std::vector{1, 2, 3}).result() == 3);
    static_assert(std::is_same_v<decltype(w.call<&Big::giveview>()), Future<std::string>>);
    w.call<&Big::nop>().result();
    static_assert(std::is_same_v<decltype(w.call<&Big::nop>()), Future<void>>);
    w.call<&Big::ctx>().result();
    CHECK(w.call<&Big::last>().result() == 1);
    CHECK(w.call<&Big::ctx2>(1, "ab").result() == 4);
    CHECK(w.call<&Big::name>().result() == std::string("nm"));
    static_assert(std::is_same_v<decltype(w.call<&Big::fut>()), Future<int>>);
    CHECK(w.call<&Big::fut>().result() == 7);
    CHECK(w.call<&Big::futfut>().result() == 8);
    auto a = w.call<&Big::ne>(1);
    CHECK(w.call<&Big::base>(app::Small()).result() == 63);
    CHECK(w.call<&Big::fn>([](int x) { return x + 1; }).result() == 4);
    CHECK(w.call<&Big::any>(5).result() == 5);
    CHECK(w.call([](Big& o, int k) { return o.n + k; }, a).result() == 1);
    CHECK(w.call([](Big&, auto k) { return k * 2; }, a).result() == 2);
    CHECK(w.call([](Big&, auto f) { return f.result() * 2; }, concur::as_is(a)).result() == 2);
    CHECK(w.call([](const Big& o) { return o.n; }).result() == 0);
    CHECK(w.call([](auto& o) { return o.n; }).result() == 0);
    CHECK(w.call([](Big&, concur::CallContext& c, int k) { return c.attempt().number + k; }, 3).result() == 4);
    CHECK(w.call([p = std::make_shared<int>(4)](Big&) { return *p; }).result() == 4);
    CHECK(w.call(std::function<int(Big&)>([](Big&) { return 3; })).result() == 3);
    CHECK(w.call(&Big::ne, 5).result() == 5);
    CHECK(w.call(&Big::n).result() == 0);
    CHECK(app::in_template(w) == 9);
    CHECK(w.call([](Big&) {}).valid());
    auto bl = concur::Worker<Big>::options().mode(concur::thread).blocking().init();
    int bi = bl.call<&Big::virt>(3);
    CHECK(bi == 6);
    bl.call<&Big::nop>();
    std::unique_ptr<int> bu = bl.call<&Big::give>(3);
    CHECK(*bu == 3);
}

TEST_CASE("contract 13, futures in arguments", "[contract]") {
    const concur::Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto w = concur::Worker<Big>::options().mode(mode).init();
    auto a = w.call<&Big::ne>(1);
    auto b = w.call<&Big::ne>(2);
    CHECK(w.call<&Big::fromvec>(std::vector{a, b}).result());
    CHECK(w.call<&Big::sum>(std::vector{a, b}).result() == 3);
    CHECK(w.call<&Big::sumset>(std::set{a, b}).result() == 3);
    CHECK(w.call<&Big::sumuset>(std::unordered_set{a, b}).result() == 3);
    CHECK(w.call<&Big::sumlist>(std::list{a, b}).result() == 3);
    CHECK(w.call<&Big::sumarr>(std::array{a, b}).result() == 3);
    CHECK(w.call<&Big::summap>(std::unordered_map<std::string, std::vector<Future<int>>>{{"x", {a, b}}, {"y", {b}}})
              .result() == 5);
    CHECK(w.call<&Big::sumpair>(std::pair(a, concur::ready(std::string("abc")))).result() == 4);
    CHECK(w.call<&Big::sumpair>(std::pair(a, std::string("abc"))).result() == 4);
    CHECK(w.call<&Big::opt>(std::optional(a)).result() == 1);
    CHECK(w.call<&Big::opt>(std::optional<Future<int>>()).result() == -1);
    CHECK(w.call<&Big::opt>(a).result() == 1);
    CHECK(w.call<&Big::opt>(std::nullopt).result() == -1);
    CHECK(w.call<&Big::opt>(5).result() == 5);
    CHECK(
        w.call<&Big::nested>(std::vector{std::tuple{a, std::optional{std::map<int, Future<int>>{{1, b}}}}}).result() ==
        3);
    CHECK(w.call<&Big::sum>(concur::list(a, 20, 30)).result() == 51);
    CHECK(w.call<&Big::sum>(concur::list(1, 2)).result() == 3);
    CHECK(w.call<&Big::dbl>(3).result() == 1.5);
    CHECK(w.call<&Big::dbl>(a).result() == 0.5);
}

TEST_CASE("contract 13, many futures", "[contract]") {
    const concur::Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto w = concur::Worker<Big>::options().mode(mode).init();
    auto a = w.call<&Big::ne>(1);
    auto b = w.call<&Big::ne>(2);
    CHECK(concur::gather(std::vector{a, b}) == std::vector{1, 2});
    auto [x, y] = concur::gather(a, concur::ready(std::string("s")));
    CHECK(x == 1);
    CHECK(y == "s");
    CHECK(concur::gather({a, b, a}).size() == 3u);
    CHECK(concur::gather(std::tuple{a, b}, {.timeout = 1.5s}) == std::tuple{1, 2});
    CHECK(concur::gather(std::array{a, b})[1] == 2);
    CHECK(concur::gather(a) == 1);
    CHECK(concur::gather(std::map<std::string, std::vector<Future<int>>>{{"k", {a, b}}}).at("k")[1] == 2);
    concur::gather(std::vector<Future<void>>{w.call<&Big::nop>(), w.call<&Big::nop>()});
    static_assert(std::is_void_v<decltype(concur::gather(std::vector<Future<void>>()))>);
    auto gp = concur::gather(std::vector{w.call<&Big::give>(1)});
    CHECK(*gp[0] == 1);
    auto tv = concur::gather(w.call<&Big::nop>(), a);
    CHECK(std::get<1>(tv) == 1);
    auto [done, not_done] = concur::wait({a, b}, {.timeout = 5s, .return_when = concur::ReturnWhen::first_completed});
    CHECK(done.size() > 0);
    CHECK(not_done.size() == 0u);
    CHECK(w.call<&Big::nop>().then([] { return 5; }).result() == 5);
    CHECK(a.then([&](int v) { return w.call<&Big::ne>(v + 1); }).result() == 2);
    a.then([](int) {}).result();
    CHECK(a.then([](concur::Outcome<int> o) { return o.value(); }).result() == 1);
    CHECK(a.then([](auto v) { return v; }).valid());
}

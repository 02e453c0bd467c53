// Futures among the arguments. F20 to F24, W13
#include <array>
#include <atomic>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "support/worker_support.hpp"

using namespace concur;
using namespace concur::test;

namespace {

struct Sums {
    int one(int x) const { return x; }
    int both(int x, const std::string& text) const { return x + static_cast<int>(text.size()); }
    template <class Range>
    static int sum(const Range& range) {
        return std::accumulate(range.begin(), range.end(), 0);
    }
    int vector(const std::vector<int>& v) const { return sum(v); }
    int list(const std::list<int>& v) const { return sum(v); }
    int deque(std::deque<int> v) const { return sum(v); }
    int array(std::array<int, 2> v) const { return sum(v); }
    int set(const std::set<int>& v) const { return sum(v); }
    int multiset(const std::multiset<int>& v) const { return sum(v); }
    int unordered(const std::unordered_set<int>& v) const { return sum(v); }
    int map(const std::map<std::string, int>& m) const {
        int total = 0;
        for (const auto& [key, value] : m) total += value + static_cast<int>(key.size());
        return total;
    }
    int unordered_map(const std::unordered_map<int, int>& m) const {
        int total = 0;
        for (const auto& [key, value] : m) total += key * value;
        return total;
    }
    int pair(std::pair<int, std::string> p) const { return p.first + static_cast<int>(p.second.size()); }
    int tuple(const std::tuple<int, int, std::string>& t) const { return std::get<0>(t) + std::get<1>(t); }
    int optional(std::optional<int> o) const { return o.value_or(-1); }
    std::string variant(const std::variant<int, std::string>& v) const {
        return std::holds_alternative<int>(v) ? "int" : "text";
    }
    int deep(const std::map<std::string, std::vector<std::tuple<int, std::optional<int>>>>& m) const {
        int total = 0;
        for (const auto& [key, tuples] : m)
            for (const auto& [first, second] : tuples) total += first + second.value_or(0);
        return total;
    }
    int fail() const { throw std::invalid_argument("bad input"); }
    int owned(std::unique_ptr<int> p) const { return *p; }
    std::unique_ptr<int> make(int v) const { return std::make_unique<int>(v); }
    bool is_future(Future<int> future) const { return future.valid(); }
    int futures(const std::vector<Future<int>>& v) const { return static_cast<int>(v.size()); }
};

using Adders = Proxy<Sums>;

Adders make(Mode mode) { return Worker<Sums>::options().mode(mode).init(); }

}  // namespace

TEST_CASE("a future in any container is replaced by its value", "[inputs][F20]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    const auto a = worker.call<&Sums::one>(1);
    const auto b = worker.call<&Sums::one>(20);
    CHECK(worker.call<&Sums::one>(a).result() == 1);
    CHECK(worker.call<&Sums::vector>(std::vector{a, b, b}).result() == 41);
    CHECK(worker.call<&Sums::list>(std::list{a, b}).result() == 21);
    CHECK(worker.call<&Sums::deque>(std::deque{a, b}).result() == 21);
    CHECK(worker.call<&Sums::array>(std::array{a, b}).result() == 21);
    CHECK(worker.call<&Sums::set>(std::set{a, b}).result() == 21);
    CHECK(worker.call<&Sums::multiset>(std::multiset{a, a, b}).result() == 22);
    CHECK(worker.call<&Sums::unordered>(std::unordered_set{a, b}).result() == 21);
    CHECK(worker.call<&Sums::map>(std::map<std::string, Future<int>>{{"x", a}, {"yy", b}}).result() == 24);
    CHECK(worker.call<&Sums::unordered_map>(std::unordered_map<int, Future<int>>{{2, a}, {3, b}}).result() == 62);
    CHECK(worker.call<&Sums::pair>(std::pair(a, ready(std::string("abc")))).result() == 4);
    CHECK(worker.call<&Sums::pair>(std::pair(a, std::string("abc"))).result() == 4);
    CHECK(worker.call<&Sums::tuple>(std::tuple(a, 5, std::string())).result() == 6);
    CHECK(worker.call<&Sums::optional>(std::optional(a)).result() == 1);
    CHECK(worker.call<&Sums::optional>(std::optional<Future<int>>()).result() == -1);
    CHECK(worker.call<&Sums::optional>(a).result() == 1);
    using Either = std::variant<Future<int>, Future<std::string>>;
    CHECK(worker.call<&Sums::variant>(Either(a)).result() == "int");
    CHECK(worker.call<&Sums::variant>(Either(ready(std::string("x")))).result() == "text");
}

TEST_CASE("futures are replaced at any depth", "[inputs][F20]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    const auto a = worker.call<&Sums::one>(1);
    const auto b = worker.call<&Sums::one>(20);
    using Inner = std::tuple<Future<int>, std::optional<Future<int>>>;
    const std::map<std::string, std::vector<Inner>> deep{{"x", {{a, b}, {b, std::nullopt}}}, {"y", {}}};
    CHECK(worker.call<&Sums::deep>(deep).result() == 41);
    CHECK(worker.call([](Sums&, const auto& m) { return m.at("x").size(); }, deep).result() == 2);
}

TEST_CASE("list mixes values and futures", "[inputs][F20]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    const auto a = worker.call<&Sums::one>(1);
    CHECK(worker.call<&Sums::vector>(list(a, 20, 30)).result() == 51);
    CHECK(worker.call<&Sums::vector>(list(1, 2)).result() == 3);
    CHECK(worker.call<&Sums::vector>(list(a)).result() == 1);
    CHECK(worker.call<&Sums::vector>(list(a, short{2}, a)).result() == 4);
}

TEST_CASE("empty containers of futures start at once", "[inputs][F20]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    CHECK(worker.call<&Sums::vector>(std::vector<Future<int>>()).result() == 0);
    CHECK(worker.call<&Sums::map>(std::map<std::string, Future<int>>()).result() == 0);
}

TEST_CASE("a container without futures is moved, not rebuilt", "[inputs][F21]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    std::vector<int> values(100, 1);
    const int* const elements = values.data();
    CHECK(worker.call([elements](Sums&, const std::vector<int>& v) { return v.data() == elements; }, std::move(values))
              .result());
    struct Counted {
        explicit Counted(std::shared_ptr<std::atomic<int>> c) : copies{std::move(c)} {}
        Counted(const Counted& other) : copies{other.copies} { ++*copies; }
        Counted(Counted&&) noexcept = default;
        Counted& operator=(const Counted&) = delete;
        std::shared_ptr<std::atomic<int>> copies;
    };
    const auto copies = std::make_shared<std::atomic<int>>(0);
    std::vector<Counted> counted;
    for (int i = 0; i < 10; ++i) counted.emplace_back(copies);
    *copies = 0;
    worker.call([](Sums&, const std::vector<Counted>&) {}, counted).result();
    CHECK(*copies == 10);  // once, because the caller keeps them
    *copies = 0;
    worker.call([](Sums&, std::vector<Counted>) {}, std::move(counted)).result();
    CHECK(*copies == 0);
}

TEST_CASE("the value of a dropped future is moved into the call, that of a kept one copied", "[inputs][F2][F21]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    const auto numbers = [](Sums&) { return std::vector<int>(100, 1); };
    auto kept = worker.call(numbers);
    const int* const elements = kept.result().data();
    CHECK_FALSE(
        worker.call([elements](Sums&, const std::vector<int>& v) { return v.data() == elements; }, kept).result());
    CHECK(kept.result().size() == 100);
    CHECK(worker.call([elements](Sums&, const std::vector<int>& v) { return v.data() == elements; }, std::move(kept))
              .result());
}

TEST_CASE("a value that cannot be copied goes to the first call that takes it", "[inputs][F2]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    CHECK(worker.call<&Sums::owned>(worker.call<&Sums::make>(5)).result() == 5);
    const auto kept = worker.call<&Sums::make>(6);
    CHECK(worker.call<&Sums::owned>(kept).result() == 6);
    CHECK_THROWS_AS(worker.call<&Sums::owned>(kept).result(), FutureTakenError);
    CHECK_THROWS_AS(kept.result(), FutureTakenError);
}

TEST_CASE("nobody waits for an input", "[inputs][F22][W13]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    Promise<int> input;
    auto waits = worker.call<&Sums::one>(input.future());  // returned: the caller is free
    CHECK_FALSE(waits.done());
    CHECK_FALSE(waits.running());
    CHECK(worker.call<&Sums::one>(3).result() == 3);  // the worker is free
    CHECK(waits.attempts() == 0);
    input.set_value(4);
    CHECK(waits.result() == 4);
}

TEST_CASE("a call starts when the last of several inputs is ready", "[inputs][F22]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    std::vector<Promise<int>> inputs(5);
    std::vector<Future<int>> futures;
    for (const auto& input : inputs) futures.push_back(input.future());
    auto call = worker.call<&Sums::vector>(futures);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        CHECK_FALSE(call.done());
        inputs[(i * 3) % inputs.size()].set_value(1);
        worker.call<&Sums::one>(1).result();
    }
    CHECK(call.result() == 5);
}

TEST_CASE("a future may be an input many times", "[inputs][F22]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    auto other = make(mode);
    const auto a = other.call<&Sums::one>(1);
    const std::vector<Future<int>> same(1000, a);
    CHECK(worker.call<&Sums::vector>(same).result() == 1000);
    std::vector<Future<int>> all;
    for (int i = 0; i < 100; ++i) all.push_back(worker.call<&Sums::one>(a));
    CHECK(other.call<&Sums::vector>(all).result() == 100);
}

TEST_CASE("a chain of calls over several workers passes its value through", "[inputs][F22]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    std::vector<Adders> workers{make(mode), make(mode), make(mode)};
    auto value = ready(0);
    for (std::size_t i = 0; i < 300; ++i) value = workers[i % 3].call([](Sums&, int x) { return x + 1; }, value);
    CHECK(value.result() == 300);
}

TEST_CASE("an input that fails fails the call with the same exception, before any method runs", "[inputs][F23]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    std::atomic<int> ran{0};
    const auto run = [&](Sums&, int) { return ++ran; };
    auto direct = worker.call(run, worker.call<&Sums::fail>());
    CHECK_THROWS_AS(direct.result(), std::invalid_argument);
    CHECK(direct.stop_reason() == StopReason::input_failed);
    CHECK(direct.attempts() == 0);
    auto nested = worker.call([&](Sums&, const std::vector<int>&) { return ++ran; },
                              std::vector{worker.call<&Sums::one>(1), worker.call<&Sums::fail>()});
    CHECK_THROWS_AS(nested.result(), std::invalid_argument);
    auto chained = worker.call(run, worker.call(run, worker.call(run, failed<int>(7))));
    CHECK_THROWS_AS(chained.result(), int);
    CHECK(chained.stop_reason() == StopReason::input_failed);
    CHECK(ran == 0);
    CHECK(worker.call<&Sums::one>(1).result() == 1);
}

TEST_CASE("a failed input fails the call at once, though others are pending", "[inputs][F23]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    Promise<int> pending;
    Promise<int> fails;
    auto call = worker.call<&Sums::vector>(std::vector{pending.future(), fails.future()});
    fails.set_exception(std::range_error("first"));
    CHECK_THROWS_AS(call.result(), std::range_error);
    CHECK_NOTHROW(pending.set_exception(std::logic_error("second")));
    CHECK_THROWS_AS(call.result(), std::range_error);
}

TEST_CASE("a cancelled input fails the call with CancelledError", "[inputs][F23]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    Promise<int> promise;
    const auto input = promise.future();
    auto call = worker.call<&Sums::one>(input);
    auto after = worker.call<&Sums::one>(call);
    CHECK(input.cancel());
    CHECK_THROWS_AS(call.result(), CancelledError);
    CHECK(call.stop_reason() == StopReason::input_failed);
    CHECK(call.cancelled());
    CHECK_THROWS_AS(after.result(), CancelledError);
}

TEST_CASE("an input whose promise is broken fails the call", "[inputs][F23][F9]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    Future<int> call;
    {
        const Promise<int> promise;
        call = worker.call<&Sums::one>(promise.future());
    }
    CHECK_THROWS_AS(call.result(), BrokenPromiseError);
}

TEST_CASE("an input from a worker that is stopped now fails the call", "[inputs][F23][W22]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto source = make(mode);
    auto worker = make(mode);
    Promise<int> promise;
    auto call = worker.call<&Sums::one>(source.call<&Sums::one>(promise.future()));
    source.stop(Stop::now);
    CHECK_THROWS_AS(call.result(), WorkerStoppedError);
    CHECK(call.stop_reason() == StopReason::input_failed);
}

TEST_CASE("an empty future as input is refused at the call", "[inputs][F1]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    CHECK_THROWS_AS(worker.call<&Sums::one>(Future<int>()), NoStateError);
    CHECK_THROWS_AS(worker.call<&Sums::vector>(std::vector{ready(1), Future<int>()}), NoStateError);
    CHECK_THROWS_AS(worker.call<&Sums::optional>(std::optional(Future<int>())), NoStateError);
    CHECK(worker.drain());
    CHECK(worker.call<&Sums::one>(1).result() == 1);
    CHECK_NOTHROW(worker.stop());
}

TEST_CASE("a parameter that is a future gets the future", "[inputs][F24]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    Promise<int> promise;
    const auto future = promise.future();
    CHECK(worker.call<&Sums::is_future>(future).result());  // pending: it was not waited for
    CHECK(worker.call<&Sums::futures>(std::vector{future, future}).result() == 2);
    CHECK(worker.call<&Sums::is_future>(as_is(future)).result());
    CHECK(worker.call([](Sums&, Future<int> f) { return f.done(); }, future).result() == false);
    CHECK(worker.call([](Sums&, const Future<int>& f) { return f.done(); }, as_is(future)).result() == false);
    promise.set_value(1);
}

TEST_CASE("where either fits, a future is replaced unless it is kept as it is", "[inputs][F24]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    const auto a = worker.call<&Sums::one>(3);
    CHECK(worker.call([](Sums&, auto value) { return std::is_same_v<decltype(value), int>; }, a).result());
    CHECK(
        worker.call([](Sums&, auto value) { return std::is_same_v<decltype(value), Future<int>>; }, as_is(a)).result());
    CHECK(worker.call([](Sums&, auto any) { return any.result() * 2; }, as_is(a)).result() == 6);
    CHECK(worker.call([](Sums&, auto v) { return v.size(); }, std::vector{a, a}).result() == 2);
}

TEST_CASE("values of futures are converted to the parameter", "[inputs][F24]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = make(mode);
    const auto text = worker.call([](Sums&) { return std::string("text"); });
    const auto number = worker.call([](Sums&) { return short{3}; });
    CHECK(worker.call<&Sums::one>(number).result() == 3);
    CHECK(worker.call<&Sums::both>(number, text).result() == 7);
    CHECK(worker.call([](Sums&, std::string_view view) { return view.size(); }, text).result() == 4);
    CHECK(worker.call([](Sums&, const char* chars) { return std::string(chars); }, text).result() == "text");
    CHECK(worker.call([](Sums&, double d) { return d / 2; }, number).result() == 1.5);
}

TEST_CASE("inputs may come from other modes", "[inputs][F22]") {
    const Mode source_mode = GENERATE(every_mode());
    const Mode mode = GENERATE(every_mode());
    CAPTURE(source_mode, mode);
    auto source = make(source_mode);
    auto worker = make(mode);
    CHECK(worker.call<&Sums::one>(source.call<&Sums::one>(5)).result() == 5);
    CHECK(worker.call<&Sums::one>(source.call<&Sums::one>(5).then([](int v) { return v * 2; })).result() == 10);
    CHECK_THROWS_AS(worker.call<&Sums::one>(source.call<&Sums::fail>()).result(), std::invalid_argument);
}

TEST_CASE("a failed input fails the call at once, also behind one that is still pending", "[worker][F23]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Sums>::options().mode(mode).init();
    Promise<int> never_set;
    const auto call = worker.call<&Sums::both>(never_set.future(), failed<std::string>(std::domain_error("no text")));
    CHECK_THROWS_AS(call.result(), std::domain_error);
    CHECK(call.stop_reason() == StopReason::input_failed);
}

TEST_CASE("an input that fails while others are pending fails the call", "[worker][F23]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Sums>::options().mode(mode).init();
    Promise<int> never_set;
    Promise<std::string> fails;
    const auto later = fails.future();
    std::jthread failing([&] { fails.set_exception(std::domain_error("no text")); });
    const auto call = worker.call<&Sums::both>(never_set.future(), later);
    CHECK_THROWS_AS(call.result(), std::domain_error);
}

TEST_CASE("a map of futures keeps its way to compare and hash its keys", "[worker][F20]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Sums>::options().mode(mode).init();
    using Order = bool (*)(int, int);
    std::map<int, Future<int>, Order> descending([](int a, int b) { return a > b; });
    descending.emplace(1, ready(10));
    descending.emplace(2, ready(20));
    const auto first = [](Sums&, const std::map<int, int, Order>& values) { return values.begin()->second; };
    CHECK(worker.call(first, descending).result() == 20);
    CHECK(gather(descending).begin()->first == 2);

    const auto modulo = [by = 10](int key) { return static_cast<std::size_t>(key % by); };
    const auto same = [by = 10](int a, int b) { return a % by == b % by; };
    std::unordered_map<int, Future<int>, decltype(modulo), decltype(same)> folded(8, modulo, same);
    folded.emplace(1, ready(10));
    CHECK(gather(folded).contains(11));
}

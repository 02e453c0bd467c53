// Proxies as handles: copied, moved, compared, empty, and kept in odd places. W7, W23, W34 (empty)
#include <atomic>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/worker_support.hpp"

using namespace concur;
using namespace concur::test;

namespace {

struct Counter {
    ~Counter() {
        if (alive) --*alive;
    }
    explicit Counter(std::shared_ptr<std::atomic<int>> counted = nullptr) : alive{std::move(counted)} {
        if (alive) ++*alive;
    }
    int add(int amount) { return value += amount; }
    std::shared_ptr<std::atomic<int>> alive;
    int value = 0;
};

using Counters = Proxy<Counter>;

}  // namespace

TEST_CASE("copies of a proxy are handles on one worker", "[worker][W7]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto first = Worker<Counter>::options().mode(mode).init();
    const auto second = first;
    CHECK(first == second);
    CHECK(first.call<&Counter::add>(1).result() == 1);
    CHECK(second.call<&Counter::add>(1).result() == 2);
    second.stop();
    CHECK(first.stopped());
    CHECK_THROWS_AS(first.call<&Counter::add>(1), WorkerStoppedError);
}

TEST_CASE("the last handle ends the worker, in whatever way it goes", "[worker][W23]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto alive = std::make_shared<std::atomic<int>>(0);
    const auto make = [&] { return Worker<Counter>::options().mode(mode).init(alive); };
    {
        auto first = make();
        auto second = first;
        first = Counters();
        CHECK(second.call<&Counter::add>(1).result() == 1);
        CHECK(*alive == 1);
    }
    CHECK(*alive == 0);

    auto assigned = make();
    assigned = make();  // the old worker ends
    CHECK(*alive == 1);
    auto moved = std::move(assigned);
    CHECK(*alive == 1);
    assigned = std::move(moved);
    CHECK(assigned.call<&Counter::add>(1).result() == 1);
    moved = assigned;
    auto& self = moved;
    moved = self;
    moved = std::move(self);
    CHECK(assigned.call<&Counter::add>(1).result() == 2);
    moved = {};
    assigned = {};
    CHECK(*alive == 0);

    std::vector<Counters> many;
    for (int i = 0; i < 20; ++i) many.push_back(make());
    many.insert(many.begin(), many.back());
    CHECK(*alive == 20);
    many.clear();
    CHECK(*alive == 0);
}

TEST_CASE("an empty proxy says so", "[worker][W34]") {
    Counters empty;
    CHECK_THROWS_AS(empty.call<&Counter::add>(1), NoStateError);
    CHECK_THROWS_AS(empty.call([](Counter&) {}), NoStateError);
    CHECK_THROWS_AS(empty.stop(), NoStateError);
    CHECK_THROWS_AS(static_cast<void>(empty.stopped()), NoStateError);
    CHECK_THROWS_AS(static_cast<void>(empty.stop_on_exit()), NoStateError);
    CHECK_THROWS_AS(static_cast<void>(empty.drain()), NoStateError);
    CHECK_THROWS_AS(static_cast<void>(empty.settings()), NoStateError);
    CHECK_THROWS_AS(static_cast<void>(empty.mode()), NoStateError);
    CHECK_THROWS_AS(static_cast<void>(empty.name()), NoStateError);
    CHECK(empty == Counters());
    const Counters copy = empty;
    CHECK(copy == empty);

    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Counter>::options().mode(mode).init();
    CHECK_FALSE(worker == empty);
    const auto moved = std::move(worker);
    CHECK_THROWS_AS(worker.call<&Counter::add>(1), NoStateError);
    CHECK(moved.call<&Counter::add>(1).result() == 1);
    const Proxy<Counter, Mode::thread> typed;
    CHECK_THROWS_AS(typed.call<&Counter::add>(1), NoStateError);
    CHECK_THROWS_AS(Counters(typed).call<&Counter::add>(1), NoStateError);
}

TEST_CASE("handles are light", "[worker]") {
    static_assert(sizeof(Counters) == sizeof(void*));
    static_assert(std::is_nothrow_move_constructible_v<Counters>);
    static_assert(std::is_nothrow_move_assignable_v<Counters>);
    static_assert(std::is_nothrow_default_constructible_v<Counters>);
    SUCCEED();
}

TEST_CASE("a const proxy can do everything", "[worker]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto worker = Worker<Counter>::options().mode(mode).name("constant").init();
    CHECK(worker.call<&Counter::add>(1).result() == 1);
    CHECK(worker.name() == "constant");
    CHECK(worker.mode() == mode);
    CHECK(worker.drain());
    worker.stop();
    CHECK(worker.stopped());
    CHECK(worker.name() == "constant");  // still known
    CHECK(worker.mode() == mode);
    CHECK(worker.settings().name->view() == "constant");
}

TEST_CASE("futures outlive their worker", "[worker][W24]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    Future<int> future;
    Future<int> continued;
    {
        auto worker = Worker<Counter>::options().mode(mode).init();
        future = worker.call<&Counter::add>(3);
        continued = future.then([](int v) { return v + 1; });
    }
    CHECK(future.result() == 3);
    CHECK(continued.result() == 4);
    CHECK(future.method_name() == "Counter::add");
    CHECK_FALSE(future.cancel());
}

TEST_CASE("a worker may own handles on other workers, and on itself", "[worker][W23]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    struct Owner {
        void own(Proxy<Counter> given) { owned = std::move(given); }
        int use() const { return owned.call<&Counter::add>(1).result(); }
        Proxy<Counter> owned;
    };
    const auto alive = std::make_shared<std::atomic<int>>(0);
    {
        auto owner = Worker<Owner>::options().mode(mode).init();
        owner.call<&Owner::own>(Worker<Counter>::options().mode(mode).init(alive));
        CHECK(owner.call<&Owner::use>().result() == 1);
        CHECK(*alive == 1);
    }
    CHECK(*alive == 0);

    struct Selfish {
        std::optional<Proxy<Selfish>> self;
        std::shared_ptr<int> token;
    };
    auto token = std::make_shared<int>(0);
    const std::weak_ptr<int> watched = token;
    {
        auto selfish = Worker<Selfish>::options().mode(mode).init();
        selfish
            .call(
                [selfish](Selfish& object, std::shared_ptr<int> t) {
                    object.self = selfish;
                    object.token = std::move(t);
                },
                std::move(token))
            .result();
        selfish.stop();  // else it would keep itself alive
    }
    CHECK(watched.expired());
}

TEST_CASE("a handle may go away inside its own worker", "[worker][W23]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto alive = std::make_shared<std::atomic<int>>(0);
    auto slot = std::make_shared<Counters>(Worker<Counter>::options().mode(mode).init(alive));
    Gate called;  // a handle is an object like any other: not to be assigned while it is used
    if (runs_in_caller(mode)) called.open();
    auto call = Counters(*slot).call([slot, &called](Counter& counter) {
        called.pass();
        *slot = Counters();
        return counter.add(2);  // the object lives until the call has ended
    });
    called.open();
    CHECK(call.result() == 2);
    CHECK(eventually([&] { return alive.use_count() == 1; }));
    CHECK(*alive == 0);
}

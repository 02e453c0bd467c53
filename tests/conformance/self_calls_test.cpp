// What code on a worker calls there: this_worker::call and this_worker::submit. W33, W17
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/worker_support.hpp"

using namespace concur;
using namespace concur::test;

namespace {

struct Named {
    virtual ~Named() = default;
    virtual std::string title() const { return "named"; }
    int inherited(int x) { return offset = x; }
    int offset = 0;
};
struct Counted {
    virtual ~Counted() = default;
    int count() { return ++counted; }
    int counted = 0;
};
struct Shared {
    int shared() { return ++value; }
    int value = 40;
};

struct Walker : Named, Counted, virtual Shared {
    std::string title() const override { return "walker"; }
    int step(int distance) { return place += distance; }
    static int twice(int x) { return 2 * x; }
    int place = 0;

    Future<int> step_later(int distance) { return this_worker::call<&Walker::step>(distance); }
    Future<int> step_after(const Future<int>& distance) { return this_worker::call<&Walker::step>(distance); }
    int wait_for_step() { return this_worker::call<&Walker::step>(1).result(); }
    Future<int> inherited_later(int x) { return this_worker::call<&Walker::inherited>(x); }
    Future<int> count_later() { return this_worker::call<&Walker::count>(); }
    Future<int> shared_later() { return this_worker::call<&Walker::shared>(); }
    Future<std::string> title_later() { return this_worker::call<&Named::title>(); }
    Future<int> place_later() { return this_worker::call<&Walker::place>(); }
    Future<int> twice_later(int x) { return this_worker::call<&Walker::twice>(x); }
    Future<int> task_later(int x) {
        return this_worker::submit([](CallContext& context, int v) { return v + context.attempt().number; }, x);
    }
    Future<std::string> name_of_next() {
        return this_worker::submit([] { return std::string(this_worker::context().worker_name()); });
    }
};

struct Stranger {
    int x = 0;
    int get() { return x; }
};

}  // namespace

TEST_CASE("a method may queue calls on its own worker and return their futures", "[worker][W33]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto walker = Worker<Walker>::options().mode(mode).init();
    CHECK(walker.call<&Walker::step_later>(3).result() == 3);
    CHECK(walker.call<&Walker::place_later>().result() == 3);
    CHECK(walker.call<&Walker::twice_later>(4).result() == 8);
    CHECK(walker.call<&Walker::task_later>(4).result() == 5);
    CHECK(walker.call<&Walker::name_of_next>().result() == "Walker");
    CHECK(walker.call<&Walker::step_after>(as_is(ready(2))).result() == 5);
    const auto of_lambda = walker.call([](Walker&) { return this_worker::call<&Walker::step>(1); });
    CHECK(of_lambda.result() == 6);
}

TEST_CASE("a method may call what its object inherits", "[worker][W33]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto walker = Worker<Walker>::options().mode(mode).init();
    CHECK(walker.call<&Walker::inherited_later>(7).result() == 7);
    CHECK(walker.call<&Walker::offset>().result() == 7);
    CHECK(walker.call<&Walker::count_later>().result() == 1);  // of the second base
    CHECK(walker.call<&Walker::counted>().result() == 1);
    CHECK(walker.call<&Walker::shared_later>().result() == 41);  // of a virtual one
    CHECK(walker.call<&Walker::title_later>().result() == "walker");
}

TEST_CASE("waiting on the own worker for a call to it is an error, not a hang", "[worker][W33][W17]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    const auto walker = Worker<Walker>::options().mode(mode).init();
    CHECK_THROWS_AS(walker.call<&Walker::wait_for_step>().result(), DeadlockError);
    CHECK(walker.drain());
    CHECK(walker.call<&Walker::place>().result() == 1);  // it was queued all the same
}

TEST_CASE("in the caller a call to the own worker runs at once", "[worker][W33][W17]") {
    const auto walker = Worker<Walker>::options().mode(Mode::sync).init();
    CHECK(walker.call<&Walker::wait_for_step>().result() == 1);
}

TEST_CASE("a call to the own worker stands behind what is queued", "[worker][W33][W13]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    const auto walker = Worker<Walker>::options().mode(mode).init();
    Future<int> later;
    Future<int> before;
    {
        const Busy busy(walker);
        later = walker.call<&Walker::step_later>(1);
        before = walker.call<&Walker::step>(10);
    }
    CHECK(before.result() == 10);
    CHECK(later.result() == 11);
}

TEST_CASE("a worker that drains still takes calls of its own", "[worker][W33][W21]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto tasks = TaskWorker::options().mode(mode).init();
    const auto count = std::make_shared<std::atomic<int>>(0);
    struct Again {
        std::shared_ptr<std::atomic<int>> count;
        Future<void> operator()(int left) const {
            ++*count;
            return left == 0 ? ready() : this_worker::submit(*this, left - 1);
        }
    };
    const auto all = tasks.submit(Again{count}, 100);
    tasks.stop();
    CHECK_NOTHROW(all.result());
    CHECK(*count == 101);
}

TEST_CASE("a task may fan out on its own worker", "[worker][W33]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto tasks = TaskWorker::options().mode(mode).init();
    const auto sum = tasks.submit([] {
        std::vector<Future<int>> parts;
        for (int i = 1; i <= 10; ++i) parts.push_back(this_worker::submit([](int x) { return x; }, i));
        return this_worker::submit(
            [](const std::vector<int>& values) {
                int total = 0;
                for (const int value : values) total += value;
                return total;
            },
            parts);
    });
    CHECK(sum.result() == 55);
}

TEST_CASE("elsewhere there is no own worker", "[worker][W33]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    CHECK_THROWS_AS(this_worker::call<&Walker::step>(1), NotOnWorkerError);
    CHECK_THROWS_AS(this_worker::call<&Walker::twice>(1), NotOnWorkerError);
    CHECK_THROWS_AS(this_worker::submit([] {}), NotOnWorkerError);

    const auto stranger = Worker<Stranger>::options().mode(mode).init();
    const auto asks = [](Stranger&) { return this_worker::call<&Walker::step>(1); };
    CHECK_THROWS_AS(stranger.call(asks).result(), NotOnWorkerError);
    const auto text = text_of_error<NotOnWorkerError>([&] { return stranger.call(asks).result(); });
    CHECK(contains(text, "Walker::step"));
    CHECK(contains(text, "Stranger"));
    const auto tasks = TaskWorker::options().mode(mode).init();
    CHECK_THROWS_AS(tasks.submit([] { return this_worker::call<&Stranger::get>(); }).result(), NotOnWorkerError);
}

TEST_CASE("an inner call of a sync worker is on the inner worker", "[worker][W33]") {
    const auto outer = Worker<Walker>::options().mode(Mode::sync).init();
    const auto inner = Worker<Stranger>::options().mode(Mode::sync).init();
    const auto result = outer.call([inner](Walker& walker) {
        const int before =
            inner.call([](Stranger& s) { return s.x = 5, this_worker::call<&Stranger::get>(); }).result();
        return this_worker::call<&Walker::step>(before + walker.place);
    });
    CHECK(result.result() == 5);
}

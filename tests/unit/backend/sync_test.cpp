// What only sync mode has: its callers' threads, and a turn. W5, W14
#include <memory>
#include <thread>
#include <vector>

#include "support/worker_support.hpp"

using namespace concur;
using namespace concur::test;

namespace {

struct Cell {
    int add(int amount) { return value += amount; }
    std::thread::id where() const { return std::this_thread::get_id(); }
    int value = 0;
};

}  // namespace

TEST_CASE("a call whose wait for inputs throws leaves them alone", "[sync][W14][W17]") {
    struct Sum {
        long of(const std::vector<long>& values) const { return static_cast<long>(values.size()); }
    };
    struct Caller {
        int one() const { return 1; }
    };
    auto sums = Worker<Sum>::options().mode("sync").init();
    auto caller = Worker<Caller>::options().mode("thread").init();
    Promise<long> late;
    const auto outcome = caller.call([sums, input = late.future()](Caller&) {
        auto own = this_worker::call<&Caller::one>().then([](int value) { return long{value}; });
        try {
            sums.call<&Sum::of>(std::vector{input, own});
        } catch (const DeadlockError&) {
            return 1;
        }
        return 0;
    });
    CHECK(outcome.result() == 1);
    CHECK(caller.drain());
    late.set_exception(std::make_exception_ptr(std::runtime_error("late")));
}

TEST_CASE("sync workers start no thread", "[sync]") {
    const std::size_t threads = thread_count();
    std::vector<Proxy<Cell>> workers;
    for (int i = 0; i < 100; ++i) workers.push_back(Worker<Cell>::options().mode(concur::sync).init());
    for (const auto& worker : workers) {
        worker.call<&Cell::add>(1).then([](int v) { return v; }).result();
        static_cast<void>(worker.drain());
        worker.stop();
    }
    workers.clear();
    CHECK(thread_count() == threads);
}

TEST_CASE("a sync call has ended when it returns", "[sync]") {
    auto worker = Worker<Cell>::options().mode(concur::sync).init();
    const auto call = worker.call<&Cell::add>(1);
    CHECK(call.done());
    CHECK_FALSE(call.running());
    CHECK_FALSE(call.cancel());
}

TEST_CASE("a sync worker may be made, used and ended on different threads", "[sync][W14]") {
    auto worker = on_new_thread([] { return Worker<Cell>::options().mode(Mode::sync).init(); }).result();
    CHECK(worker.call<&Cell::where>().result() == std::this_thread::get_id());
    CHECK(on_new_thread([worker] { return worker.call<&Cell::add>(1).result(); }).result() == 1);
    auto ended = on_new_thread([w = std::move(worker)]() mutable { w = {}; });
    CHECK_NOTHROW(ended.result());
}

TEST_CASE("a constructor in sync mode has no time limit", "[sync][W5]") {
    struct Slow {
        Slow() { std::this_thread::sleep_for(5ms); }
        int value = 2;
    };
    auto worker = Worker<Slow>::options().mode(concur::sync).init_timeout(1ns).init();
    CHECK(worker.call<&Slow::value>().result() == 2);
}

TEST_CASE("a blocking sync call whose method keeps its context's token is fine", "[sync][W16][W30]") {
    auto worker = Worker<Cell>::options().mode(concur::sync).blocking().init();
    const StopToken kept = worker.call([](Cell&, CallContext& context) { return context.stop_token(); });
    CHECK_FALSE(kept.stop_requested());
    worker.stop(Stop::now);
    CHECK_FALSE(kept.stop_requested());  // that call had ended
}

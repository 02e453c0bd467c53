// What only thread mode has: a thread. B17, W5 (init_timeout), W22, W23
#include <pthread.h>

#include <atomic>
#include <fstream>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/worker_support.hpp"

using namespace concur;
using namespace concur::test;

namespace {

struct Plain {
    int get() const { return 1; }
};

std::string name_of_this_thread() {
    char name[16] = {};
    ::pthread_getname_np(::pthread_self(), name, sizeof(name));
    return name;
}

/// How often a thread of this process went to sleep by itself.
long voluntary_switches(int thread) {
    std::ifstream status("/proc/self/task/" + std::to_string(thread) + "/status");
    for (std::string word; status >> word;)
        if (word == "voluntary_ctxt_switches:") {
            long count = 0;
            status >> count;
            return count;
        }
    return -1;
}

/// A constructor that ends when it is let go.
struct Slow {
    Slow(std::shared_ptr<Gate> gate, std::shared_ptr<std::atomic<int>> counted, bool fails)
        : alive{std::move(counted)} {
        gate->pass();
        if (fails) throw std::range_error("too late");
        ++*alive;
    }
    ~Slow() { ++*alive; }
    std::shared_ptr<std::atomic<int>> alive;
};

}  // namespace

TEST_CASE("a worker's thread carries its name", "[thread]") {
    const auto thread_name = [](Plain&) { return name_of_this_thread(); };
    CHECK(Worker<Plain>::options().name("short").init().call(thread_name).result() == "short");
    CHECK(Worker<Plain>::options().name("a name of many letters").init().call(thread_name).result() ==
          "a name of many ");
}

TEST_CASE("each worker has a thread of its own", "[thread]") {
    const auto where = [](Plain&) { return std::this_thread::get_id(); };
    auto first = Worker<Plain>::options().init();
    auto second = Worker<Plain>::options().init();
    const auto first_thread = first.call(where).result();
    CHECK(first_thread == first.call(where).result());
    CHECK(first_thread != second.call(where).result());
    CHECK(first_thread != std::this_thread::get_id());
}

TEST_CASE("callbacks run on the worker's thread, or at once if the call is done", "[thread][F6]") {
    auto worker = Worker<Plain>::options().init();
    const auto worker_thread = worker.call([](Plain&) { return std::this_thread::get_id(); }).result();
    Busy busy(worker);
    auto call = worker.call<&Plain::get>();
    auto callback_thread = call.then([](int) { return std::this_thread::get_id(); });
    busy.end();
    CHECK(callback_thread.result() == worker_thread);
    CHECK(call.then([](int) { return std::this_thread::get_id(); }).result() == std::this_thread::get_id());
}

TEST_CASE("an idle worker does not wake up", "[thread][B17]") {
    auto worker = Worker<Plain>::options().init();
    const int worker_thread = worker.call([](Plain&) { return static_cast<int>(::gettid()); }).result();
    // Asleep once the count stands still.
    long before = voluntary_switches(worker_thread);
    REQUIRE(eventually([&] {
        std::this_thread::sleep_for(20ms);
        const long now = voluntary_switches(worker_thread);
        return std::exchange(before, now) == now;
    }));
    REQUIRE(before >= 0);
    std::this_thread::sleep_for(200ms);
    CHECK(voluntary_switches(worker_thread) == before);
    CHECK(worker.call<&Plain::get>().result() == 1);
}

TEST_CASE("a constructor that takes longer than init_timeout is left alone, with a warning", "[thread][W5]") {
    const bool fails = GENERATE(false, true);
    CAPTURE(fails);
    { auto warm_up = Worker<Plain>::options().init(); }
    const std::size_t threads = thread_count();
    const auto log = std::make_shared<ReportLog>();
    const auto gate = std::make_shared<Gate>();
    const auto counted = std::make_shared<std::atomic<int>>(0);
    std::chrono::nanoseconds after{};
    std::string text;
    try {
        static_cast<void>(
            Worker<Slow>::options().name("slow").init_timeout(20ms).observer(log).init(gate, counted, fails));
    } catch (const TimeoutError& error) {
        after = error.after();
        text = error.what();
    }
    CHECK(after == 20ms);
    CHECK(contains(text, "slow"));
    CHECK(contains(text, "init_timeout"));
    REQUIRE(log->warnings(WarningKind::stuck).size() == 1);
    CHECK(log->warnings(WarningKind::stuck).at(0).worker == "slow");
    CHECK(*counted == 0);
    gate->open();
    // Object and thread go when the constructor returns; the thread is joined when the next one is.
    CHECK(eventually([&] { return counted.use_count() == 1; }));
    CHECK(*counted == (fails ? 0 : 2));
    CHECK(eventually([&] {
        auto next = Worker<Plain>::options().init();
        next = {};
        return thread_count() <= threads;
    }));
}

TEST_CASE("init_timeout does not end a constructor that is in time", "[thread][W5]") {
    struct InTime {
        InTime() { std::this_thread::sleep_for(5ms); }
        int value = 3;
    };
    auto worker = Worker<InTime>::options().init_timeout(patience).init();
    CHECK(worker.call<&InTime::value>().result() == 3);
}

TEST_CASE("thousands of workers leave no thread and no descriptor", "[thread][W5][W23]") {
    { auto warm_up = Worker<Plain>::options().init(); }
    const std::size_t threads = thread_count();
    const std::size_t descriptors = descriptor_count();
    int sum = 0;
    for (int i = 0; i < 1500; ++i) sum += Worker<Plain>::options().init().call<&Plain::get>().result();
    CHECK(sum == 1500);
    {
        std::vector<Proxy<Plain>> many;
        for (int i = 0; i < 200; ++i) many.push_back(Worker<Plain>::options().init());
        sum = 0;
        for (const auto& worker : many) sum += worker.call<&Plain::get>().result();
        CHECK(sum == 200);
        CHECK(thread_count() >= threads + 200);
    }
    CHECK(eventually([&] { return thread_count() == threads; }));
    CHECK(descriptor_count() == descriptors);
}

TEST_CASE("workers that end inside themselves leave no thread for long", "[thread][W23]") {
    const auto end_inside = [] {
        auto slot = std::make_shared<Proxy<Plain>>(Worker<Plain>::options().init());
        std::latch only_inside(1);
        const auto ended = Proxy<Plain>(*slot).call([slot, &only_inside](Plain&) {
            only_inside.wait();
            *slot = {};
        });
        slot.reset();
        only_inside.count_down();
        ended.wait();
    };
    // A stop that nobody waits for has a timer, and the first timer starts the runtime's threads: those stay.
    end_inside();
    std::size_t threads = thread_count();
    REQUIRE(eventually([&] {
        const std::size_t before = std::exchange(threads, thread_count());
        std::this_thread::sleep_for(20ms);
        return before == threads && threads == thread_count();
    }));
    for (int i = 0; i < 100; ++i) end_inside();
    // Ended; the last one is joined when the next one is.
    CHECK(eventually([&] { return thread_count() <= threads; }));
}

TEST_CASE("a worker's thread may keep thread_local objects that use it", "[thread][W23]") {
    struct AtThreadEnd {
        ~AtThreadEnd() {
            if (!ended) return;
            try {
                worker.call<&Plain::get>();
                *ended = 1;
            } catch (const WorkerStoppedError&) {
                *ended = 2;
            }
        }
        Proxy<Plain> worker;
        std::shared_ptr<std::atomic<int>> ended;
    };
    const auto ended = std::make_shared<std::atomic<int>>(0);
    auto worker = Worker<Plain>::options().init();
    auto other = Worker<Plain>::options().init();
    worker
        .call([&](Plain&) {
            thread_local AtThreadEnd at_end;
            at_end.worker = other;
            at_end.ended = ended;
        })
        .result();
    other.stop();
    worker.stop();
    CHECK(eventually([&] { return *ended == 2; }));
}

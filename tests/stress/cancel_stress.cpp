// Cancels that race the start, the end and the inputs of their call. F5
#include <atomic>
#include <memory>
#include <vector>

#include "support/race.hpp"
#include "support/worker_support.hpp"

using namespace concur;
using namespace concur::test;

namespace {

struct Worked {
    int work(const std::shared_ptr<std::atomic<int>>& runs) { return ++*runs; }
};

/// One call, how often it ran, how often it was told to be done, and what its cancel said.
struct Watched {
    std::shared_ptr<std::atomic<int>> runs = std::make_shared<std::atomic<int>>(0);
    std::shared_ptr<std::atomic<int>> told = std::make_shared<std::atomic<int>>(0);
    Future<int> call;
    bool withdrawn = false;

    void watch() {
        call.on_done([count = told](const Future<int>&) { ++*count; });
    }
    /// Exactly one end, and the right one.
    [[nodiscard]] bool is_right() const {
        call.wait();
        if (!eventually([&] { return told->load() == 1; })) return false;
        if (withdrawn) return call.cancelled() && *runs == 0;
        return !call.cancelled() && *runs == 1 && call.result() == 1;
    }
};

constexpr int rounds = 200;
constexpr std::size_t calls = 10;

}  // namespace

TEST_CASE("a cancel that races the start either withdraws the call or lets it run", "[stress][worker][F5]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = Worker<Worked>::options().mode(mode).init();
    std::vector<Watched> watched(calls);
    int wrong = 0;
    race(
        rounds,
        [&](int) {
            for (Watched& one : watched) {
                one = Watched();
                one.call = worker.call<&Worked::work>(one.runs);
                one.watch();
            }
        },
        [&](int) {
            for (const Watched& one : watched) wrong += one.is_right() ? 0 : 1;
        },
        [&](int) {
            for (std::size_t i = calls; i-- > 0;) watched[i].withdrawn = watched[i].call.cancel();
        });
    CHECK(wrong == 0);
}

TEST_CASE("several cancels of one call, of which at most one withdraws it", "[stress][worker][F5]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = Worker<Worked>::options().mode(mode).init();
    Watched one;
    std::atomic<int> withdrawals{0};
    int wrong = 0;
    const auto cancel = [&](int) {
        if (one.call.cancel()) ++withdrawals;
    };
    race(
        rounds,
        [&](int) {
            one = Watched();
            withdrawals = 0;
            one.call = worker.call<&Worked::work>(one.runs);
            one.watch();
        },
        [&](int) {
            one.withdrawn = withdrawals == 1;
            wrong += one.is_right() && withdrawals <= 1 ? 0 : 1;
        },
        cancel, cancel, cancel);
    CHECK(wrong == 0);
}

TEST_CASE("a cancel that races the last input", "[stress][worker][F5][F22]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = Worker<Worked>::options().mode(mode).init();
    Watched one;
    Promise<int> input;
    int wrong = 0;
    race(
        rounds,
        [&](int) {
            one = Watched();
            input = Promise<int>();
            one.call = worker.call([runs = one.runs](Worked& w, int) { return w.work(runs); }, input.future());
            one.watch();
        },
        [&](int) { wrong += one.is_right() ? 0 : 1; },
        [&](int round) {
            if (round % 2) std::this_thread::yield();
            one.withdrawn = one.call.cancel();
        },
        [&](int) { input.set_value(1); });
    CHECK(wrong == 0);
    CHECK(worker.drain());
}

TEST_CASE("a cancel that races the end of the future which a method returned", "[stress][worker][F5][W12]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Worked>::options().mode(mode).init();
    Promise<int> inner;
    Future<int> call;
    bool withdrawn = false;
    int wrong = 0;
    race(
        rounds,
        [&](int) {
            inner = Promise<int>();
            call = worker.call([future = inner.future()](Worked&) { return future; });
        },
        [&](int) {
            call.wait();
            if (withdrawn != call.cancelled()) ++wrong;
        },
        [&](int) { withdrawn = call.cancel() || call.cancelled(); }, [&](int) { inner.set_value(1); });
    CHECK(wrong == 0);
    CHECK(worker.drain());
}

TEST_CASE("a request to stop that races the end of its method and new tokens", "[stress][worker][W30]") {
    const Mode mode = GENERATE(every_queueing_mode());
    CAPTURE(mode);
    auto worker = Worker<Worked>::options().mode(mode).init();
    Future<int> call;
    auto told = std::make_shared<std::atomic<int>>(0);
    int wrong = 0;
    race(
        rounds,
        [&](int) {
            *told = 0;
            call = worker.call([told](Worked&, CallContext& context) {
                const auto callback = context.stop_token().on_stop([told] { ++*told; });
                return context.stop_token().stop_requested() ? 1 : 2;
            });
        },
        [&](int) {
            if (!call.exception()) wrong += call.result() == 1 && *told != 1;
            wrong += *told > 1;
        },
        [&](int) { static_cast<void>(call.cancel()); });
    CHECK(wrong == 0);
}

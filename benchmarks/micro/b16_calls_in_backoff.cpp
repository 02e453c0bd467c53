// B16: ten thousand calls in backoff.
//
// Target: no thread more, and another worker is as fast as without them.
//
// The other worker is measured in turns, with the calls and without; between the two they are made, or cancelled.
#include <algorithm>
#include <concur/concur.hpp>
#include <stdexcept>
#include <vector>

#include "support/counter.hpp"
#include "support/machine.hpp"
#include "support/table.hpp"
#include "support/timing.hpp"

namespace {

using namespace std::chrono_literals;

constexpr double most_threads = 0;
/// Unchanged, as far as neighbours in time can tell on a machine that others use, too.
constexpr double most_ratio = 1.05;
constexpr int waiting = 10'000;
constexpr int calls = 1000;
constexpr int batches = 20;

/// Calls whose first attempt has failed, and whose next one is an hour away.
class Backoff {
public:
    void begin(int count) {
        for (int i = 0; i < count; ++i)
            calls_.push_back(tasks_.submit([] { throw std::runtime_error("unavailable"); }));
        tasks_.submit([] {}).wait();  // is behind them all
    }
    void end() {
        for (auto& call : calls_) call.cancel();
        calls_.clear();
    }

private:
    concur::TaskProxy<> tasks_ = concur::TaskWorker::options()
                                     .mode("thread")
                                     .num_retries(1)
                                     .retry_wait(1h)
                                     .retry_jitter(concur::Jitter::none)
                                     .init();
    std::vector<concur::Future<void>> calls_;
};

class OtherWorker {
public:
    /// Of one call.
    bench::Nanoseconds time() {
        work();  // its memory and its thread have been idle
        return bench::time_of([&] { work(); }) / (calls * batches);
    }

private:
    void work() {
        for (int batch = 0; batch < batches; ++batch) {
            for (int i = 0; i < calls; ++i) futures_.push_back(worker_.call<&bench::Counter::add>(1));
            for (const auto& future : futures_) bench::keep(future.result());
            futures_.clear();
        }
    }

    concur::Proxy<bench::Counter> worker_ = concur::Worker<bench::Counter>::options().mode("thread").init();
    std::vector<concur::Future<int>> futures_;
};

struct Cost {
    bench::Comparison other_worker;
    double threads = 0;
};

Cost measure(int count) {
    Backoff backoff;
    OtherWorker other;
    backoff.begin(1);  // what the first wait needs is there
    const int before = bench::thread_count();
    int threads = before;
    bench::Rounds rounds;
    bench::repeat({.time = 3s}, [&](std::size_t) {
        const bench::Nanoseconds alone = other.time();
        backoff.begin(count);
        const bench::Nanoseconds beside = other.time();
        threads = std::max(threads, bench::thread_count());
        backoff.end();
        rounds.add(beside, alone);
    });
    return {rounds.median(), static_cast<double>(threads - before)};
}

}  // namespace

int main() {
    bench::print_title("B16", "ten thousand calls in backoff (10x: a hundred thousand)");
    const Cost one = measure(waiting);
    const Cost ten = measure(10 * waiting);
    bench::print_row({"threads more", "", "", one.threads, ten.threads, bench::at_most(most_threads), ""});
    bench::print_row({"a call of another worker; other: without them", bench::time_text(one.other_worker.ours),
                      bench::time_text(one.other_worker.other), one.other_worker.ratio, ten.other_worker.ratio,
                      bench::at_most(most_ratio)});
}

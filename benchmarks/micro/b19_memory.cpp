// B19: memory of a worker, and of a LimitSet.
//
// Target: a thread worker takes at most 4 KiB beside its stack, an asio worker 1 KiB; a LimitSet 256 bytes and 128 a
// limit.
//
// Counted is what malloc holds for it, in all arenas: the worker itself, std::thread's state, and what the C library
// keeps for a thread.
#include <atomic>
#include <concur/concur.hpp>
#include <string>
#include <thread>
#include <vector>

#include "support/counter.hpp"
#include "support/machine.hpp"
#include "support/table.hpp"

namespace {

constexpr double most_bytes_of_thread = 4096;
constexpr double most_bytes_of_asio = 1024;
constexpr double most_bytes_of_limit = 128;
constexpr int workers = 100;

/// Bytes of one worker, with its calls done: what the first call makes belongs to it.
double bytes_of_worker(concur::Mode mode, int count) {
    std::vector<concur::Proxy<bench::Counter>> all;
    all.reserve(static_cast<std::size_t>(count));
    const double before = bench::heap_in_use();
    for (int i = 0; i < count; ++i) all.push_back(concur::Worker<bench::Counter>::options().mode(mode).init());
    for (const auto& worker : all) static_cast<void>(worker.call<&bench::Counter::add>(1).result());
    return (bench::heap_in_use() - before) / count;
}

/// The floor: a thread that sleeps, and has used malloc once.
double bytes_of_thread(int count) {
    std::vector<std::thread> all;
    all.reserve(static_cast<std::size_t>(count));
    std::atomic<int> asleep{0};
    std::atomic<int> stop{0};
    const double before = bench::heap_in_use();
    for (int i = 0; i < count; ++i)
        all.emplace_back([&] {
            delete new bench::Counter;
            asleep.fetch_add(1);
            asleep.notify_one();
            stop.wait(0);
        });
    for (int now = asleep.load(); now != count; now = asleep.load()) asleep.wait(now);
    const double bytes = (bench::heap_in_use() - before) / count;
    stop.store(1);
    stop.notify_all();
    for (std::thread& thread : all) thread.join();
    return bytes;
}

/// Bytes of a LimitSet beyond 256, for each of its limits: permits, and rates that have been used.
double bytes_of_limit(int limits, concur::RateAlgorithm algorithm) {
    std::vector<concur::Limit> all;
    for (int i = 0; i < limits; ++i) {
        const std::string key = std::to_string(i);
        if (i % 2)
            all.push_back(concur::ResourceLimit(key, 4));
        else
            all.push_back(concur::RateLimit(key, 4, concur::hourly, algorithm));
    }
    std::vector<concur::LimitSet> sets;
    sets.reserve(workers);
    const double before = bench::heap_in_use();
    for (int i = 0; i < workers; ++i) sets.emplace_back(all);
    for (concur::LimitSet& set : sets)
        for (int i = 0; i < limits; ++i) static_cast<void>(set.try_acquire(std::to_string(i)).acquired());
    return ((bench::heap_in_use() - before) / workers - 256) / limits;
}

void print(concur::Mode mode, std::optional<bench::Target> target = {}) {
    const double one = bytes_of_worker(mode, workers);
    const double ten = bytes_of_worker(mode, 10 * workers);
    bench::print_row({std::string(concur::to_string(mode)) + " worker", "", "", one, ten, target, "B"});
}

}  // namespace

int main() {
    bench::print_title("B19", "memory of a worker beside its stack (10x: of each of a thousand)");
    for (const auto mode : {concur::Mode::thread, concur::Mode::asio}) bytes_of_worker(mode, 1);  // what is made once
    print(concur::Mode::sync);
    print(concur::Mode::thread, bench::at_most(most_bytes_of_thread));
    print(concur::Mode::asio, bench::at_most(most_bytes_of_asio));
    using concur::RateAlgorithm;
    bench::print_row({"a limit of a LimitSet (10x: of 60)", "", "", bytes_of_limit(6, RateAlgorithm::fixed_window),
                      bytes_of_limit(60, RateAlgorithm::fixed_window), bench::at_most(most_bytes_of_limit), "B"});
    bench::print_row({"half of them token buckets: what they can refund",
                      "",
                      "",
                      bytes_of_limit(6, RateAlgorithm::token_bucket),
                      bytes_of_limit(60, RateAlgorithm::token_bucket),
                      {},
                      "B"});
    bench::print_row(
        {"floor: a thread that sleeps", "", "", bytes_of_thread(workers), bytes_of_thread(10 * workers), {}, "B"});
}

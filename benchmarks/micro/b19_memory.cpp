// B19: memory of a worker.
//
// Target: a thread worker takes at most 4 KiB beside its stack.
//
// Counted is what malloc holds for it, in all arenas: the worker itself, std::thread's state, and what the C library
// keeps for a thread.
#include <malloc.h>

#include <atomic>
#include <concur/concur.hpp>
#include <thread>
#include <vector>

#include "support/counter.hpp"
#include "support/table.hpp"

namespace {

constexpr double most_bytes = 4096;
constexpr int workers = 100;

double heap_in_use() {
    const struct mallinfo2 info = ::mallinfo2();
    return static_cast<double>(info.uordblks + info.hblkhd);
}

/// Bytes of one worker, with its calls done: what the first call makes belongs to it.
double bytes_of_worker(concur::Mode mode, int count) {
    std::vector<concur::Proxy<bench::Counter>> all;
    all.reserve(static_cast<std::size_t>(count));
    const double before = heap_in_use();
    for (int i = 0; i < count; ++i) all.push_back(concur::Worker<bench::Counter>::options().mode(mode).init());
    for (const auto& worker : all) static_cast<void>(worker.call<&bench::Counter::add>(1).result());
    return (heap_in_use() - before) / count;
}

/// The floor: a thread that sleeps, and has used malloc once.
double bytes_of_thread(int count) {
    std::vector<std::thread> all;
    all.reserve(static_cast<std::size_t>(count));
    std::atomic<int> asleep{0};
    std::atomic<int> stop{0};
    const double before = heap_in_use();
    for (int i = 0; i < count; ++i)
        all.emplace_back([&] {
            delete new bench::Counter;
            asleep.fetch_add(1);
            asleep.notify_one();
            stop.wait(0);
        });
    for (int now = asleep.load(); now != count; now = asleep.load()) asleep.wait(now);
    const double bytes = (heap_in_use() - before) / count;
    stop.store(1);
    stop.notify_all();
    for (std::thread& thread : all) thread.join();
    return bytes;
}

void print(concur::Mode mode) {
    const double one = bytes_of_worker(mode, workers);
    const double ten = bytes_of_worker(mode, 10 * workers);
    bench::print_row({std::string(concur::to_string(mode)) + " worker", "", "", one, ten,
                      mode == concur::Mode::thread ? std::optional(bench::at_most(most_bytes)) : std::nullopt, "B"});
}

}  // namespace

int main() {
    bench::print_title("B19", "memory of a worker beside its stack (10x: of each of a thousand)");
    bytes_of_worker(concur::Mode::thread, 1);  // what is made once
    print(concur::Mode::sync);
    print(concur::Mode::thread);
    bench::print_row(
        {"floor: a thread that sleeps", "", "", bytes_of_thread(workers), bytes_of_thread(10 * workers), {}, "B"});
}

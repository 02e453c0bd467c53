// B17: a hundred idle workers of each mode, for a second.
//
// Target: no wake-up in this process, at most 1 ms of CPU.
#include <fmt/format.h>

#include <algorithm>
#include <concur/concur.hpp>
#include <thread>
#include <vector>

#include "support/counter.hpp"
#include "support/machine.hpp"
#include "support/table.hpp"

namespace {

using namespace std::chrono_literals;

constexpr double most_wakeups = 0;
constexpr double most_cpu_ms = 1;
constexpr int workers = 100;

struct Idle {
    double wakeups = 0;
    double cpu_ms = 0;
};

Idle measure(concur::Mode mode, int count) {
    std::vector<concur::Proxy<bench::Counter>> all;
    for (int i = 0; i < count; ++i) all.push_back(concur::Worker<bench::Counter>::options().mode(mode).init());
    // Idle after work, so that whatever begins with the first call has begun.
    for (const auto& worker : all) static_cast<void>(worker.call<&bench::Counter::add>(1).result());
    std::this_thread::sleep_for(100ms);

    const auto others_cpu = [] { return bench::process_cpu_time() - bench::own_cpu_time(); };
    const long switches = bench::context_switches_of_other_threads();
    const auto cpu = others_cpu();
    std::this_thread::sleep_for(1s);
    const std::chrono::duration<double, std::milli> used = others_cpu() - cpu;
    return {static_cast<double>(bench::context_switches_of_other_threads() - switches),
            std::max(used.count(), 0.0)};  // two clocks are read one after the other
}

void print(concur::Mode mode) {
    const Idle one = measure(mode, workers);
    const Idle ten = measure(mode, 10 * workers);
    const std::string name(concur::to_string(mode));
    bench::print_row({name + ": wake-ups", "", "", one.wakeups, ten.wakeups, bench::at_most(most_wakeups), ""});
    bench::print_row({name + ": CPU time", "", "", one.cpu_ms, ten.cpu_ms, bench::at_most(most_cpu_ms), "ms"});
}

}  // namespace

int main() {
    bench::print_title("B17", "a hundred idle workers for a second (floor: nothing; 10x: a thousand of them)");
    print(concur::Mode::sync);
    print(concur::Mode::thread);
    print(concur::Mode::asio);
}

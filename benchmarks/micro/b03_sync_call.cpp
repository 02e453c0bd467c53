// B3: a call on a sync worker, over the plain call of the same method.
//
// Target: at most 25 ns more; a blocking proxy at most 15 ns more and no allocation. These are times of a 2-core
// machine on which an atomic addition takes 5 ns; the last rows tell what they take here, now.
#include <atomic>
#include <concur/concur.hpp>
#include <memory>
#include <mutex>
#include <vector>

#include "support/allocations.hpp"
#include "support/counter.hpp"
#include "support/table.hpp"
#include "support/timing.hpp"

namespace {

constexpr double most_ns = 25;
constexpr double most_ns_blocking = 15;
constexpr double most_allocations = 1;

constexpr int calls = 1000;
constexpr bench::Effort effort{.rounds = 20000};

/// The plain call, that the compiler can neither inline nor leave out.
class Plain {
public:
    long run() {
        long sum = 0;
        for (int i = 0; i < calls; ++i) {
            auto method = &bench::Counter::add;
            bench::keep(&method);
            sum += (counter_.*method)(1);
        }
        return sum;
    }

private:
    bench::Counter counter_;
};

template <class Ours>
void print(std::string what, Ours ours, double most, double most_allocated) {
    Plain plain;
    const auto compare = [&] {
        return bench::compare(
                   calls, [&] { bench::keep(ours()); }, [&] { bench::keep(plain.run()); }, effort)
            .undisturbed();
    };
    const bench::Comparison one = compare();
    std::vector<concur::Proxy<bench::Counter>> idle;
    for (int i = 0; i < 1000; ++i) idle.push_back(concur::Worker<bench::Counter>::options().mode("sync").init());
    const bench::Comparison ten = compare();
    bench::print_row({what, bench::time_text(one.ours), bench::time_text(one.other), one.ours - one.other,
                      ten.ours - ten.other, bench::at_most(most), "ns"});

    const bench::AllocationCounter allocations;
    bench::keep(ours());
    const double count = static_cast<double>(allocations.so_far().count) / calls;
    bench::print_row({what + ", allocations", "", "", count, {}, bench::at_most(most_allocated), ""});
}

void print_machine() {
    std::atomic<int> counter{0};
    std::mutex mutex;
    const auto row = [](const char* what, auto operation) {
        const auto round = [&] {
            for (int i = 0; i < calls; ++i) operation();
        };
        const double time = bench::measure(calls, bench::undisturbed, round, {.time = std::chrono::milliseconds(100)});
        bench::print_row({what, "", bench::time_text(time), time, {}, {}, "ns"});
    };
    row("for comparison: an atomic addition", [&] { counter.fetch_add(1, std::memory_order_relaxed); });
    row("for comparison: an uncontended mutex pair", [&] { const std::lock_guard lock(mutex); });
    row("for comparison: new + delete of 128 bytes", [] {
        const auto memory = std::make_unique<char[]>(128);
        bench::keep(memory.get());
    });
    row("for comparison: a look at the clock", [] { bench::keep(std::chrono::steady_clock::now()); });
}

}  // namespace

int main() {
    bench::print_title("B3", "sync worker call (figure: ours - plain call; 10x: a thousand more workers)");
    const auto builder = concur::Worker<bench::Counter>::options().mode(concur::sync);
    const auto worker = builder.init();
    print(
        "call().result()",
        [&] {
            long sum = 0;
            for (int i = 0; i < calls; ++i) sum += worker.call<&bench::Counter::add>(1).result();
            return sum;
        },
        most_ns, most_allocations);
    const auto blocking = builder.blocking().init();
    print(
        "blocking call()",
        [&] {
            long sum = 0;
            for (int i = 0; i < calls; ++i) sum += blocking.call<&bench::Counter::add>(1);
            return sum;
        },
        most_ns_blocking, 0);
    print_machine();
}

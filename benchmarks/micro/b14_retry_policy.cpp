// B14: what a retry policy costs a call that succeeds at once.
//
// Target: at most 15 ns over the same call without a policy, and no allocation.
#include <concur/concur.hpp>
#include <stdexcept>
#include <string>

#include "support/allocations.hpp"
#include "support/counter.hpp"
#include "support/table.hpp"
#include "support/timing.hpp"

namespace {

constexpr int calls = 1000;
constexpr double most_ns = 15;
constexpr bench::Effort effort{.time = std::chrono::milliseconds(300)};

long run(const concur::Proxy<bench::Counter>& worker) {
    long sum = 0;
    for (int i = 0; i < calls; ++i) sum += worker.call<&bench::Counter::add>(1).result();
    return sum;
}

double allocations_of(const concur::Proxy<bench::Counter>& worker) {
    const bench::AllocationCounter allocations;
    bench::keep(run(worker));
    return static_cast<double>(allocations.so_far().count) / calls;
}

void print(const std::string& what, const concur::Proxy<bench::Counter>& with,
           const concur::Proxy<bench::Counter>& without, std::optional<bench::Target> most) {
    const bench::Comparison compared =
        bench::compare(
            calls, [&] { bench::keep(run(with)); }, [&] { bench::keep(run(without)); }, effort)
            .undisturbed();
    bench::print_row({what,
                      bench::time_text(compared.ours),
                      bench::time_text(compared.other),
                      compared.ours - compared.other,
                      {},
                      most,
                      "ns"});
    bench::print_row(
        {what + ", allocations", "", "", allocations_of(with) - allocations_of(without), {}, bench::at_most(0), ""});
}

}  // namespace

int main() {
    bench::print_title("B14", "retry policy, first attempt succeeds (figure: with policy - without)");
    const auto plain = concur::Worker<bench::Counter>::options().mode("sync");
    const auto retried = plain.num_retries(3).retry_on<std::runtime_error>();
    const auto without = plain.init();
    print("policy present", retried.init(), without, bench::at_most(most_ns));
    print("policy of the method", plain.method<&bench::Counter::add>([](auto& m) { m.num_retries(3); }).init(), without,
          bench::at_most(most_ns));
    print("for comparison: with a validator", retried.retry_until([](int) { return true; }).init(), without, {});
}

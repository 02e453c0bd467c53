// B20: start and stop of a worker; what a call costs in each mode.
//
// Target: sync at most 1 us, asio at most 10 us, thread at most 100 us.
#include <boost/asio/thread_pool.hpp>
#include <concur/concur.hpp>
#include <memory>
#include <thread>
#include <vector>

#include "support/counter.hpp"
#include "support/table.hpp"
#include "support/timing.hpp"

namespace {

constexpr double most_us_sync = 1;
constexpr double most_us_asio = 10;
constexpr double most_us_thread = 100;
constexpr int others = 10;

/// The rows' tenfold column: with ten times as many other workers alive.
class Bystanders {
public:
    explicit Bystanders(int count) {
        for (int i = 0; i < count; ++i)
            all_.push_back(concur::Worker<bench::Counter>::options().mode(concur::thread).init());
    }

private:
    std::vector<concur::Proxy<bench::Counter>> all_;
};

template <concur::Mode mode, class Floor>
void print(std::string what, int starts, double most_us, Floor floor) {
    const auto builder = concur::Worker<bench::Counter>::options().mode(mode);
    const auto start_and_stop = [&] {
        for (int i = 0; i < starts; ++i) builder.init().stop();
    };
    const auto compare = [&] {
        return bench::compare(starts, start_and_stop,
                              [&] {
                                  for (int i = 0; i < starts; ++i) floor();
                              })
            .median();
    };
    bench::Comparison one;
    bench::Comparison ten;
    {
        const Bystanders alive(others);
        one = compare();
    }
    {
        const Bystanders alive(10 * others);
        ten = compare();
    }
    bench::print_row({std::move(what), bench::time_text(one.ours), bench::time_text(one.other), one.ours / 1e3,
                      ten.ours / 1e3, bench::at_most(most_us), "us"});
}

template <class Worker>
void print_calls(std::string what, const Worker& worker) {
    constexpr int calls = 200;
    const double one_at_a_time = bench::measure(calls, 0.5, [&] {
        long sum = 0;
        for (int i = 0; i < calls; ++i) sum += worker.template call<&bench::Counter::add>(1).result();
        bench::keep(sum);
    });
    std::vector<concur::Future<int>> futures;
    const double in_flight = bench::measure(calls, 0.5, [&] {
        for (int i = 0; i < calls; ++i) futures.push_back(worker.template call<&bench::Counter::add>(1));
        long sum = 0;
        for (const concur::Future<int>& future : futures) sum += future.result();
        futures.clear();
        bench::keep(sum);
    });
    bench::print_row({what + ", a call at a time", bench::time_text(one_at_a_time), "", one_at_a_time, {}, {}, "ns"});
    bench::print_row({what + ", a call of 200 in flight", bench::time_text(in_flight), "", in_flight, {}, {}, "ns"});
}

}  // namespace

int main() {
    bench::print_title("B20", "start + stop of a worker, with 10 others alive; calls (10x: others alive)");
    print<concur::Mode::sync>("sync: start + stop; floor: new + delete", 100, most_us_sync,
                              [] { bench::keep(std::make_unique<bench::Counter>().get()); });
    print<concur::Mode::asio>("asio: start + stop; floor: new + delete", 100, most_us_asio,
                              [] { bench::keep(std::make_unique<bench::Counter>().get()); });
    print<concur::Mode::thread>("thread: start + stop; floor: std::thread, joined", 10, most_us_thread, [] {
        std::unique_ptr<bench::Counter> counter;
        std::thread([&] { counter = std::make_unique<bench::Counter>(); }).join();
    });
    print<concur::Mode::thread>("thread: start + stop; asio::thread_pool(1)", 10, most_us_thread,
                                [] { boost::asio::thread_pool(1).join(); });
    print_calls("sync", concur::Worker<bench::Counter>::options().mode(concur::sync).init());
    print_calls("asio", concur::Worker<bench::Counter>::options().mode(concur::asio).init());
    print_calls("thread", concur::Worker<bench::Counter>::options().mode(concur::thread).init());
}

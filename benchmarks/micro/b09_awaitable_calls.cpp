// B9: coroutine methods. Thirty calls that take 50 ms each, on asio and in a thread; and what one call costs that has
// nothing to wait for.
//
// Target: thirty calls at least 25 times as fast on asio as in a thread.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <concur/asio.hpp>
#include <concur/concur.hpp>
#include <future>
#include <thread>
#include <vector>

#include "support/counter.hpp"
#include "support/machine.hpp"
#include "support/table.hpp"
#include "support/timing.hpp"

namespace {

namespace net = boost::asio;
using namespace std::chrono_literals;

constexpr double least_times_thread = 25;
constexpr int slow_calls = 30;
constexpr int calls = 1000;

struct Slow {
    net::awaitable<int> wait() {
        net::steady_timer timer(co_await net::this_coro::executor, 50ms);
        co_await timer.async_wait(net::use_awaitable);
        co_return 1;
    }
    int block() {
        std::this_thread::sleep_for(50ms);
        return 1;
    }
};

struct AsyncCounter : bench::Counter {
    net::awaitable<int> add_later(int amount) { co_return add(amount); }
};

template <auto method, class Worker>
bench::Nanoseconds time_of_calls(const Worker& worker, int count) {
    std::vector<concur::Future<int>> futures;
    static_cast<void>(worker.template call<method>().result());
    return bench::time_of([&] {
        for (int i = 0; i < count; ++i) futures.push_back(worker.template call<method>());
        for (const auto& future : futures) bench::keep(future.result());
    });
}

void print_slow_calls() {
    struct Times {
        bench::Nanoseconds asio;
        bench::Nanoseconds thread;
    };
    const auto measure = [](int count) -> Times {
        return {time_of_calls<&Slow::wait>(concur::Worker<Slow>::options().mode(concur::asio).init(), count),
                time_of_calls<&Slow::block>(concur::Worker<Slow>::options().mode(concur::thread).init(), count)};
    };
    const Times one = measure(slow_calls);
    const Times ten = measure(10 * slow_calls);
    bench::print_row({"30 calls of 50 ms; other: a thread worker", bench::time_text(one.asio),
                      bench::time_text(one.thread), one.thread / one.asio, ten.thread / ten.asio,
                      bench::at_least(least_times_thread)});
}

template <concur::Mode mode>
class Ours {
public:
    long in_flight(int count) {
        for (int i = 0; i < count; ++i) futures_.push_back(worker_.template call<&AsyncCounter::add_later>(1));
        long sum = 0;
        for (const auto& future : futures_) sum += future.result();
        futures_.clear();
        return sum;
    }
    long one_at_a_time(int count) {
        long sum = 0;
        for (int i = 0; i < count; ++i) sum += worker_.template call<&AsyncCounter::add_later>(1).result();
        return sum;
    }

private:
    concur::Proxy<AsyncCounter, mode> worker_ =
        concur::Worker<AsyncCounter>::options().mode(concur::ModeTag<mode>()).init();
    std::vector<concur::Future<int>> futures_;
};

/// On `threads` threads; with more than one the object needs a strand.
class ByHand {
public:
    explicit ByHand(int threads) : pool_{static_cast<std::size_t>(threads)}, executor_{executor_on(threads)} {}
    ~ByHand() { pool_.join(); }

    long in_flight(int count) {
        for (int i = 0; i < count; ++i) futures_.push_back(call());
        long sum = 0;
        for (auto& future : futures_) sum += future.get();
        futures_.clear();
        return sum;
    }
    long one_at_a_time(int count) {
        long sum = 0;
        for (int i = 0; i < count; ++i) sum += call().get();
        return sum;
    }

private:
    std::future<int> call() { return net::co_spawn(executor_, counter_.add_later(1), net::use_future); }
    net::any_io_executor executor_on(int threads) {
        if (threads == 1) return pool_.get_executor();
        return net::make_strand(pool_);
    }

    AsyncCounter counter_;
    std::vector<std::future<int>> futures_;
    net::thread_pool pool_;
    net::any_io_executor executor_;
};

template <concur::Mode mode>
void print_fast_calls(const std::string& what, int threads) {
    Ours<mode> ours;
    ByHand by_hand(threads);
    const auto in_flight = [&](int count) {
        return bench::compare(
                   count, [&] { bench::keep(ours.in_flight(count)); }, [&] { bench::keep(by_hand.in_flight(count)); })
            .median();
    };
    const bench::Comparison one = in_flight(calls);
    const bench::Comparison ten = in_flight(10 * calls);
    bench::print_row({what + ", of 1000 in flight",
                      bench::time_text(one.ours),
                      bench::time_text(one.other),
                      one.ratio,
                      ten.ratio,
                      {}});
    const bench::Comparison alone =
        bench::compare(
            calls, [&] { bench::keep(ours.one_at_a_time(calls)); }, [&] { bench::keep(by_hand.one_at_a_time(calls)); })
            .median();
    bench::print_row(
        {what + ", one at a time", bench::time_text(alone.ours), bench::time_text(alone.other), alone.ratio, {}, {}});
}

}  // namespace

int main() {
    bench::print_title("B9", "coroutine methods (other: co_spawn + use_future; figure: ours / other; 10x: calls)");
    print_slow_calls();
    print_fast_calls<concur::Mode::asio>("asio; other: a strand, all cores", bench::usable_cores());
    print_fast_calls<concur::Mode::asio>("asio; other: one thread", 1);
    print_fast_calls<concur::Mode::thread>("thread; other: one thread", 1);
    print_fast_calls<concur::Mode::sync>("sync; other: one thread", 1);
}

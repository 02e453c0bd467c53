// B8: asio workers. A hundred thousand calls that sleep, of one worker and of as many workers; a hundred thousand
// workers that get messages.
//
// Target: at most 2 KiB for each sleeping call, and no thread; calls of plain methods over all workers, at least 4
// times as many per second as CAF's actors get messages.
//
// Bytes are what malloc holds, in all arenas: the call, its coroutine and its timer. All calls sleep while they are
// counted.
#include <fmt/format.h>

#include <atomic>
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
#include <optional>
#include <thread>
#include <vector>

#include "peers/actors.hpp"
#include "support/counter.hpp"
#include "support/machine.hpp"
#include "support/table.hpp"
#include "support/timing.hpp"

namespace {

namespace net = boost::asio;
using namespace std::chrono_literals;

constexpr double most_bytes = 2048;
constexpr double most_threads = 0;
constexpr double least_times_caf = 4;
/// The rows' tenfold column has the hundred thousand.
constexpr int calls = 10'000;

std::atomic<int> asleep{0};

struct Sleeper {
    net::awaitable<int> nap(std::chrono::nanoseconds time) {
        net::steady_timer timer(co_await net::this_coro::executor, time);
        asleep.fetch_add(1, std::memory_order_relaxed);
        co_await timer.async_wait(net::use_awaitable);
        co_return 1;
    }
};

/// Sleeping calls of `workers` workers.
class Ours {
public:
    explicit Ours(int workers) {
        for (int i = 0; i < workers; ++i)
            workers_.push_back(concur::Worker<Sleeper>::options().mode(concur::asio).init());
    }
    void reserve(int count) { futures_.reserve(static_cast<std::size_t>(count)); }
    void begin(int count, std::chrono::nanoseconds time) {
        for (int i = 0; i < count; ++i)
            futures_.push_back(workers_[static_cast<std::size_t>(i) % workers_.size()].call<&Sleeper::nap>(time));
    }
    long collect() {
        long sum = 0;
        for (const auto& future : futures_) sum += future.result();
        futures_.clear();
        return sum;
    }
    void wake() {
        for (auto& future : futures_) future.cancel();
        futures_.clear();
    }

private:
    std::vector<concur::Proxy<Sleeper>> workers_;
    std::vector<concur::Future<int>> futures_;
};

/// The same by hand: a strand for each object, all on one thread pool.
class ByHand {
public:
    explicit ByHand(int workers) {
        for (int i = 0; i < workers; ++i) workers_.push_back({{}, net::make_strand(pool_)});
    }
    ~ByHand() {
        pool_.stop();
        pool_.join();
    }
    void reserve(int count) { futures_.reserve(static_cast<std::size_t>(count)); }
    void begin(int count, std::chrono::nanoseconds time) {
        for (int i = 0; i < count; ++i) {
            Worker& worker = workers_[static_cast<std::size_t>(i) % workers_.size()];
            futures_.push_back(net::co_spawn(worker.strand, worker.object.nap(time), net::use_future));
        }
    }
    long collect() {
        long sum = 0;
        for (auto& future : futures_) sum += future.get();
        futures_.clear();
        return sum;
    }
    void wake() { futures_.clear(); }

private:
    struct Worker {
        Sleeper object;
        net::strand<net::thread_pool::executor_type> strand;
    };
    net::thread_pool pool_{static_cast<std::size_t>(bench::usable_cores())};
    std::vector<Worker> workers_;
    std::vector<std::future<int>> futures_;
};

struct Cost {
    double bytes = 0;
    double threads = 0;
};

/// Of each call in flight.
template <class Sleepers>
Cost cost_of_sleep(int workers, int count) {
    Sleepers sleepers(workers);
    sleepers.begin(workers, 0ns);  // what each worker makes once, and the first threads
    sleepers.collect();
    sleepers.reserve(count);
    asleep = 0;
    const double before = bench::heap_in_use();
    const int threads = bench::thread_count();
    sleepers.begin(count, 1h);
    while (asleep.load() != count) std::this_thread::sleep_for(1ms);
    std::this_thread::sleep_for(10ms);  // the last one is on its way
    const Cost cost{(bench::heap_in_use() - before) / count, static_cast<double>(bench::thread_count() - threads)};
    sleepers.wake();
    return cost;
}

template <class Sleepers>
void sleep_10ms(Sleepers& sleepers, int count) {
    sleepers.begin(count, 10ms);
    bench::keep(sleepers.collect());
}

bench::Comparison time_of_sleep(int workers, int count) {
    Ours ours(workers);
    ByHand by_hand(workers);
    return bench::compare(
               count, [&] { sleep_10ms(ours, count); }, [&] { sleep_10ms(by_hand, count); })
        .median();
}

std::string bytes_text(double bytes) { return fmt::format("{:.0f} B", bytes); }

/// `one_worker`: all calls are those of one; else each has a worker of its own.
void print_sleep(bool one_worker) {
    const auto workers = [one_worker](int count) { return one_worker ? 1 : count; };
    const std::string who = one_worker ? "one worker" : "as many workers";
    const Cost one = cost_of_sleep<Ours>(workers(calls), calls);
    const Cost ten = cost_of_sleep<Ours>(workers(10 * calls), 10 * calls);
    const Cost hand = cost_of_sleep<ByHand>(workers(10 * calls), 10 * calls);
    bench::print_row({"bytes of a sleeping call, " + who + "; other: by hand", bytes_text(ten.bytes),
                      bytes_text(hand.bytes), one.bytes, ten.bytes, bench::at_most(most_bytes), "B"});
    bench::print_row({"threads more", "", "", one.threads, ten.threads, bench::at_most(most_threads), ""});
    const bench::Comparison time = time_of_sleep(workers(calls), calls);
    const bench::Comparison time_of_ten = time_of_sleep(workers(10 * calls), 10 * calls);
    bench::print_row({"all sleep 10 ms, " + who + ": time; other: by hand",
                      bench::time_text(time_of_ten.ours * 10 * calls),
                      bench::time_text(time_of_ten.other * 10 * calls),
                      time.ratio,
                      time_of_ten.ratio,
                      {}});
}

/// Workers that get messages.
class Counters {
public:
    explicit Counters(int count) {
        workers_.reserve(static_cast<std::size_t>(count));
        for (int i = 0; i < count; ++i) workers_.push_back(concur::Worker<Told>::options().mode(concur::asio).init());
    }

    long ask_each() {
        for (const auto& worker : workers_) futures_.push_back(worker.call<&Told::add>(1));
        long sum = 0;
        for (const auto& future : futures_) sum += future.result();
        futures_.clear();
        return sum;
    }

    void tell_each() {
        std::promise<void> done;
        Untold untold{static_cast<int>(workers_.size()), done};
        for (const auto& worker : workers_) static_cast<void>(worker.call<&Told::tell>(&untold));
        done.get_future().wait();
    }

private:
    struct Untold {
        std::atomic<int> count;
        std::promise<void>& done;
    };
    struct Told : bench::Counter {
        void tell(Untold* untold) {
            add(2);
            if (untold->count.fetch_sub(1) == 1) untold->done.set_value();
        }
    };

    std::vector<concur::Proxy<Told>> workers_;
    std::vector<concur::Future<int>> futures_;
};

struct Messages {
    bench::Comparison asked;
    bench::Comparison told;
    double bytes = 0;
    double bytes_of_actor = 0;
};

std::optional<Messages> messages(int count) {
    Messages result;
    double before = bench::heap_in_use();
    Counters counters(count);
    bench::keep(counters.ask_each());
    result.bytes = (bench::heap_in_use() - before) / count;
    before = bench::heap_in_use();
    const auto actors = bench::make_caf_actors(count);
    if (!actors) return std::nullopt;
    bench::keep(actors->ask_each());
    result.bytes_of_actor = (bench::heap_in_use() - before) / count;
    const bench::Effort effort{.time = 3s};
    result.asked =
        bench::compare(
            count, [&] { bench::keep(counters.ask_each()); }, [&] { bench::keep(actors->ask_each()); }, effort)
            .median();
    result.told = bench::compare(
                      count, [&] { counters.tell_each(); }, [&] { actors->tell_each(); }, effort)
                      .median();
    return result;
}

void print_messages() {
    const auto one = messages(calls);
    const auto ten = messages(10 * calls);
    if (!one || !ten) return bench::print_note("CAF was not found, its rows are left out");
    const auto print = [&](const std::string& what, bench::Comparison Messages::*of) {
        bench::print_row({what + "; other: CAF", bench::per_second(((*ten).*of).ours),
                          bench::per_second(((*ten).*of).other), 1 / ((*one).*of).ratio, 1 / ((*ten).*of).ratio,
                          bench::at_least(least_times_caf)});
    };
    print("a call of each worker, values collected", &Messages::asked);
    print("the same without values", &Messages::told);
    bench::print_row({"bytes of a worker; other: of an actor",
                      bytes_text(ten->bytes),
                      bytes_text(ten->bytes_of_actor),
                      one->bytes,
                      ten->bytes,
                      {},
                      "B"});
}

}  // namespace

int main() {
    bench::print_title("B8", "ten thousand calls at once (10x, and what ours and others take: a hundred thousand)");
    print_sleep(true);
    print_sleep(false);
    print_messages();
}

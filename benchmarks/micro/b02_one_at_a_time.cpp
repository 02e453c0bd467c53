// B2: a thread worker, one call at a time.
//
// Target, both cores free: at most 5 times two threads that spin on one flag, by a short spin. With one core, or with
// busy ones: at most 1.1 times a worker made of a mutex and condition variables. Spinning stops within 50 us, and never
// starts when there is no core for it.
#include <fmt/format.h>
#include <pthread.h>

#include <concur/concur.hpp>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "peers/peer.hpp"
#include "support/counter.hpp"
#include "support/machine.hpp"
#include "support/table.hpp"
#include "support/timing.hpp"

namespace {

using namespace std::chrono_literals;

constexpr double most_times_flag = 5;
constexpr double most_times_parking = 1.1;
constexpr double longest_spin_us = 50;
/// What an idle worker may need to park, where it must not spin at all.
constexpr double parking_us = 10;

// Short rounds: a round that nobody disturbs is over before anybody could.
constexpr int calls = 200;

concur::Proxy<bench::Counter, concur::Mode::thread> make_worker() {
    return concur::Worker<bench::Counter>::options().mode(concur::thread).init();
}

class Ours {
public:
    long one_at_a_time() const {
        long sum = 0;
        for (int i = 0; i < calls; ++i) sum += worker_.call<&bench::Counter::add>(1).result();
        return sum;
    }

private:
    concur::Proxy<bench::Counter, concur::Mode::thread> worker_ = make_worker();
};

/// The floor where cores are free: the caller and the worker spin on one flag.
class SpinningFloor {
public:
    ~SpinningFloor() {
        turn_.store(Turn::end, std::memory_order_release);
        turn_.notify_one();
        thread_.join();
    }

    /// The time of the calls alone: between two rounds the worker sleeps, or it would take ours the core.
    bench::Nanoseconds one_at_a_time() {
        turn_.store(Turn::ready, std::memory_order_release);
        turn_.notify_one();
        await_turn();
        const bench::Nanoseconds time = bench::time_of([this] {
            long sum = 0;
            for (int i = 0; i < calls; ++i) {
                amount_ = 1;
                turn_.store(Turn::worker, std::memory_order_release);
                await_turn();
                sum += result_;
            }
            bench::keep(sum);
        });
        turn_.store(Turn::rest, std::memory_order_release);
        return time;
    }

private:
    enum class Turn : int { rest, ready, caller, worker, end };

    void await_turn() const {
        while (turn_.load(std::memory_order_acquire) != Turn::caller) {
        }
    }

    void serve() {
        for (;;) {
            switch (turn_.load(std::memory_order_acquire)) {
                case Turn::rest:
                    turn_.wait(Turn::rest, std::memory_order_acquire);
                    break;
                case Turn::ready:
                    turn_.store(Turn::caller, std::memory_order_release);
                    break;
                case Turn::worker:
                    result_ = counter_.add(amount_);
                    turn_.store(Turn::caller, std::memory_order_release);
                    break;
                case Turn::caller:
                    break;
                case Turn::end:
                    return;
            }
        }
    }

    std::atomic<Turn> turn_{Turn::rest};
    int amount_ = 0;
    int result_ = 0;
    bench::Counter counter_;
    std::thread thread_{[this] { serve(); }};
};

/// The floor where they are not: a queue, a mutex, a condition variable for the worker and one for the caller.
class ParkingFloor {
public:
    ~ParkingFloor() {
        Call last;
        push(last);
        thread_.join();
    }

    bench::Nanoseconds one_at_a_time() {
        return bench::time_of([this] {
            long sum = 0;
            for (int i = 0; i < calls; ++i) sum += call();
            bench::keep(sum);
        });
    }

private:
    struct Call {
        int amount = 0;  // 0: the last one
        int result = 0;
        bool done = false;
    };

    int call() {
        Call call;
        call.amount = 1;
        push(call);
        std::unique_lock lock(mutex_);
        done_.wait(lock, [&] { return call.done; });
        return call.result;
    }

    void push(Call& call) {
        {
            const std::lock_guard lock(mutex_);
            queue_.push_back(&call);
        }
        queued_.notify_one();
    }

    void serve() {
        for (;;) {
            std::unique_lock lock(mutex_);
            queued_.wait(lock, [&] { return !queue_.empty(); });
            Call& call = *queue_.front();
            queue_.pop_front();
            lock.unlock();
            if (call.amount == 0) return;
            const int result = counter_.add(call.amount);
            {
                const std::lock_guard done_lock(mutex_);
                call.result = result;
                call.done = true;
            }
            done_.notify_one();
        }
    }

    std::mutex mutex_;
    std::condition_variable queued_;
    std::condition_variable done_;
    std::deque<Call*> queue_;
    bench::Counter counter_;
    std::thread thread_{[this] { serve(); }};
};

enum class Summary { median, quietest_time };

template <class Other>
bench::Comparison compare(const Ours& ours, Other& other, Summary summary) {
    const bench::Rounds rounds = bench::compare(
        calls, [&] { bench::keep(ours.one_at_a_time()); }, [&] { return other.one_at_a_time(); },
        {.time = 1500ms, .rounds = 20000});
    return summary == Summary::median ? rounds.median() : rounds.quietest_time();
}

/// The row's tenfold column: nine more workers that are idle.
template <class Other>
void print_against(std::string what, Other& other, Summary summary, double most) {
    const Ours ours;
    const bench::Comparison one = compare(ours, other, summary);
    const std::vector<Ours> idle(9);
    const bench::Comparison ten = compare(ours, other, summary);
    bench::print_row({std::move(what), bench::time_text(one.ours), bench::time_text(one.other), one.ratio, ten.ratio,
                      bench::at_most(most)});
}

/// CPU time of the worker's thread from its last reply on.
void print_time_until_parked(std::string what, double most_us) {
    const auto worker = make_worker();
    const pthread_t thread = worker.call([](bench::Counter&) { return ::pthread_self(); }).result();
    std::vector<double> times;
    for (int i = 0; i < 50; ++i) {
        for (int k = 0; k < calls; ++k) bench::keep(worker.call<&bench::Counter::add>(1).result());
        const auto before = bench::cpu_time_of(thread);
        std::this_thread::sleep_for(5ms);
        times.push_back(static_cast<double>((bench::cpu_time_of(thread) - before).count()));
    }
    const double time = bench::quantile(times, 0.5);
    bench::print_row({std::move(what), bench::time_text(time), "", time / 1e3, {}, bench::at_most(most_us), "us"});
}

void both_cores_free() {
    if (bench::usable_cores() < 2) return bench::print_note("both cores free: this machine has one");
    const bench::LoadOfOthers load;
    {
        SpinningFloor floor;
        print_against("both cores free; floor: two threads spin on one flag", floor, Summary::quietest_time,
                      most_times_flag);
    }
    print_time_until_parked("both cores free; CPU of the worker after its last call", longest_spin_us);
    if (load.cores() > 0.2)
        bench::print_note(fmt::format("(both cores free: other programs used {:.1f} of them meanwhile)", load.cores()));
}

void one_core() {
    bench::use_one_core();
    {
        ParkingFloor floor;
        print_against("one core; floor: mutex and condition variable", floor, Summary::median, most_times_parking);
    }
    print_time_until_parked("one core; CPU of the worker after its last call", parking_us);
}

void busy_cores() {
    const bench::Burners burners(bench::usable_cores());
    {
        ParkingFloor floor;
        print_against("all cores busy; floor: mutex and condition variable", floor, Summary::median,
                      most_times_parking);
    }
    print_time_until_parked("all cores busy; CPU of the worker after its last call", parking_us);
}

void peers() {
    for (const bench::PeerEntry& entry : bench::all_peers()) {
        if (!entry.make) {
            bench::print_note(entry.name + " was not found, its row is left out");
            continue;
        }
        const Ours ours;
        const auto peer = entry.make();
        const bench::Comparison one =
            bench::compare(
                calls, [&] { bench::keep(ours.one_at_a_time()); }, [&] { bench::keep(peer->one_at_a_time(calls)); })
                .median();
        bench::print_row({entry.name, bench::time_text(one.ours), bench::time_text(one.other), one.ratio, {}, {}});
    }
}

}  // namespace

int main() {
    bench::print_title("B2", "thread worker, one call at a time (figure: ours / other; 10x: nine more idle workers)");
    bench::in_child(both_cores_free);
    bench::in_child(one_core);
    bench::in_child(busy_cores);
    bench::in_child(peers);
}

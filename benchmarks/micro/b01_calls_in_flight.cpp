// B1: a thread worker, 1000 calls in flight, int -> int, all values collected.
//
// Target: at least 4 times as fast as asio::thread_pool(1) + packaged_task and as CAF request/receive, at least half as
// fast as the floor; and ahead of the others.
#include <concur/concur.hpp>
#include <thread>

#include "peers/peer.hpp"
#include "support/counter.hpp"
#include "support/futex.hpp"
#include "support/table.hpp"
#include "support/timing.hpp"

namespace {

constexpr int calls = 1000;
constexpr double least_times_peer = 4;
constexpr double least_times_others = 1;
constexpr double least_share_of_floor = 0.5;

class Ours {
public:
    long in_flight(int count) {
        for (int i = 0; i < count; ++i) futures_.push_back(worker_.call<&bench::Counter::add>(1));
        long sum = 0;
        for (concur::Future<int>& future : futures_) sum += future.result();
        futures_.clear();
        return sum;
    }

private:
    concur::Proxy<bench::Counter, concur::Mode::thread> worker_ =
        concur::Worker<bench::Counter>::options().mode(concur::thread).init();
    std::vector<concur::Future<int>> futures_;
};

/// The floor: one allocation a call, a lock-free stack that is taken as a whole, a thread that parks when it is empty,
/// a caller that parks on the value it wants. No errors, no cancelling, no stop while calls are under way.
class Floor {
public:
    ~Floor() {
        Call last;
        push(last);
        thread_.join();
    }

    long in_flight(int count) {
        for (int i = 0; i < count; ++i) {
            pending_.push_back(new Call);
            pending_.back()->amount = 1;
            push(*pending_.back());
        }
        long sum = 0;
        for (Call* call : pending_) {
            wait(*call);
            sum += call->result;
            delete call;
        }
        pending_.clear();
        return sum;
    }

private:
    enum Phase : std::uint32_t { queued, parked, done };

    struct Call {
        std::atomic<std::uint32_t> phase{queued};
        int amount = 0;  // 0: the last one
        int result = 0;
        Call* next = nullptr;
    };

    void push(Call& call) {
        Call* newest = newest_.load(std::memory_order_relaxed);
        do {
            call.next = newest == &asleep_ ? nullptr : newest;
        } while (!newest_.compare_exchange_weak(newest, &call, std::memory_order_release, std::memory_order_relaxed));
        if (newest != &asleep_) return;
        awake_.store(1, std::memory_order_release);
        bench::futex_wake(awake_);
    }

    static void wait(Call& call) {
        std::uint32_t phase = call.phase.load(std::memory_order_acquire);
        while (phase != done) {
            if (phase == parked || call.phase.compare_exchange_weak(phase, parked, std::memory_order_acquire)) {
                bench::futex_wait(call.phase, parked);
                phase = call.phase.load(std::memory_order_acquire);
            }
        }
    }

    void serve() {
        for (;;) {
            for (Call* call = take_all(); call;) {
                Call* next = call->next;
                if (call->amount == 0) return;
                call->result = counter_.add(call->amount);
                if (call->phase.exchange(done, std::memory_order_acq_rel) == parked) bench::futex_wake(call->phase);
                call = next;
            }
            sleep();
        }
    }

    Call* take_all() {
        Call* oldest = nullptr;
        for (Call* call = newest_.exchange(nullptr, std::memory_order_acquire); call;)
            oldest = std::exchange(call, std::exchange(call->next, oldest));
        return oldest;
    }

    void sleep() {
        awake_.store(0, std::memory_order_relaxed);
        Call* expected = nullptr;
        if (!newest_.compare_exchange_strong(expected, &asleep_, std::memory_order_acq_rel)) return;
        while (awake_.load(std::memory_order_acquire) == 0) bench::futex_wait(awake_, 0);
    }

    Call asleep_;
    std::atomic<Call*> newest_{nullptr};
    std::atomic<std::uint32_t> awake_{1};
    bench::Counter counter_;
    std::vector<Call*> pending_;
    std::thread thread_{[this] { serve(); }};
};

void against_floor() {
    Ours ours;
    Floor floor;
    const auto compare = [&](int count) {
        return bench::compare(
                   count, [&] { bench::keep(ours.in_flight(count)); }, [&] { bench::keep(floor.in_flight(count)); })
            .median();
    };
    const bench::Comparison one = compare(calls);
    const bench::Comparison ten = compare(10 * calls);
    bench::print_row({"floor: one allocation, one queue, one parked thread", bench::per_second(one.ours),
                      bench::per_second(one.other), 1 / one.ratio, 1 / ten.ratio,
                      bench::at_least(least_share_of_floor)});
}

void against(const bench::PeerEntry& entry) {
    if (!entry.make) return bench::print_note(entry.name + " was not found, its row is left out");
    Ours ours;
    const auto peer = entry.make();
    const auto compare = [&](int count) {
        return bench::compare(
                   count, [&] { bench::keep(ours.in_flight(count)); }, [&] { bench::keep(peer->in_flight(count)); })
            .median();
    };
    const bench::Comparison one = compare(calls);
    std::optional<double> at_ten_times;
    if (entry.threads == bench::PeerEntry::Threads::one) at_ten_times = 1 / compare(10 * calls).ratio;
    bench::print_row({entry.name, bench::per_second(one.ours), bench::per_second(one.other), 1 / one.ratio,
                      at_ten_times, bench::at_least(entry.is_reference ? least_times_peer : least_times_others)});
}

}  // namespace

int main() {
    bench::print_title("B1",
                       "thread worker, 1000 calls in flight, int -> int, values collected (figure: ours / other)");
    against_floor();
    for (const bench::PeerEntry& peer : bench::all_peers()) against(peer);
}

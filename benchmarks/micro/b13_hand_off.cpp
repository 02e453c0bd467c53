// B13: a permit goes from one thread to another one that waits for it.
//
// Target: at most 1.5 times as long as a hand-off with a condition variable; and never early.
//
// Two permits make a ping-pong: each thread gives one back that the other one waits for, and waits for its own.
#include <chrono>
#include <concur/concur.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "support/table.hpp"
#include "support/timing.hpp"

namespace {

constexpr double most_ratio = 1.5;
constexpr int hand_offs = 400;

/// One thread's turn after the other's, `hand_offs` times: `give(to)` ends what `wait(of)` waits for.
template <class Give, class Wait>
void ping_pong(Give give, Wait wait) {
    std::thread other([&] {
        for (int i = 0; i < hand_offs / 2; ++i) {
            wait(1);
            give(0);
        }
    });
    for (int i = 0; i < hand_offs / 2; ++i) {
        give(1);
        wait(0);
    }
    other.join();
}

/// A turn is a permit: to give it is to release it, to wait for it is to acquire it.
void ours(concur::LimitSet& limits) {
    concur::Acquisition held[2] = {limits.acquire("first"), limits.acquire("second")};
    const char* const keys[2] = {"first", "second"};
    ping_pong([&](int to) { held[to].release(); }, [&](int of) { held[of] = limits.acquire(keys[of]); });
}

void condition_variable() {
    std::mutex mutex;
    std::condition_variable changed[2];
    bool free[2] = {false, false};
    ping_pong(
        [&](int to) {
            {
                const std::lock_guard lock(mutex);
                free[to] = true;
            }
            changed[to].notify_one();
        },
        [&](int of) {
            std::unique_lock lock(mutex);
            changed[of].wait(lock, [&] { return free[of]; });
            free[of] = false;
        });
}

/// Grants of a rate that came before their time.
int early_grants() {
    constexpr int count = 200;
    const auto distance = std::chrono::milliseconds(1);
    concur::LimitSet limits({concur::RateLimit("calls", 1, distance)});
    int early = 0;
    auto last = std::chrono::steady_clock::time_point();
    for (int i = 0; i < count; ++i) {
        static_cast<void>(limits.acquire("calls").acquired());
        // Read after the grant, so the distance to the next reading may be shorter: by what lies between the two.
        const auto now = std::chrono::steady_clock::now();
        early += now - last < distance / 2 ? 1 : 0;
        last = now;
    }
    return early;
}

}  // namespace

int main() {
    bench::print_title(
        "B13", "hand-off of a permit (other: a condition variable; 10x: with ten thousand that wait elsewhere)");
    concur::LimitSet limits(
        {concur::ResourceLimit("first", 1), concur::ResourceLimit("second", 1), concur::ResourceLimit("elsewhere", 1)});
    const auto compare = [&] {
        return bench::compare(
                   hand_offs, [&] { ours(limits); }, condition_variable)
            .median();
    };
    const bench::Comparison one = compare();
    const auto elsewhere = limits.acquire("elsewhere");
    std::vector<concur::Future<concur::Acquisition>> waiting;
    for (int i = 0; i < 10'000; ++i) waiting.push_back(limits.async_acquire("elsewhere"));
    bench::print_row({"permit", bench::time_text(one.ours), bench::time_text(one.other), one.ratio, compare().ratio,
                      bench::at_most(most_ratio)});
    for (auto& future : waiting) future.cancel();
    bench::print_row(
        {"early grants of a rate, of 200", "", "", static_cast<double>(early_grants()), {}, bench::at_most(0), ""});
}

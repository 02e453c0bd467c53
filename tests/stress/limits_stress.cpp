// Many threads at one set of limits: nothing is lost, whatever ends their requests. L6, L7
#include <algorithm>
#include <atomic>
#include <concur/concur.hpp>
#include <random>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/eventually.hpp"

using namespace std::chrono_literals;
using concur::LimitSet;
using concur::RateLimit;
using concur::ResourceLimit;

namespace {

/// How many are somewhere at once, and how many there were at most.
class Crowd {
public:
    void enter() {
        const int now = inside_.fetch_add(1) + 1;
        for (int most = most_; now > most && !most_.compare_exchange_weak(most, now);) {
        }
    }
    void leave() { inside_.fetch_sub(1); }
    [[nodiscard]] int most() const { return most_; }

private:
    std::atomic<int> inside_{0};
    std::atomic<int> most_{0};
};

/// One request, ended in one of all ways there are; what is thrown reaches the caller.
void request_something(LimitSet& limits, Crowd& crowd, std::mt19937& random) {
    switch (random() % 7) {
        case 0: {
            const auto held = limits.try_acquire({{"a", 1}, {"b", 2}});
            break;
        }
        case 1: {
            const auto held = limits.acquire({{"b", 3}, {"c", 5}}, std::chrono::microseconds(random() % 50));
            throw std::runtime_error("while holding");
        }
        case 2: {
            auto future = limits.async_acquire({{"b", 1}, {"a", 2}});
            if (random() % 2) future.cancel();
            break;
        }
        case 3: {
            const concur::detail::IntrusivePtr<concur::detail::StopState> stop(
                new concur::detail::StopState(concur::detail::steady_clock()));
            stop->request();
            const auto held = limits.acquire({{"a", 3}}, concur::StopToken(stop));
            break;
        }
        case 4: {
            auto held = limits.acquire({{"b", 5}, {"c", 10}});
            held.update({{"b", 1}, {"c", 2}});
            break;
        }
        case 5: {
            auto held = limits.acquire({{"b", 1}});
            const auto moved = std::move(held);
            break;
        }
        default: {
            const auto held = limits.acquire({{"a", 1}});
            crowd.enter();
            crowd.leave();
        }
    }
}

void nothing_is_lost(int rounds) {
    LimitSet limits({ResourceLimit("a", 3), ResourceLimit("b", 5), RateLimit("c", 1e9, 1s)});
    Crowd crowd;
    std::vector<std::thread> threads;
    for (unsigned seed = 0; seed < 8; ++seed)
        threads.emplace_back([&, seed] {
            std::mt19937 random(seed);
            for (int i = 0; i < rounds; ++i) {
                try {
                    request_something(limits, crowd, random);
                } catch (const std::runtime_error&) {
                    // A time-out, a stop, or the one above.
                }
            }
        });
    for (std::thread& thread : threads) thread.join();
    CHECK(concur::test::eventually([&] {
        return limits.stats("a").in_use == 0 && limits.stats("b").in_use == 0 && limits.stats("a").waiting == 0;
    }));
    CHECK(crowd.most() <= 3);
    CHECK(limits.try_acquire({{"a", 3}, {"b", 5}}).acquired());
}

}  // namespace

TEST_CASE("nothing is lost in a crowd", "[stress][limits][L6][L7]") { nothing_is_lost(1'500); }

TEST_CASE("nothing is lost in a crowd of eight million requests", "[.long][stress][limits][L6][L7]") {
    nothing_is_lost(1'000'000);
}

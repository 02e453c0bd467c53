#include <concur/core/stop_token.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <latch>
#include <memory>
#include <thread>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"
#include "support/race.hpp"

using concur::Duration;
using concur::StopToken;
using namespace std::chrono_literals;

namespace {

/// What a call has: the side that asks for the stop.
class Stopper {
public:
    Stopper() : state_{new concur::detail::StopState(concur::detail::steady_clock())} {}
    [[nodiscard]] StopToken token() const { return StopToken(state_); }
    void request() const { state_->request(); }

private:
    concur::detail::IntrusivePtr<concur::detail::StopState> state_;
};

using AnyCallback = concur::StopCallback<std::function<void()>>;

/// A callback on the heap, to be destroyed when a test wants it.
std::unique_ptr<AnyCallback> listen(const StopToken& token, std::function<void()> f) {
    return std::unique_ptr<AnyCallback>(new AnyCallback(token.on_stop(std::move(f))));
}

}  // namespace

TEST_CASE("a stop token is one pointer and freely copied", "[stop_token][W30]") {
    STATIC_REQUIRE(sizeof(StopToken) == sizeof(void*));
    STATIC_REQUIRE(std::is_nothrow_copy_constructible_v<StopToken>);
    STATIC_REQUIRE(std::is_nothrow_default_constructible_v<StopToken>);
}

TEST_CASE("a stop is seen by every copy of the token, also after the asking side is gone", "[stop_token][W30]") {
    auto stopper = std::make_unique<Stopper>();
    const StopToken token = stopper->token();
    const StopToken copy = token;
    CHECK_FALSE(token.stop_requested());
    stopper->request();
    stopper.reset();
    CHECK(token.stop_requested());
    CHECK(copy.stop_requested());
    CHECK(copy.wait_for(concur::never));
}

TEST_CASE("an empty stop token never asks", "[stop_token][W30]") {
    const StopToken token;
    bool ran = false;
    const auto callback = token.on_stop([&] { ran = true; });
    CHECK_FALSE(token.stop_requested());
    CHECK_FALSE(token.wait_for(0s));
    CHECK_FALSE(token.wait_for(-1s));
    const auto start = std::chrono::steady_clock::now();
    CHECK_FALSE(token.wait_for(5ms));
    CHECK(std::chrono::steady_clock::now() - start >= 5ms);
    CHECK_FALSE(ran);
}

TEST_CASE("wait_for sleeps its time when nobody asks", "[stop_token][W30]") {
    const Stopper stopper;
    const auto start = std::chrono::steady_clock::now();
    CHECK_FALSE(stopper.token().wait_for(5ms));
    CHECK(std::chrono::steady_clock::now() - start >= 5ms);
    CHECK_FALSE(stopper.token().wait_for(0s));
    CHECK_FALSE(stopper.token().wait_for(Duration(std::chrono::hours::min())));
    stopper.request();
    CHECK(stopper.token().wait_for(0s));
    CHECK(stopper.token().wait_for(-1s));
}

TEST_CASE("wait_for wakes every thread when a stop is requested", "[stop_token][W30]") {
    const Stopper stopper;
    std::latch waiting(4);
    std::atomic<int> woken{0};
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&, i] {
            waiting.count_down();
            if (stopper.token().wait_for(i % 2 == 0 ? Duration(1h) : concur::never)) ++woken;
        });
    waiting.wait();
    stopper.request();
    threads.clear();
    CHECK(woken == 4);
}

TEST_CASE("a stop callback runs once, on the thread that asks", "[stop_token][W30]") {
    const Stopper stopper;
    int runs = 0;
    std::thread::id where;
    const auto callback = stopper.token().on_stop([&] {
        ++runs;
        where = std::this_thread::get_id();
    });
    CHECK(runs == 0);
    std::thread asking([&] {
        stopper.request();
        stopper.request();
    });
    const std::thread::id asker = asking.get_id();
    asking.join();
    stopper.request();
    CHECK(runs == 1);
    CHECK(where == asker);
}

TEST_CASE("a stop callback made after the stop runs at once", "[stop_token][W30]") {
    const Stopper stopper;
    stopper.request();
    int runs = 0;
    {
        const auto callback = stopper.token().on_stop([&] { ++runs; });
        CHECK(runs == 1);
    }
    CHECK(runs == 1);
}

TEST_CASE("a stop callback whose object is gone is not called", "[stop_token][W30]") {
    const Stopper stopper;
    std::vector<int> called;
    const auto first = stopper.token().on_stop([&] { called.push_back(1); });
    {
        const auto newest = stopper.token().on_stop([&] { called.push_back(2); });
        const auto nested = stopper.token().on_stop([&] { called.push_back(3); });
    }
    auto middle = listen(stopper.token(), [&] { called.push_back(5); });
    const auto last = stopper.token().on_stop([&] { called.push_back(4); });
    middle.reset();
    stopper.request();
    std::sort(called.begin(), called.end());
    CHECK(called == std::vector{1, 4});
}

TEST_CASE("a stop callback may own what cannot be copied", "[stop_token][W30]") {
    const Stopper stopper;
    int seen = 0;
    const auto callback = stopper.token().on_stop([&seen, owned = std::make_unique<int>(7)] { seen = *owned; });
    stopper.request();
    CHECK(seen == 7);
}

TEST_CASE("a stop callback may destroy its own StopCallback", "[stop_token][W30]") {
    const Stopper stopper;
    int runs = 0;
    std::unique_ptr<AnyCallback> callback;
    callback = listen(stopper.token(), [&] {
        int& count = runs;  // what the callback owns goes with it
        callback.reset();
        ++count;
    });
    const auto other = stopper.token().on_stop([&] { ++runs; });
    stopper.request();
    CHECK(runs == 2);
    CHECK_FALSE(callback);
}

TEST_CASE("a stop callback may destroy others, make new ones and drop the last token", "[stop_token][W30]") {
    auto stopper = std::make_unique<Stopper>();
    int others = 0;
    bool nested = false;
    auto victim = listen(stopper->token(), [&] { ++others; });
    // The newest runs first, or last: either way the victim runs at most once.
    const auto callback = stopper->token().on_stop([&] {
        victim.reset();
        const auto inner = stopper->token().on_stop([&] { nested = true; });
    });
    stopper->request();
    stopper.reset();
    CHECK(nested);
    CHECK(others <= 1);
}

TEST_CASE("a callback's destructor waits while the callback runs on another thread", "[stop_token][W30]") {
    const Stopper stopper;
    std::latch running(1);
    std::latch go_on(1);
    std::atomic<bool> ended{false};
    auto callback = listen(stopper.token(), [&] {
        running.count_down();
        go_on.wait();
        ended = true;
    });
    std::jthread asking([&] { stopper.request(); });
    running.wait();
    std::atomic<bool> destroyed{false};
    std::atomic<bool> ended_before_destroyed{false};
    std::jthread destroying([&] {
        callback.reset();
        ended_before_destroyed = ended.load();
        destroyed = true;
    });
    CHECK_FALSE(destroyed);
    go_on.count_down();
    destroying.join();
    CHECK(destroyed);
    CHECK(ended_before_destroyed);
}

TEST_CASE("a callback that is destroyed while its stop is requested runs entirely or not at all",
          "[stop_token][W30][race]") {
    constexpr int rounds = 2000;
    struct Round {
        Stopper stopper;
        std::atomic<int> entered{0};
        std::atomic<int> left{0};
        bool whole = false;
        std::unique_ptr<AnyCallback> callback;
    };
    std::unique_ptr<Round> round;
    int broken = 0;
    concur::test::race(
        rounds,
        [&](int) {
            round = std::make_unique<Round>();
            round->callback = listen(round->stopper.token(), [&r = *round] {
                ++r.entered;
                ++r.left;
            });
        },
        [&](int) { broken += round->whole && round->entered <= 1 ? 0 : 1; }, [&](int) { round->stopper.request(); },
        [&](int) {
            round->callback.reset();
            round->whole = round->entered == round->left;
        });
    CHECK(broken == 0);
}

TEST_CASE("two threads that ask at once and one that listens run every callback once", "[stop_token][W30][race]") {
    constexpr int rounds = 1000;
    std::unique_ptr<Stopper> stopper;
    std::atomic<int> runs{0};
    int missing = 0;
    concur::test::race(
        rounds,
        [&](int) {
            stopper = std::make_unique<Stopper>();
            runs = 0;
        },
        [&](int) { missing += runs == 1 ? 0 : 1; }, [&](int) { stopper->request(); }, [&](int) { stopper->request(); },
        [&](int) {
            const auto callback = stopper->token().on_stop([&] { ++runs; });
            static_cast<void>(stopper->token().wait_for(concur::never));
            // Who listens before the stop is called by it, who comes after runs at once; the destructor waits.
            while (runs == 0) std::this_thread::yield();
        });
    CHECK(missing == 0);
}

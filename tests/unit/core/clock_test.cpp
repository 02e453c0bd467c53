#include <concur/core/clock.hpp>

#include <atomic>
#include <chrono>
#include <latch>
#include <thread>

#include "support/catch.hpp"
#include "support/eventually.hpp"

using concur::Duration;
using namespace concur::detail;
using namespace std::chrono_literals;

namespace {

class CountingTimer final : public Timer {
public:
    CountingTimer(std::atomic<int>& expired, std::atomic<int>& destroyed) : expired_{expired}, destroyed_{destroyed} {}
    void expired() noexcept override { ++expired_; }

private:
    ~CountingTimer() override { ++destroyed_; }

    std::atomic<int>& expired_;
    std::atomic<int>& destroyed_;
};

}  // namespace

TEST_CASE("a deadline saturates, and a negative time is none", "[clock][F3]") {
    const TimePoint start{TimePoint::duration(1000)};
    STATIC_REQUIRE(deadline_after(TimePoint(), 5s) == TimePoint(5s));
    CHECK(deadline_after(start, 5ns) == start + 5ns);
    CHECK(deadline_after(start, 0s) == start);
    CHECK(deadline_after(start, -5s) == start);
    CHECK(deadline_after(start, concur::never) == no_deadline);
    CHECK(deadline_after(start, Duration(std::chrono::hours::max())) == no_deadline);
    CHECK(deadline_after(start, Duration::of_nanoseconds(INT64_MAX - 10)) == no_deadline);
}

TEST_CASE("a parked thread is woken, and one whose word has changed does not sleep", "[clock]") {
    ParkingWord word{0};
    steady_clock().park(word, 1);  // differs: returns at once
    std::latch about_to_park(1);
    std::thread sleeper([&] {
        about_to_park.count_down();
        while (word.load() == 0) steady_clock().park(word, 0);
    });
    about_to_park.wait();
    word = 1;
    wake_one(word);
    sleeper.join();
    CHECK(word == 1);
}

TEST_CASE("a parked thread comes back at its deadline, or at once if that is over", "[clock]") {
    ParkingWord word{0};
    const TimePoint deadline = steady_clock().now() + 5ms;
    while (steady_clock().now() < deadline) steady_clock().park(word, 0, deadline);
    steady_clock().park(word, 0, deadline);
    steady_clock().park(word, 0, TimePoint());
    steady_clock().park(word, 0, TimePoint::min());
    CHECK(steady_clock().now() >= deadline);
}

TEST_CASE("a timer expires once, not before its time, and is freed", "[clock]") {
    std::atomic<int> expired{0};
    std::atomic<int> destroyed{0};
    const TimePoint when = steady_clock().now() + 3ms;
    steady_clock().schedule(IntrusivePtr<Timer>(new CountingTimer(expired, destroyed)), when);
    CHECK(concur::test::eventually([&] { return destroyed == 1; }));
    CHECK(steady_clock().now() >= when);
    CHECK(expired == 1);
}

TEST_CASE("a timer that is unscheduled never expires, and is freed", "[clock]") {
    std::atomic<int> expired{0};
    std::atomic<int> destroyed{0};
    {
        const IntrusivePtr<Timer> timer(new CountingTimer(expired, destroyed));
        steady_clock().schedule(timer, steady_clock().now() + 1h);
        steady_clock().unschedule(*timer);
        steady_clock().unschedule(*timer);
    }
    CHECK(concur::test::eventually([&] { return destroyed == 1; }));
    CHECK(expired == 0);
}

TEST_CASE("a timer in the past expires as soon as possible", "[clock]") {
    std::atomic<int> expired{0};
    std::atomic<int> destroyed{0};
    steady_clock().schedule(IntrusivePtr<Timer>(new CountingTimer(expired, destroyed)), TimePoint());
    CHECK(concur::test::eventually([&] { return expired == 1 && destroyed == 1; }));
}

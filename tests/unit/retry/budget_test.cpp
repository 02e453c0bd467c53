#include <concur/core/errors.hpp>
#include <concur/retry/budget.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <deque>
#include <limits>
#include <random>
#include <thread>
#include <vector>

#include "retry/budget_tokens.hpp"
#include "support/catch.hpp"

using concur::RetryBudget;
using concur::detail::BudgetTokens;
using concur::detail::TimePoint;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint zero{std::chrono::hours(1)};

int take_all(const RetryBudget& budget, TimePoint now) {
    int taken = 0;
    while (budget.take_token(now)) ++taken;
    return taken;
}

/// The same budget from its description: a list of what was earned and when, in hundredths and with a bucket in
/// fractions of 10^-9.
class Oracle {
public:
    Oracle(int per_call, int per_second) : per_call_{per_call}, per_second_{per_second}, bucket_{capacity()} {}

    void add_call(std::int64_t now) {
        forget(now);
        earned_.push_back({now / 1'000'000'000, per_call_});
    }
    bool take(std::int64_t now) {
        forget(now);
        if (bucket_ >= token) {
            bucket_ -= token;
            return true;
        }
        std::int64_t all = 0;
        for (const auto& [second, left] : earned_) all += left;
        if (all < 100) return false;
        for (std::int64_t left = 100; left > 0;) {
            const std::int64_t part = std::min(left, earned_.front().left);
            left -= part;
            earned_.front().left -= part;
            if (earned_.front().left == 0) earned_.pop_front();
        }
        return true;
    }

private:
    struct Earned {
        std::int64_t second;
        std::int64_t left;
    };
    static constexpr std::int64_t token = 100 * std::int64_t{1'000'000'000};
    [[nodiscard]] std::int64_t capacity() const {
        return per_second_ == 0 ? 0 : std::max(token, per_second_ * std::int64_t{1'000'000'000});
    }
    void forget(std::int64_t now) {
        const std::int64_t passed = std::min(now - last_, std::int64_t{1'000'000'000'000});
        bucket_ = std::min(capacity(), bucket_ + passed * per_second_);
        last_ = now;
        while (!earned_.empty() && earned_.front().second <= now / 1'000'000'000 - 10) earned_.pop_front();
    }

    std::int64_t per_call_;
    std::int64_t per_second_;
    std::int64_t bucket_;
    std::int64_t last_ = 3'600'000'000'000;
    std::deque<Earned> earned_;
};

}  // namespace

TEST_CASE("a budget allows one retry for five calls, and ten in a second besides", "[retry][R15]") {
    const RetryBudget budget;
    CHECK(take_all(budget, zero) == 10);
    for (int i = 0; i < 100; ++i) budget.add_call(zero);
    CHECK(take_all(budget, zero) == 20);
    CHECK(take_all(budget, zero + 99ms) == 0);
    CHECK(take_all(budget, zero + 100ms) == 1);
    CHECK(take_all(budget, zero + 1h) == 10);
}

TEST_CASE("what calls earn is lost after ten seconds", "[retry][R15]") {
    const RetryBudget budget(0.5, 0);
    for (int i = 0; i < 10; ++i) budget.add_call(zero);
    CHECK(budget.take_token(zero + 9999ms));
    CHECK_FALSE(budget.take_token(zero + 10s));
}

TEST_CASE("a budget of nothing refuses, and a fraction of a token per second saves up to one", "[retry][R15]") {
    const RetryBudget nothing(0, 0);
    nothing.add_call(zero);
    CHECK_FALSE(nothing.take_token(zero));
    const RetryBudget slow(0, 0.1);
    CHECK(take_all(slow, zero) == 1);
    CHECK_FALSE(slow.take_token(zero + 10s - 1ns));
    CHECK(take_all(slow, zero + 10s) == 1);
    CHECK(take_all(slow, zero + 1000h) == 1);
}

TEST_CASE("a budget refuses numbers that make no sense", "[retry][R15]") {
    CHECK_THROWS_AS(RetryBudget(-0.1, 1), concur::ConfigError);
    CHECK_THROWS_AS(RetryBudget(std::numeric_limits<double>::quiet_NaN(), 1), concur::ConfigError);
    CHECK_THROWS_AS(RetryBudget(0.2, -1), concur::ConfigError);
    CHECK_THROWS_AS(RetryBudget(0.2, std::numeric_limits<double>::infinity()), concur::ConfigError);
    CHECK_THROWS_AS(RetryBudget(1001, 1), concur::ConfigError);
}

TEST_CASE("a budget decides as its description does, over a million random operations", "[retry][R15]") {
    std::mt19937_64 random(7);
    for (const auto& [per_call, per_second] : {std::pair(20, 1000), {7, 13}, {100, 0}, {0, 300}, {33, 50}}) {
        BudgetTokens tokens(per_call * 10'000, per_second * 10'000);
        Oracle oracle(per_call, per_second);
        std::int64_t now = zero.time_since_epoch().count();
        int different = 0;
        for (int i = 0; i < 200'000; ++i) {
            if (random() % 8 == 0)
                now += static_cast<std::int64_t>(random() % (random() % 50 == 0 ? 20'000'000'000 : 90'000'000));
            if (random() % 3 == 0) {
                tokens.add_call(TimePoint(std::chrono::nanoseconds(now)));
                oracle.add_call(now);
            } else {
                different += tokens.take(TimePoint(std::chrono::nanoseconds(now))) != oracle.take(now);
            }
        }
        CHECK(different == 0);
    }
}

TEST_CASE("threads that share a budget take no token twice", "[retry][R15]") {
    const RetryBudget budget(0.5, 0);
    std::atomic<int> taken{0};
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread)
        threads.emplace_back([&taken, copy = budget] {
            for (int i = 0; i < 10'000; ++i) {
                copy.add_call(zero);
                taken += copy.take_token(zero) ? 1 : 0;
            }
        });
    for (std::thread& thread : threads) thread.join();
    CHECK(taken + take_all(budget, zero) == 20'000);
}

TEST_CASE("a forked child has a full budget of its own, whoever held the parent's", "[retry][R15]") {
    const RetryBudget budget(0, 3);
    CHECK(take_all(budget, zero) == 3);
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(take_all(budget, zero));
    int status = 0;
    ::waitpid(pid, &status, 0);
    REQUIRE(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 3);
    CHECK(take_all(budget, zero) == 0);
}

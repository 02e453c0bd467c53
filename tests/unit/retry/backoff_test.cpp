#include <concur/retry/retry_numbers.hpp>

#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>
#include <cmath>
#include <functional>
#include <vector>

#include "support/catch.hpp"

using concur::Backoff;
using concur::Duration;
using concur::Jitter;
using concur::detail::curve_wait;
using concur::detail::final_wait;
using concur::detail::longest_wait;
using concur::detail::Random;
using concur::detail::RetryNumbers;
using namespace std::chrono_literals;

namespace {

using Big = boost::multiprecision::cpp_int;

const Big largest = INT64_MAX;

std::int64_t saturated(const Big& exact) { return static_cast<std::int64_t>(exact < largest ? exact : largest); }

// Far beyond the point where every curve but zero has saturated; what comes after cannot be smaller.
constexpr std::int64_t oracle_end = 100;

/// By definition, in numbers without end, one retry after the other.
Big by_definition(const Backoff& algorithm, const Big& b, std::int64_t k, std::int64_t n) {
    const bool grows_fast =
        algorithm == Backoff::exponential || algorithm == Backoff::fibonacci || algorithm == Backoff::decorrelated;
    if (grows_fast) k = std::min(k, oracle_end);
    Big before = 0;
    Big now = 1;
    switch (algorithm.curve()) {
        case Backoff::Curve::linear:
            return b * k;
        case Backoff::Curve::exponential:
            for (std::int64_t i = 1; i < k; ++i) now *= 2;
            return b * now;
        case Backoff::Curve::fibonacci:
            for (std::int64_t i = 1; i < k; ++i) {
                const Big next = before + now;
                before = now;
                now = next;
            }
            return b * now;
        case Backoff::Curve::decorrelated:
            for (std::int64_t i = 0; i < k; ++i) now *= 3;
            return b * now;
        case Backoff::Curve::range: {
            const Big min = algorithm.begin()->count();
            const Big max = algorithm.begin()[1].count();
            return n == 1 ? min : min + (max - min) * (std::min(k, n) - 1) / (n - 1);
        }
        case Backoff::Curve::sequence: {
            const auto size = static_cast<std::int64_t>(algorithm.size());
            return algorithm.begin()[std::min(k, size) - 1].count();
        }
        case Backoff::Curve::constant:
        case Backoff::Curve::custom:
            break;
    }
    return b;
}

const std::vector<Backoff>& curves() {
    static const std::vector<Backoff> all{Backoff::constant,
                                          Backoff::linear,
                                          Backoff::exponential,
                                          Backoff::fibonacci,
                                          Backoff::decorrelated,
                                          Backoff::range(1s, 60s),
                                          Backoff::range(7ns, 11ns),
                                          Backoff::range(Duration(), concur::never),
                                          Backoff::sequence({1s, 5s, 30s}),
                                          Backoff::sequence({3s})};
    return all;
}

std::vector<std::int64_t> retries_to_look_at() {
    std::vector<std::int64_t> all;
    for (std::int64_t k = 1; k <= 130; ++k) all.push_back(k);
    for (int power = 7; power <= 31; ++power)
        for (const std::int64_t around : {-1, 0, 1}) all.push_back((std::int64_t{1} << power) + around);
    all.push_back(INT64_MAX);
    std::sort(all.begin(), all.end());
    return all;
}

/// The largest distance between the distribution of samples and the uniform one on [low, high] (Kolmogorov, Smirnov).
double distance_from_uniform(std::vector<double> samples, double low, double high) {
    std::sort(samples.begin(), samples.end());
    double distance = 0;
    const auto count = static_cast<double>(samples.size());
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const double expected = (samples[i] - low) / (high - low);
        distance = std::max({distance, std::abs(expected - static_cast<double>(i) / count),
                             std::abs(expected - static_cast<double>(i + 1) / count)});
    }
    return distance;
}

// Critical value for p = 1e-6: a fixed seed passes for ever, and a wrong distribution does not.
double critical_distance(std::size_t count) { return 2.69 / std::sqrt(static_cast<double>(count)); }

std::vector<double> draw(const std::function<Duration(Random&)>& wait) {
    Random random(42);
    std::vector<double> samples;
    for (int i = 0; i < 20'000; ++i) samples.push_back(static_cast<double>(wait(random).count()));
    return samples;
}

void check_uniform(const std::vector<double>& samples, Duration low, Duration high) {
    const auto from = static_cast<double>(low.count());
    const auto to = static_cast<double>(high.count());
    CHECK(*std::min_element(samples.begin(), samples.end()) >= from);
    CHECK(*std::max_element(samples.begin(), samples.end()) <= to);
    CHECK(distance_from_uniform(samples, from, to) < critical_distance(samples.size()));
}

}  // namespace

TEST_CASE("every curve is right for every retry up to 2^31 and beyond", "[retry][R2]") {
    int wrong = 0;
    for (const Backoff& algorithm : curves())
        for (const Duration base :
             {Duration(), Duration(1ns), Duration(3ns), Duration(1s), Duration(24h), concur::never})
            for (const int n : {1, 2, 5, 100, concur::unlimited - 1}) {
                if (n > 1 && algorithm.curve() != Backoff::Curve::range) continue;
                const RetryNumbers numbers{.num_retries = n, .algorithm = algorithm, .wait = base};
                std::int64_t before = 0;
                for (const std::int64_t k : retries_to_look_at()) {
                    const std::int64_t wait = longest_wait(numbers, k).count();
                    wrong += wait != saturated(by_definition(algorithm, base.count(), k, n));
                    wrong += wait < before;  // monotone
                    before = wait;
                }
            }
    CHECK(wrong == 0);
}

TEST_CASE("no curve says more than the cap, and the cap changes nothing below it", "[retry][R3]") {
    int wrong = 0;
    for (const Backoff& algorithm : curves())
        for (const Duration cap : {Duration(), Duration(1ns), Duration(2s), Duration(61s), Duration(100h)}) {
            RetryNumbers numbers{.num_retries = 100, .algorithm = algorithm};
            for (const std::int64_t k : retries_to_look_at()) {
                numbers.max_wait = concur::never;
                const Duration uncapped = longest_wait(numbers, k);
                numbers.max_wait = cap;
                wrong += longest_wait(numbers, k) != std::min(uncapped, cap);
            }
        }
    CHECK(wrong == 0);
}

TEST_CASE("retries without end are capped at 60 s, unless retry_max_wait or a range says otherwise", "[retry][R1]") {
    RetryNumbers numbers{.num_retries = concur::unlimited};
    CHECK(longest_wait(numbers, 1'000'000) == 60s);
    numbers.algorithm = Backoff::sequence({10min});
    CHECK(longest_wait(numbers, 1) == 60s);
    numbers.max_wait = 10min;
    CHECK(longest_wait(numbers, 1) == 10min);
    numbers.max_wait = concur::never;
    numbers.algorithm = Backoff::range(1min, 5min);
    CHECK(longest_wait(numbers, 7) == 5min);
    numbers.num_retries = concur::unlimited - 1;
    numbers.algorithm = Backoff::exponential;
    CHECK(longest_wait(numbers, 7) == 64s);
}

TEST_CASE("a range is walked evenly over all retries, and is random where they have no end", "[retry][R2]") {
    Random random(1);
    RetryNumbers numbers{.num_retries = 4, .algorithm = Backoff::range(1s, 10s), .jitter = Jitter::none};
    std::vector<Duration> waits;
    for (int k = 1; k <= 6; ++k) waits.push_back(curve_wait(numbers, k, {}, random));
    CHECK(waits == std::vector<Duration>{1s, 4s, 7s, 10s, 10s, 10s});
    numbers.num_retries = 1;
    CHECK(curve_wait(numbers, 1, {}, random) == 1s);
    numbers.num_retries = concur::unlimited;
    check_uniform(draw([&](Random& source) { return curve_wait(numbers, 3, {}, source); }), 1s, 10s);
    numbers.algorithm = Backoff::range(5s, 5s);
    CHECK(curve_wait(numbers, 9, {}, random) == 5s);
}

TEST_CASE("a decorrelated wait is random between the base and three times the wait before", "[retry][R2]") {
    RetryNumbers numbers{.num_retries = 9, .algorithm = Backoff::decorrelated, .wait = 1s, .max_wait = 20s};
    check_uniform(draw([&](Random& random) { return curve_wait(numbers, 1, {}, random); }), 1s, 3s);
    check_uniform(draw([&](Random& random) { return curve_wait(numbers, 2, 2s, random); }), 1s, 6s);
    check_uniform(draw([&](Random& random) { return curve_wait(numbers, 8, 19s, random); }), 1s, 20s);
    numbers.max_wait = 300ms;
    Random random(3);
    CHECK(curve_wait(numbers, 1, {}, random) == 300ms);
    numbers.wait = Duration();
    CHECK(curve_wait(numbers, 5, Duration(), random) == 0s);
    numbers = {.num_retries = 9, .algorithm = Backoff::decorrelated, .wait = concur::never};
    CHECK(curve_wait(numbers, 2, concur::never, random) == concur::never);
}

TEST_CASE("each jitter is uniform in its interval", "[retry][R3]") {
    const Duration c = 1001ms;
    RetryNumbers numbers;
    const auto final = [&](Random& random) { return final_wait(numbers, c, random); };
    numbers.jitter = Jitter::full;
    check_uniform(draw(final), 0s, c);
    numbers.jitter = Jitter::equal;
    check_uniform(draw(final), 500'500us, c);
    numbers.jitter = Jitter::proportional(0.25);
    check_uniform(draw(final), 750'750us, c);
    numbers.jitter = Jitter::none;
    const auto fixed = draw(final);
    CHECK(std::count(fixed.begin(), fixed.end(), static_cast<double>(c.count())) == 20'000);
    // That the test can tell: this is not uniform in [0, c].
    numbers.jitter = Jitter::proportional(0.9);
    CHECK(distance_from_uniform(draw(final), 0, static_cast<double>(c.count())) > critical_distance(20'000));
}

TEST_CASE("jitter comes after the cap, and retry_min_wait after jitter", "[retry][R3]") {
    RetryNumbers numbers{.num_retries = 50, .max_wait = 5s, .jitter = Jitter::full};
    // A cap that came last would make nearly all waits of 2^39 s the cap itself.
    check_uniform(
        draw([&](Random& random) { return final_wait(numbers, curve_wait(numbers, 40, {}, random), random); }), 0s, 5s);
    numbers.min_wait = 2s;
    const auto waits = draw([&](Random& random) { return final_wait(numbers, 5s, random); });
    CHECK(*std::min_element(waits.begin(), waits.end()) == 2e9);
    const auto at_least = std::count(waits.begin(), waits.end(), 2e9);
    CHECK(at_least > 7'000);
    CHECK(at_least < 9'000);
    Random random(5);
    CHECK(final_wait({.jitter = Jitter::none}, concur::never, random) == concur::never);
    for (int i = 0; i < 1000; ++i) {
        const Duration wait = final_wait({.jitter = Jitter::proportional(0.1)}, concur::never, random);
        REQUIRE(wait >= Duration::of_nanoseconds(INT64_MAX / 10 * 8));
    }
    CHECK(final_wait({.jitter = Jitter::full}, Duration(), random) == 0s);
}

#include "concur/retry/retry_numbers.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace concur::detail {
namespace {

using Curve = Backoff::Curve;

Duration uniform(Duration low, Duration high, Random& random) noexcept {
    const auto width = static_cast<std::uint64_t>(high.count() - low.count());
    return Duration::of_nanoseconds(low.count() + static_cast<std::int64_t>(random.up_to(width)));
}

// The first n for which `of(n)` does not fit is where multiples of anything but zero saturate.
constexpr std::int64_t saturated = INT64_MAX;

constexpr std::int64_t power_of_two(std::int64_t exponent) noexcept {
    return exponent < 63 ? std::int64_t{1} << exponent : saturated;
}

template <std::size_t size, class Next>
constexpr std::array<std::int64_t, size> series(std::int64_t first, std::int64_t second, Next next) {
    std::array<std::int64_t, size> numbers{first, second};
    for (std::size_t i = 2; i < size; ++i) numbers[i] = next(numbers[i - 2], numbers[i - 1]);
    return numbers;
}
// F(92) and 3^39 are the last ones below 2^63.
constexpr auto fibonacci_numbers = series<93>(0, 1, [](std::int64_t a, std::int64_t b) { return a + b; });
constexpr auto powers_of_three = series<40>(1, 3, [](std::int64_t, std::int64_t last) { return last * 3; });

template <std::size_t size>
std::int64_t nth(const std::array<std::int64_t, size>& numbers, std::int64_t n) noexcept {
    return n < static_cast<std::int64_t>(size) ? numbers[static_cast<std::size_t>(n)] : saturated;
}

bool is_random_range(const RetryNumbers& numbers) noexcept {
    return numbers.algorithm.curve() == Curve::range && numbers.num_retries == unlimited;
}

// Evenly from the one bound to the other, rounded down to nanoseconds.
Duration step_of_range(const RetryNumbers& numbers, std::int64_t k) noexcept {
    __extension__ using Wide = __int128;
    const Duration min = *numbers.algorithm.begin();
    const Duration max = *(numbers.algorithm.end() - 1);
    if (numbers.num_retries == unlimited) return max;
    const std::int64_t steps = std::int64_t{numbers.num_retries} - 1;
    if (steps <= 0) return min;
    const Wide width = max.count() - min.count();
    return min + Duration::of_nanoseconds(static_cast<std::int64_t>(width * std::min(k - 1, steps) / steps));
}

Duration longest_uncapped(const RetryNumbers& numbers, std::int64_t k) noexcept {
    const Backoff& algorithm = numbers.algorithm;
    switch (algorithm.curve()) {
        case Curve::linear:
            return numbers.wait * k;
        case Curve::exponential:
            return numbers.wait * power_of_two(k - 1);
        case Curve::fibonacci:
            return numbers.wait * nth(fibonacci_numbers, k);
        case Curve::decorrelated:
            return numbers.wait * nth(powers_of_three, k);
        case Curve::range:
            return step_of_range(numbers, k);
        case Curve::sequence:
            return algorithm.begin()[std::min(k, static_cast<std::int64_t>(algorithm.size())) - 1];
        case Curve::constant:
        case Curve::custom:
            break;
    }
    return numbers.wait;
}

}  // namespace

Duration cap_of(const RetryNumbers& numbers) noexcept {
    constexpr Duration cap_without_end = std::chrono::seconds(60);
    if (numbers.max_wait != never || numbers.num_retries != unlimited) return numbers.max_wait;
    return numbers.algorithm.curve() == Curve::range ? never : cap_without_end;
}

Duration longest_wait(const RetryNumbers& numbers, std::int64_t k) noexcept {
    return std::min(longest_uncapped(numbers, k), cap_of(numbers));
}

Duration curve_wait(const RetryNumbers& numbers, std::int64_t k, Duration previous, Random& random) noexcept {
    const Duration cap = cap_of(numbers);
    if (is_random_range(numbers))
        return std::min(uniform(*numbers.algorithm.begin(), longest_uncapped(numbers, k), random), cap);
    if (numbers.algorithm.curve() != Curve::decorrelated) return longest_wait(numbers, k);
    const Duration high = std::min(cap, (k == 1 ? numbers.wait : previous) * 3);
    return uniform(std::min(numbers.wait, high), high, random);
}

Duration final_wait(const RetryNumbers& numbers, Duration capped, Random& random) noexcept {
    // Rounded down, and in a type that holds all of it exactly: no part is larger than the whole.
    const auto share = static_cast<long double>(numbers.jitter.share());
    const auto part = static_cast<std::int64_t>(std::floor(static_cast<long double>(capped.count()) * share));
    const Duration left_to_chance = Duration::of_nanoseconds(std::min(part, capped.count()));
    return std::max(uniform(capped - left_to_chance, capped, random), numbers.min_wait);
}

}  // namespace concur::detail

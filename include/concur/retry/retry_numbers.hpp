/// The numbers of a retry policy, and the waits that follow from them. Pure: what is random is passed in.
#pragma once

#include <chrono>
#include <cstdint>

#include "concur/core/duration.hpp"
#include "concur/retry/backoff.hpp"
#include "concur/retry/jitter.hpp"
#include "concur/retry/random.hpp"

namespace concur::detail {

/// Options that have been checked and filled in, see docs/reference/options.md.
struct RetryNumbers {
    int num_retries = 0;
    Backoff algorithm = Backoff::exponential;
    Duration wait = std::chrono::seconds(1);
    Duration min_wait{};
    /// `never`: none was given; see cap_of().
    Duration max_wait = never;
    Jitter jitter = Jitter::full;
    Duration after_max = std::chrono::seconds(60);
    int history = 16;
    Duration call_timeout = never;
    Duration attempt_timeout = never;
    bool attempt_timeout_hard = false;
};

// k is the number of the retry, from 1: its wait comes after attempt k. Right for every k, and as fast for a large one.

/// No wait of the curve is longer. 60 s for retries without end that have neither `retry_max_wait` nor a range.
[[nodiscard]] Duration cap_of(const RetryNumbers& numbers) noexcept;

/// What the curve says, capped; of a curve that is random itself, the longest it may say. A custom one says
/// `retry_wait` here.
[[nodiscard]] Duration longest_wait(const RetryNumbers& numbers, std::int64_t k) noexcept;

/// What the curve says, capped, where chance is part of the curve. `previous` is what it said for k - 1.
[[nodiscard]] Duration curve_wait(const RetryNumbers& numbers, std::int64_t k, Duration previous,
                                  Random& random) noexcept;

/// From what the curve says, capped already, to the wait itself: jitter, then `retry_min_wait`.
[[nodiscard]] Duration final_wait(const RetryNumbers& numbers, Duration capped, Random& random) noexcept;

}  // namespace concur::detail

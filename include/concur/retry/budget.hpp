/// A bound on what retries may add to the load of something that is in trouble.
#pragma once

#include <memory>

#include "concur/core/clock.hpp"

namespace concur {

/// A budget of tokens that calls earn and retries spend, `retry_budget(budget)`. Copies share it, so that one budget
/// can be given to all workers that call the same service. A retry without a token does not happen: the call ends with
/// its last error, `stop_reason` budget.
///
/// Each call earns `ratio` of a token, which it keeps for ten seconds (to the second). Besides, `min_per_second` tokens
/// come with time, so that few calls can retry, too; they are kept for one second, and at least one is (unless it is
/// 0). So with the default an outage multiplies the load by 1.2 at most, and not by the number of retries.
///
/// Whole numbers throughout: parts of a token are counted to the millionth. ConfigError for what is negative, not a
/// number, or beyond a ratio of 1000 or a million per second. Any thread; a forked child begins with a full one of its
/// own. After Finagle's RetryBudget (Twitter, 2015).
class RetryBudget {
public:
    explicit RetryBudget(double ratio = 0.2, double min_per_second = 10);

    // For the library.

    /// A call begins.
    void add_call(detail::TimePoint now) const;
    /// False if no token is left for a retry.
    [[nodiscard]] bool take_token(detail::TimePoint now) const;

    friend bool operator==(const RetryBudget&, const RetryBudget&) noexcept = default;

private:
    class State;
    std::shared_ptr<State> state_;
};

}  // namespace concur

#include "concur/retry/budget.hpp"

#include <fmt/format.h>

#include <atomic>
#include <cmath>
#include <mutex>

#include "concur/core/errors.hpp"
#include "concur/core/fork.hpp"
#include "retry/budget_tokens.hpp"

namespace concur {
namespace {

std::int64_t checked_millionths(const char* what, double value, double most) {
    if (!(value >= 0 && value <= most))
        throw ConfigError("RetryBudget", fmt::format("{} {} is not allowed; 0 to {}", what, value, most));
    return std::llround(value * static_cast<double>(detail::BudgetTokens::millionths));
}

}  // namespace

class RetryBudget::State {
public:
    State(std::int64_t per_call, std::int64_t per_second)
        : per_call_{per_call}, per_second_{per_second}, current_{make_generation(nullptr)} {}
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() { delete current_.load(std::memory_order_acquire); }

    template <class F>
    auto locked(F f) {
        Generation& generation = of_this_process();
        const std::lock_guard lock(generation.mutex);
        return f(generation.tokens);
    }

private:
    // A child of a fork may find the mutex taken by a thread that it does not have, so it makes another one. The old
    // one is kept, because a thread of the child that was forked in between may look at it.
    struct Generation {
        const std::uint32_t number;
        detail::BudgetTokens tokens;
        std::unique_ptr<Generation> of_parent;
        std::mutex mutex{};
    };

    Generation* make_generation(Generation* of_parent) const {
        return new Generation{detail::fork_generation(), detail::BudgetTokens(per_call_, per_second_),
                              std::unique_ptr<Generation>(of_parent)};
    }

    // Acquire and release: who finds the pointer finds what it points to.
    Generation& of_this_process() {
        Generation* found = current_.load(std::memory_order_acquire);
        while (found->number != detail::fork_generation()) {
            Generation* fresh = make_generation(found);
            if (current_.compare_exchange_strong(found, fresh, std::memory_order_acq_rel)) return *fresh;
            static_cast<void>(fresh->of_parent.release());
            delete fresh;
        }
        return *found;
    }

    const std::int64_t per_call_;
    const std::int64_t per_second_;
    std::atomic<Generation*> current_;
};

RetryBudget::RetryBudget(double ratio, double min_per_second)
    : state_{std::make_shared<State>(checked_millionths("a ratio of", ratio, 1000),
                                     checked_millionths("a minimum per second of", min_per_second, 1e6))} {}

void RetryBudget::add_call(detail::TimePoint now) const {
    state_->locked([now](detail::BudgetTokens& tokens) { tokens.add_call(now); });
}

bool RetryBudget::take_token(detail::TimePoint now) const {
    return state_->locked([now](detail::BudgetTokens& tokens) { return tokens.take(now); });
}

}  // namespace concur

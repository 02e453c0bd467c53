#include "concur/limits/limit.hpp"

#include <fmt/format.h>

#include "concur/core/errors.hpp"
#include "concur/core/text.hpp"
#include "concur/limits/limit_requests.hpp"
#include "limits/checked.hpp"

namespace concur {
namespace detail {

Amount checked_amount(const std::string& option, double value) {
    const Amount amount = to_thousandths(value);
    if (amount < 1 || amount > most_amount)
        throw ConfigError(option, fmt::format("{} is not allowed; a number from 0.001 to 4e15 is", text_of(value)));
    return amount;
}

Duration checked_window(Duration window) {
    if (window.is_nan() || window <= Duration())
        throw ConfigError("window", text_of(window) + " is not allowed; a time above 0 is");
    return window;
}

Duration checked_timeout(Duration timeout) {
    if (timeout.is_nan()) throw ConfigError("timeout", "it is not a number");
    return timeout;
}

}  // namespace detail

Limit::Limit(std::string key, double capacity)
    : key_{std::move(key)}, capacity_{detail::checked_amount("capacity", capacity)}, burst_{capacity_} {
    if (key_.empty() || key_.size() > 0xffff) throw ConfigError("key", "a limit needs a name, of at most 65535 bytes");
}

Limit::Limit(Kind kind, std::string key, double capacity, Duration window, RateAlgorithm algorithm, RateOptions options)
    : Limit(std::move(key), capacity) {
    kind_ = kind;
    window_ = detail::checked_window(window);
    algorithm_ = algorithm;
    pace_ = options.pace;
    if (pace_ && algorithm != RateAlgorithm::leaky_bucket)
        throw ConfigError("pace", fmt::format("{} does not know it; leaky_bucket does", to_string(algorithm)));
    if (options.burst == 0) return;
    if (pace_) throw ConfigError("burst", "what is paced has none");
    if (algorithm == RateAlgorithm::sliding_window || algorithm == RateAlgorithm::fixed_window)
        throw ConfigError(
            "burst", fmt::format("{} does not know it; token_bucket, gcra and leaky_bucket do", to_string(algorithm)));
    burst_ = detail::checked_amount("burst", options.burst);
}

double Limit::capacity() const noexcept { return detail::to_units(capacity_); }
double Limit::most() const noexcept { return detail::to_units(burst_); }

}  // namespace concur

#include "concur/testing/manual_clock.hpp"

#include <fmt/format.h>

#include "concur/core/text.hpp"
#include "concur/future/state.hpp"
#include "testing/manual_time.hpp"

namespace concur::testing {

ManualClock::ManualClock() : ManualClock(ManualClockOptions()) {}
ManualClock::ManualClock(ManualClockOptions options) : time_(new detail::ManualTime(options.seed)) {}
ManualClock::~ManualClock() = default;

ManualClock::operator TimeSource() const { return TimeSource(detail::IntrusivePtr<detail::Clock>(time_.get())); }

void ManualClock::advance(Duration time) {
    if (time.is_nan()) throw ConfigError("advance", "not a number is not allowed; 0 or more");
    if (time < Duration())
        throw ConfigError("advance",
                          fmt::format("{} is not allowed; time does not go back, 0 or more", detail::text_of(time)));
    time_->refuse_if_forked();
    time_->advance(time);
}

bool ManualClock::advance_to_next() {
    time_->refuse_if_forked();
    return time_->advance_to_next();
}

void ManualClock::settle() {
    time_->refuse_if_forked();
    time_->settle();
}

Duration ManualClock::elapsed() const { return time_->elapsed(); }
std::chrono::steady_clock::time_point ManualClock::now() const { return time_->now(); }

void ManualClock::throw_no_progress() {
    throw NoProgressError(
        "no worker on this clock can move, and no timer is left: what run_until() waits for never happens; look for a "
        "promise that is not set, a call that nobody makes, or a worker on another clock");
}

}  // namespace concur::testing

#include "concur/limits/limit_set.hpp"

#include "limits/checked.hpp"
#include "limits/limit_core.hpp"

namespace concur {

using detail::checked_timeout;
using detail::NotNow;
using detail::WaitLimits;

namespace {

detail::LimitCore& make_core(const Limit* limits, std::size_t count, LimitSetOptions options) {
    if (count == 0) throw ConfigError("limits", "a LimitSet needs at least one limit");
    return *new detail::LimitCore(limits, count, std::move(options));
}

}  // namespace

LimitSet::LimitSet(std::initializer_list<Limit> limits, LimitSetOptions options)
    : LimitSet(make_core(limits.begin(), limits.size(), std::move(options))) {}

LimitSet::LimitSet(const std::vector<Limit>& limits, LimitSetOptions options)
    : LimitSet(make_core(limits.data(), limits.size(), std::move(options))) {}

LimitSet::LimitSet(detail::LimitCore& core) noexcept : core_{&core} { core_->add_ref(); }

LimitSet::LimitSet(const LimitSet& other) noexcept : core_{other.core_} {
    if (core_) core_->add_ref();
}

LimitSet::~LimitSet() {
    if (core_) core_->release();
}

detail::LimitCore& LimitSet::core() const {
    if (!core_) throw NoStateError("this LimitSet was moved from");
    return *core_;
}

Acquisition LimitSet::acquire(const LimitRequests& requested) {
    Acquisition result;
    if (!core().take_at_once(requested, result, NotNow::waits)) wait_for_grant(core(), requested, WaitLimits{}, result);
    return result;
}

Acquisition LimitSet::acquire(const LimitRequests& requested, Duration timeout) {
    const WaitLimits until{.timeout = checked_timeout(timeout)};
    Acquisition result;
    if (!core().take_at_once(requested, result, NotNow::waits)) wait_for_grant(core(), requested, until, result);
    return result;
}

Acquisition LimitSet::acquire(const LimitRequests& requested, std::chrono::steady_clock::time_point deadline) {
    Acquisition result;
    if (!core().take_at_once(requested, result, NotNow::waits))
        wait_for_grant(core(), requested, WaitLimits{.deadline = deadline}, result);
    return result;
}

Acquisition LimitSet::acquire(const LimitRequests& requested, const StopToken& stop) {
    Acquisition result;
    if (!core().take_at_once(requested, result, NotNow::waits))
        wait_for_grant(core(), requested, WaitLimits{.stop = stop}, result);
    return result;
}

Acquisition LimitSet::try_acquire(const LimitRequests& requested) {
    Acquisition result;
    static_cast<void>(core().take_at_once(requested, result, NotNow::refused));
    return result;
}

Duration LimitSet::estimate(const LimitRequests& requested) const { return core().estimate(requested); }

void LimitSet::reconfigure(std::string_view key, double capacity, std::optional<Duration> window) {
    core().reconfigure(key, capacity, window);
}

LimitStats LimitSet::stats(std::string_view key) const { return core().stats(key); }

std::vector<std::pair<std::string, LimitStats>> LimitSet::stats() const { return core().stats(); }

std::string_view LimitSet::tag() const noexcept { return core_ ? std::string_view(core_->tag()) : ""; }
std::int64_t LimitSet::data() const noexcept { return core_ ? core_->data() : 0; }

}  // namespace concur

#include "limits/limit_state.hpp"

#include <algorithm>

#include "concur/core/errors.hpp"
#include "limits/checked.hpp"

namespace concur::detail {

static_assert(sizeof(LimitState) <= 112, "B19: with its line in the queue and its key, 128");

LimitState::~LimitState() {
    if (form_ == Form::sliding) delete[] log_;
    if (form_ == Form::bucket) delete lows_;
}

void LimitState::set_up(const Limit& limit) noexcept {
    key_size_ = static_cast<std::uint16_t>(limit.key().size());
    rule_.capacity = to_thousandths(limit.capacity());
    rule_.burst = limit.pace() ? 0 : to_thousandths(limit.most());
    rule_.window = limit.window().count();
    automatic_ = limit.kind() == Limit::Kind::calls;
    if (limit.kind() == Limit::Kind::resource) return;
    switch (limit.algorithm()) {
        case RateAlgorithm::sliding_window:
            form_ = Form::sliding;
            sliding_ = {};
            log_ = nullptr;
            break;
        case RateAlgorithm::fixed_window:
            form_ = Form::fixed;
            fixed_ = {};
            break;
        case RateAlgorithm::token_bucket:
        case RateAlgorithm::gcra:
        case RateAlgorithm::leaky_bucket:
            form_ = Form::bucket;
            bucket_ = {};
            break;
    }
}

bool LimitState::rate_fits(Ticks now, Amount amount) noexcept {
    switch (form_) {
        case Form::bucket:
            return bucket_.fits(rule_, now, amount);
        case Form::fixed:
            return fixed_.fits(rule_, now, amount);
        default:
            return sliding_.fits(rule_, log_, now, amount);
    }
}

void LimitState::charge(Ticks now, Holding& holding) noexcept {
    switch (form_) {
        case Form::bucket:
            if (!lows_) lows_ = new LowLevels;
            holding.mark = bucket_.charge(rule_, *lows_, now, holding.amount);
            break;
        case Form::fixed:
            holding.mark = fixed_.charge(rule_, now, holding.amount);
            break;
        default:
            if (sliding_.is_full()) grow_log();
            holding.mark = sliding_.charge(rule_, log_, now, holding.amount);
    }
}

void LimitState::update(Ticks now, Holding& holding, Amount used) noexcept {
    holding.updated = true;
    if (used > holding.amount) {
        const Amount extra = used - holding.amount;
        debt = std::min(debt + extra, most_amount);
        switch (form_) {
            case Form::bucket:
                bucket_.owe(rule_, *lows_, now, extra);
                break;
            case Form::fixed:
                fixed_.owe(rule_, now, extra);
                break;
            default:
                if (sliding_.is_full()) grow_log();
                sliding_.owe(rule_, log_, now, extra);
        }
    } else if (used < holding.amount) {
        Amount back = holding.amount - used;
        switch (form_) {
            case Form::permits:
                in_use_ -= back;
                break;
            case Form::bucket:
                back = bucket_.refund(rule_, *lows_, now, holding.mark, holding.amount, used);
                break;
            case Form::fixed:
                back = fixed_.refund(rule_, now, holding.mark, holding.amount, used);
                break;
            case Form::sliding:
                back = sliding_.refund(rule_, log_, now, holding.mark, holding.amount, used);
                break;
        }
        refunded = std::min(refunded + back, most_amount);
    }
    holding.amount = used;
}

Ticks LimitState::earliest(Ticks now, Amount amount) noexcept {
    if (amount > rule_.most()) return never_ticks;
    switch (form_) {
        case Form::permits:
            return fits(now, amount) ? now : never_ticks;
        case Form::bucket:
            return bucket_.earliest(rule_, now, amount);
        case Form::fixed:
            return fixed_.earliest(rule_, now, amount);
        default:
            return sliding_.earliest(rule_, log_, now, amount);
    }
}

Amount LimitState::in_use(Ticks now) noexcept {
    switch (form_) {
        case Form::permits:
            return in_use_;
        case Form::bucket:
            return bucket_.used(rule_, now);
        case Form::fixed:
            return fixed_.used(rule_, now);
        default:
            return sliding_.used(rule_, log_, now);
    }
}

Amount LimitState::available(Ticks now) noexcept {
    const Amount used = in_use(now);
    // What is paced is available or not.
    if (rule_.paces()) return used > 0 ? 0 : rule_.capacity;
    return std::max<Amount>(rule_.burst - used, 0);
}

RateRule LimitState::changed_rule(double capacity, std::optional<Duration> window) const {
    RateRule rule = rule_;
    rule.capacity = checked_amount("capacity", capacity);
    if (rule_.burst == rule_.capacity) rule.burst = rule.capacity;
    if (!window) return rule;
    if (form_ == Form::permits) throw ConfigError("window", "a ResourceLimit has none; its permits are given back");
    rule.window = checked_window(*window).count();
    return rule;
}

void LimitState::reconfigure(Ticks now, const RateRule& rule) noexcept {
    if (form_ == Form::bucket && lows_) bucket_.reconfigure(rule_, rule, *lows_, now);
    if (form_ == Form::fixed) fixed_.reconfigure(rule_, now);
    rule_ = rule;
}

void LimitState::grow_log() {
    const std::uint32_t room = sliding_.room == 0 ? 8 : sliding_.room * 2;
    auto* log = new LogEntry[room];
    for (std::uint32_t i = 0; i < sliding_.size; ++i) log[i] = log_[(sliding_.first + i) & (sliding_.room - 1)];
    delete[] log_;
    log_ = log;
    sliding_.first = 0;
    sliding_.room = room;
}

}  // namespace concur::detail

#include "concur/retry/retry_functions.hpp"

#include <algorithm>

namespace concur::detail {
namespace {

using Rules = std::vector<std::shared_ptr<const ErrorRule>>;

template <class... Listed>
bool is_one_of(const std::exception& error, TypeList<Listed...>*) noexcept {
    return ((dynamic_cast<const Listed*>(&error) != nullptr) || ...);
}

ErrorVerdict judge_standard(std::exception& error, const RetryFunctions& functions, const Judging& judging) {
    ErrorVerdict verdict;
    const bool refused = is_refusal(error);
    verdict.retryable = functions.filters.empty() && !refused;
    for (const auto& filter : functions.filters)
        if ((!refused || filter->is_for_refusals()) && filter->apply(error, verdict, judging)) break;
    if (verdict.retryable)
        for (const auto& hint : functions.error_hints) hint->apply(error, verdict, judging);
    return verdict;
}

/// Throws an exception through the handlers of all rules; the first rule's are reached first. One that is derived from
/// std::exception does not get that far: for those the rules need no handlers.
class ThroughRules final : public ForeignError {
public:
    ThroughRules(const Rules& rules, const RetryFunctions& functions, const std::exception_ptr& error,
                 const Judging& judging)
        : rules_{rules}, functions_{functions}, error_{error}, judging_{judging}, left_{rules.size()} {}

    /// False if the exception is a foreign one.
    [[nodiscard]] bool find_standard(ErrorVerdict& verdict) {
        verdict_ = &verdict;
        try {
            look();
        } catch (...) {  // no rule is about it
        }
        return is_standard_;
    }

    bool look() override {
        if (left_ != 0) return rules_[--left_]->apply(*this, *verdict_, judging_);
        try {
            std::rethrow_exception(error_);
        } catch (std::exception& standard) {
            is_standard_ = true;
            *verdict_ = judge_standard(standard, functions_, judging_);
            return true;
        }
    }

private:
    const Rules& rules_;
    const RetryFunctions& functions_;
    const std::exception_ptr& error_;
    const Judging& judging_;
    ErrorVerdict* verdict_ = nullptr;
    std::size_t left_;
    bool is_standard_ = false;
};

}  // namespace

bool is_refusal(const std::exception& error) noexcept { return is_one_of(error, static_cast<Refusals*>(nullptr)); }

std::string text_of_current_exception() {
    try {
        throw;
    } catch (const std::exception& error) {
        return error.what();
    } catch (...) {
        return "the validator threw what is no std::exception";
    }
}

void ThrownOnce::warn(const Judging& judging, std::string_view message) const noexcept {
    if (warned_.exchange(true, std::memory_order_relaxed)) return;
    tell_warning(judging.observer, {WarningKind::hook_error, judging.attempt.worker_name, judging.attempt.method_name,
                                    message, std::current_exception()});
}

void RetryFunctions::take(const RetryFunctions& stronger) {
    const auto take_list = [](auto& list, const auto& other) {
        if (!other.empty()) list = other;
    };
    take_list(filters, stronger.filters);
    take_list(validators, stronger.validators);
    // One setter fills both.
    if (!stronger.error_hints.empty() || !stronger.result_hints.empty()) {
        error_hints = stronger.error_hints;
        result_hints = stronger.result_hints;
    }
    if (stronger.backoff) backoff = stronger.backoff;
    if (stronger.budget) budget = stronger.budget;
}

ErrorVerdict RetryFunctions::judge(const std::exception_ptr& error, const Judging& judging) const {
    ErrorVerdict verdict;
    const bool is_standard = ThroughRules(filters, *this, error, judging).find_standard(verdict);
    if (!is_standard && verdict.retryable && !error_hints.empty())
        static_cast<void>(ThroughRules(error_hints, *this, error, judging).find_standard(verdict));
    return verdict;
}

// A backoff is asked only between two attempts, when the arguments are there anyway.
bool RetryFunctions::ask_for_attempt() const noexcept {
    const auto some = [](const auto& rules) {
        return std::any_of(rules.begin(), rules.end(), [](const auto& rule) { return rule->asks_for_attempt(); });
    };
    return some(filters) || some(error_hints) || some(validators) || some(result_hints);
}

void RetryFunctions::note_type(const std::type_info& type) const noexcept {
    for (const auto& validator : validators) validator->note_type(type);
}

ResultVerdict RetryFunctions::judge_bare(const void* result, const std::type_info& type, const Judging& judging) const {
    ResultVerdict verdict;
    const auto apply = [&](const auto& rules) {
        for (const auto& rule : rules)
            if (rule->type() == type) rule->apply(result, verdict, judging);
    };
    apply(validators);
    if (!verdict.accepted()) apply(result_hints);
    return verdict;
}

}  // namespace concur::detail

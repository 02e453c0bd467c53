/// The functions of a retry policy: filters, validators, hints, a backoff of one's own; and its budget.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "concur/retry/backoff.hpp"
#include "concur/retry/budget.hpp"
#include "concur/retry/error_rule.hpp"
#include "concur/retry/result_rule.hpp"

namespace concur::detail {

/// A value; the functions themselves are shared by its copies.
struct RetryFunctions {
    std::vector<std::shared_ptr<const ErrorRule>> filters{};
    std::vector<std::shared_ptr<const ErrorRule>> error_hints{};
    std::vector<std::shared_ptr<const ResultRule>> validators{};
    std::vector<std::shared_ptr<const ResultRule>> result_hints{};
    std::shared_ptr<const BackoffFunction> backoff{};
    std::optional<RetryBudget> budget{};

    /// What the other one has replaces what is here: a method's list that of its worker, a policy's that of before.
    void take(const RetryFunctions& stronger);

    /// Asks filters and hints about an exception, which is thrown once for all of them. (One that is not derived from
    /// std::exception is thrown again for the hints, and wherever a predicate that takes its type says no.) Without
    /// filters: any std::exception may be retried that is no refusal.
    [[nodiscard]] ErrorVerdict judge(const std::exception_ptr& error, const Judging& judging) const;

    /// Whether one of them may ask for the arguments of a call.
    [[nodiscard]] bool ask_for_attempt() const noexcept;

    /// A call that gives results of that type begins: its validators are no idle ones, however it ends.
    void note_type(const std::type_info& type) const noexcept;

    /// Asks validators and, about a result that they reject, hints; those that are about results of type R.
    template <class R>
    [[nodiscard]] ResultVerdict judge_result(const R& result, const Judging& judging) const {
        return judge_bare(&result, typeid(R), judging);
    }
    [[nodiscard]] ResultVerdict judge_bare(const void* result, const std::type_info& type,
                                           const Judging& judging) const;
};

}  // namespace concur::detail

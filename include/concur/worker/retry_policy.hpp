/// A retry policy as a value: `RetryPolicy`.
#pragma once

#include <cstdint>

#include "concur/retry/retry_course.hpp"
#include "concur/worker/retry_setters.hpp"

namespace concur {

namespace detail {

/// Fills in what was not set, from the library's own defaults. Throws ConfigError.
[[nodiscard]] RetryRules resolve_policy(const RetryPolicy& policy);

}  // namespace detail

/// Everything about retries, once, for many workers and methods, or for `concur::retry`. A value: every setter returns
/// a changed copy. The setters are those of a worker's builder. Nothing is checked before the policy is used
/// (ConfigError).
///
///     const auto policy = concur::RetryPolicy().num_retries(4).retry_wait(200ms).retry_on<HttpError>();
class [[nodiscard("setters return a changed copy of the policy")]] RetryPolicy
    : public detail::RetrySetters<RetryPolicy> {
public:
    RetryPolicy() = default;

    /// Whether later calls wait for one that is being retried. Default: as its worker has it.
    RetryPolicy retry_order(RetryOrder order) const { return with<&Settings::retry_order>(order); }
    RetryPolicy retry_order(detail::OptionText text) const { return with_text<&Settings::retry_order>(text); }

    /// How long the call waits after its kth attempt, by its curve and `retry_max_wait`, before chance,
    /// `retry_min_wait` and servers have their say. Of a curve that is random itself the longest it can be; of a custom
    /// one, which would want an attempt, `retry_wait`. Throws ConfigError for k < 1, and for options that are not
    /// allowed.
    [[nodiscard]] Duration wait(std::int64_t k) const;

private:
    template <class Builder>
    friend class detail::RetryValueSetters;
    template <class Builder>
    friend class detail::RetrySetters;
    friend detail::RetryRules detail::resolve_policy(const RetryPolicy& policy);

    template <auto option, class Value>
    RetryPolicy with(const Value& value) const {
        RetryPolicy changed = *this;
        changed.values_.settings.*option = value;
        changed.values_.forget_text(detail::option_name<option>);
        return changed;
    }
    template <auto option>
    RetryPolicy with_text(detail::OptionText text) const {
        RetryPolicy changed = *this;
        changed.values_.set_text(detail::option_name<option>, text.view());
        return changed;
    }
    RetryPolicy with_taken(const detail::OptionValues& values, const detail::RetryFunctions& functions) const {
        RetryPolicy changed = *this;
        changed.values_.take(values);
        changed.functions_.take(functions);
        return changed;
    }
    template <class Change>
    RetryPolicy with_changed_functions(Change change) const {
        RetryPolicy changed = *this;
        change(changed.functions_);
        return changed;
    }

    detail::OptionValues values_;
    detail::RetryFunctions functions_;
};

template <class Builder>
Builder detail::RetrySetters<Builder>::retry(const RetryPolicy& policy) const {
    return self().with_taken(policy.values_, policy.functions_);
}

}  // namespace concur

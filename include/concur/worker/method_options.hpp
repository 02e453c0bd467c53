/// Options of one method: what `Options::method<&T::m>` passes to its function.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "concur/call/call_policy.hpp"
#include "concur/worker/limit_setters.hpp"
#include "concur/worker/option_values.hpp"
#include "concur/worker/proxy.hpp"
#include "concur/worker/retry_setters.hpp"

namespace concur::detail {

/// What a builder has been told about one method, untyped.
struct MethodState {
    std::shared_ptr<const NamedMethod> method;
    OptionValues values;
    RetryFunctions functions;
    MethodLimits limits;
};

template <auto method>
std::shared_ptr<const NamedMethod> name_method() {
    return std::make_shared<NamedMethodOf<std::remove_const_t<decltype(method)>>>(info_of<method>, method);
}

template <class T, auto method>
using TargetOf = MethodTarget<T, std::remove_const_t<decltype(method)>>;

/// Setters for one method: those of a retry policy, and of what its calls take of limits. Here they change the object
/// itself, and may be chained.
template <class T, auto method>
class MethodOptions : public RetrySetters<MethodOptions<T, method>>,
                      public LimitSetters<MethodOptions<T, method>, method, TargetOf<T, method>> {
    using Target = TargetOf<T, method>;
    using Value = CallResult<typename Target::Result>;

public:
    explicit MethodOptions(MethodState& state) noexcept : state_{&state} {}

    /// As for a worker, but checked at compile time: it takes the result of the method, and may be generic.
    template <class F>
    MethodOptions retry_until(F validator, std::string message = {}) const {
        if constexpr (std::is_void_v<Value>) {
            static_assert(accepted<Method<method>, Function<F>>,
                          "concur: a retry_until validator judges results, and this method returns none; throw from "
                          "it, or return what can be judged");
        } else if constexpr (Validates<F, Value>) {
            state_->functions.validators.push_back(make_validator<Value>(std::move(validator), std::move(message)));
        } else {  // D15
            static_assert(accepted<Method<method>, Returned<Value>, Function<F>>,
                          "concur: this retry_until validator does not take the result of its method; take the "
                          "method's result type by value or const reference, also const concur::Attempt& if it wants "
                          "to, and return bool");
        }
        return *this;
    }

private:
    template <class Builder>
    friend class RetryValueSetters;
    template <class Builder>
    friend class RetrySetters;
    template <class Builder, auto, class>
    friend class LimitSetters;

    template <auto option, class Given>
    MethodOptions with(const Given& value) const {
        state_->values.settings.*option = value;
        state_->values.forget_text(option_name<option>);
        return *this;
    }
    template <auto option>
    MethodOptions with_text(OptionText text) const {
        state_->values.set_text(option_name<option>, text.view());
        return *this;
    }
    MethodOptions with_taken(const OptionValues& values, const RetryFunctions& functions) const {
        state_->values.take(values);
        state_->functions.take(functions);
        return *this;
    }
    template <class Change>
    MethodOptions with_changed_functions(Change change) const {
        change(state_->functions);
        return *this;
    }

    [[nodiscard]] MethodLimits& method_limits() const noexcept { return state_->limits; }

    MethodState* state_;
};

}  // namespace concur::detail

#include "concur/call/call_policy.hpp"

#include <algorithm>

#include "concur/call/call.hpp"

namespace concur::detail {

bool CallPolicy::is_absent() const noexcept {
    const RetryNumbers& numbers = rules.numbers;
    return numbers.num_retries == 0 && rules.functions.validators.empty() && numbers.call_timeout == never &&
           numbers.attempt_timeout == never && !takes_limits(1);
}

CallPolicies::CallPolicies(CallPolicy of_worker, std::vector<OfMethod> of_methods)
    : of_worker_{std::move(of_worker)}, of_methods_{std::move(of_methods)} {}

bool CallPolicies::are_absent() const noexcept {
    return of_worker_.is_absent() && std::all_of(of_methods_.begin(), of_methods_.end(),
                                                 [](const OfMethod& of) { return of.policy.is_absent(); });
}

// Few methods have options of their own: a list is faster than any table.
const CallPolicy& CallPolicies::of(const MethodInfo& method) const noexcept {
    for (const OfMethod& of : of_methods_)
        if (&of.method->info() == &method) return of.policy;
    return of_worker_;
}

const MethodInfo* CallPolicies::find_method(const std::type_info& type, const void* pointer) const noexcept {
    for (const OfMethod& of : of_methods_)
        if (of.method->is(type, pointer)) return &of.method->info();
    return nullptr;
}

}  // namespace concur::detail

#include "concur/call/call_policy.hpp"

#include <algorithm>

#include "concur/call/call.hpp"

namespace concur::detail {

void CallPolicy::settle() noexcept {
    const RetryNumbers& numbers = rules.numbers;
    const RetryFunctions& functions = rules.functions;
    is_only_for_failures =
        numbers.attempt_timeout == never && functions.validators.empty() && !functions.budget && !takes_limits(1);
    asks_for_anything = numbers.num_retries != 0 || numbers.call_timeout != never || numbers.attempt_timeout != never ||
                        !functions.validators.empty() || takes_limits(1);
}

CallPolicies::CallPolicies(CallPolicy of_worker, std::vector<OfMethod> of_methods)
    : of_worker_{std::move(of_worker)}, of_methods_{std::move(of_methods)} {
    of_worker_.settle();
    for (OfMethod& of : of_methods_) of.policy.settle();
}

bool CallPolicies::are_absent() const noexcept {
    return of_worker_.is_absent() && std::all_of(of_methods_.begin(), of_methods_.end(),
                                                 [](const OfMethod& of) { return of.policy.is_absent(); });
}

const MethodInfo* CallPolicies::find_method(const std::type_info& type, const void* pointer) const noexcept {
    for (const OfMethod& of : of_methods_)
        if (of.method->is(type, pointer)) return &of.method->info();
    return nullptr;
}

}  // namespace concur::detail

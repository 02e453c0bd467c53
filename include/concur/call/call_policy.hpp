/// What a worker does about calls that fail or take too long: its own policy, and those of single methods.
#pragma once

#include <memory>
#include <typeinfo>
#include <vector>

#include "concur/call/method_limits.hpp"
#include "concur/limits/limit.hpp"
#include "concur/retry/retry_course.hpp"
#include "concur/retry/retry_order.hpp"

namespace concur::detail {

struct MethodInfo;

/// Everything that a call obeys between its first attempt and its end.
struct CallPolicy {
    RetryRules rules;
    RetryOrder order = RetryOrder::keep;
    MethodLimits limits{};
    CountedCalls counted_calls = CountedCalls::none;

    /// Whether an attempt takes something of the worker's limits by itself.
    [[nodiscard]] bool takes_limits(int attempt) const noexcept { return !limits.empty() || charges_call(attempt); }
    [[nodiscard]] bool charges_call(int attempt) const noexcept {
        return counted_calls == CountedCalls::attempts || (counted_calls == CountedCalls::calls && attempt == 1);
    }

    /// Whether it asks for anything: calls without a policy take the short way.
    [[nodiscard]] bool is_absent() const noexcept { return !asks_for_anything; }

    /// Answers beforehand what every call would ask. After the last change of the rest.
    void settle() noexcept;

    // Set by settle().
    bool asks_for_anything = false;
    /// It has nothing to do with a call that succeeds at once and has no deadline.
    bool is_only_for_failures = false;
};

/// A method that was named by its pointer, whatever type that has.
class NamedMethod {
public:
    explicit NamedMethod(const MethodInfo& info) noexcept : info_{&info} {}
    virtual ~NamedMethod() = default;

    [[nodiscard]] const MethodInfo& info() const noexcept { return *info_; }
    /// Whether a pointer to a member that was passed as a value names the same method.
    [[nodiscard]] virtual bool is(const std::type_info& type, const void* pointer) const noexcept = 0;

private:
    const MethodInfo* info_;
};

template <class Pointer>
class NamedMethodOf final : public NamedMethod {
public:
    NamedMethodOf(const MethodInfo& info, Pointer pointer) noexcept : NamedMethod(info), pointer_{pointer} {}
    bool is(const std::type_info& type, const void* pointer) const noexcept override {
        return type == typeid(Pointer) && *static_cast<const Pointer*>(pointer) == pointer_;
    }

private:
    Pointer pointer_;
};

/// The policies of one worker. Immutable; null stands for a worker that has none.
class CallPolicies {
public:
    struct OfMethod {
        std::shared_ptr<const NamedMethod> method;
        CallPolicy policy;
    };

    CallPolicies(CallPolicy of_worker, std::vector<OfMethod> of_methods);

    [[nodiscard]] const CallPolicy& of_worker() const noexcept { return of_worker_; }
    [[nodiscard]] bool are_absent() const noexcept;
    /// Also of a method without options of its own.
    [[nodiscard]] const CallPolicy& of(const MethodInfo& method) const noexcept {
        // Few methods have options of their own: a list is faster than any table.
        for (const OfMethod& of : of_methods_)
            if (&of.method->info() == &method) return of.policy;
        return of_worker_;
    }
    /// The method that was named by an equal pointer; null if none was.
    [[nodiscard]] const MethodInfo* find_method(const std::type_info& type, const void* pointer) const noexcept;

private:
    CallPolicy of_worker_;
    std::vector<OfMethod> of_methods_;
};

}  // namespace concur::detail

/// The way of every call to its worker, whatever handle it is made through.
#pragma once

#include <exception>
#include <type_traits>
#include <utility>

#include "concur/backend/backend.hpp"
#include "concur/call/bound_call.hpp"
#include "concur/call/crossing.hpp"
#include "concur/core/mode.hpp"
#include "concur/future/future.hpp"

namespace concur::detail {

/// What a call of a method that returns R seems to give, so that its refusal is the only error. Never defined.
template <Blocking B, class R>
std::conditional_t<B == Blocking::yes, CallResult<R>, Future<CallResult<R>>> refused_call();

/// Says why a function object cannot be called.
template <Blocking B, class F, class Target>
auto refuse_function() {
    if constexpr (!keeps_function<F>) {
        static_assert(accepted<Function<F>>,
                      "concur: this function object belongs to the call from now on and cannot be copied; pass it with "
                      "std::move");
    } else {
        static_cast<void>(Target::explain());
    }
    if constexpr (requires {
                      requires result_fault<typename Target::Result>
                      == ResultFault::none;
                  }) {
        return refused_call<B, typename Target::Result>();
    } else {
        return Refused();
    }
}

/// Makes a call and hands it to its worker: a future of its result, or for a blocking handle the result itself.
template <Blocking B, class Call, class Target, class... A>
auto submit(const Addressee& to, const MethodInfo& method, Target target, A&&... arguments) {
    using Value = typename Call::Value;
    if constexpr (B == Blocking::yes && !Call::follows) {
        if (to.backend.runs_in_caller() && !to.backend.policies() && !to.options) {
            Call call(method, to.backend, std::move(target), std::forward<A>(arguments)...);  // nobody will know it
            to.backend.submit(call);
            if (call.error()) std::rethrow_exception(call.error());
            if constexpr (std::is_void_v<Value>) {
                return;
            } else {
                return Value(std::move(*static_cast<Value*>(call.value_address())));
            }
        }
    }
    auto* call = new Call(method, to.backend, std::move(target), std::forward<A>(arguments)...);
    auto future = Future<Value>::adopt(call);
    to.backend.submit(*call, to.options);
    if constexpr (B == Blocking::yes) {
        return std::move(future).result();
    } else {
        return future;
    }
}

template <class F>
inline constexpr const MethodInfo& info_of_function = std::is_pointer_v<F> ? function_info : lambda_info;

/// Calls `function(object, arguments...)`, or without an object where the worker's is NoObject.
template <Blocking B, class T, class F, class... A>
auto call_function(const Addressee& to, F&& function, A&&... arguments) {
    using Function = std::decay_t<F>;
    using Target = FunctionTarget<T, Function, A...>;
    if constexpr (keeps_function<F> && Target::fits) {
        return submit<B, BoundCallFor<T, Target, A...>>(
            to, info_of_function<Function>, Target{std::forward<F>(function)}, std::forward<A>(arguments)...);
    } else {
        return refuse_function<B, F, Target>();
    }
}

template <class Pointer>
Refused refuse_member_pointer() {
    static_assert(accepted<Function<Pointer>>,
                  "concur: a task is a function, and this is a pointer to a member of a class; pass a lambda that has "
                  "the object, or call a Worker of that class");
    return {};
}

/// Runs a function without an object, on any worker.
template <Blocking B, class F, class... A>
auto submit_task(const Addressee& to, F&& function, A&&... arguments) {
    if constexpr (std::is_member_pointer_v<std::decay_t<F>>) {
        return refuse_member_pointer<std::decay_t<F>>();
    } else {
        return call_function<B, NoObject>(to, std::forward<F>(function), std::forward<A>(arguments)...);
    }
}

/// Calls the worker's object, which is a function.
template <Blocking B, class F, class... A>
auto call_object(const Addressee& to, A&&... arguments) {
    using Target = ObjectTarget<F, A...>;
    if constexpr (Target::fits) {
        return submit<B, BoundCallFor<F, Target, A...>>(to, info_of_function<F>, Target(),
                                                        std::forward<A>(arguments)...);
    } else {
        return refuse_function<B, F&&, Target>();
    }
}

}  // namespace concur::detail

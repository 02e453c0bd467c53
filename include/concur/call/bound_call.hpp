/// A call with its types: the thin shell around CallBase that knows the object's class, the method and the arguments.
#pragma once

#include <atomic>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include "concur/call/arguments.hpp"
#include "concur/call/call.hpp"
#include "concur/call/call_context.hpp"
#include "concur/call/diagnose.hpp"
#include "concur/call/instruments.hpp"
#include "concur/core/awaitable.hpp"
#include "concur/core/function_traits.hpp"
#include "concur/future/future.hpp"

namespace concur::detail {

// ---- targets: what is called, and what it takes
//
// A target has `Parameters` (without the object and without CallContext&), `Result`, and a call operator that takes the
// object, the context and the arguments.

template <class Parameters>
struct WithoutContext {
    static constexpr bool takes_context = false;
    using type = Parameters;
};
template <class... P>
struct WithoutContext<TypeList<CallContext&, P...>> {
    static constexpr bool takes_context = true;
    using type = TypeList<P...>;
};

/// A method, by its pointer.
template <class T, class Pointer>
struct MethodTarget {
    using Traits = FunctionTraits<Pointer>;
    using Context = WithoutContext<typename Traits::Parameters>;
    using Parameters = typename Context::type;
    using Result = typename Traits::Result;

    template <class... A>
    Result operator()(T& object, CallContext& context, A&&... arguments) const {
        if constexpr (Context::takes_context) {
            return (object.*pointer)(context, std::forward<A>(arguments)...);
        } else {
            return (object.*pointer)(std::forward<A>(arguments)...);
        }
    }

    Pointer pointer;
};

/// A data member, read.
template <class T, class M, class C>
    requires std::is_object_v<M>
struct MethodTarget<T, M C::*> {
    using Parameters = TypeList<>;
    using Result = const M&;

    Result operator()(T& object, CallContext&) const { return object.*pointer; }

    M C::*pointer;
};

/// A function that needs no object: a static method.
template <class T, class Pointer>
    requires(std::is_pointer_v<Pointer>)
struct MethodTarget<T, Pointer> {
    using Traits = FunctionTraits<Pointer>;
    using Context = WithoutContext<typename Traits::Parameters>;
    using Parameters = typename Context::type;
    using Result = typename Traits::Result;

    template <class... A>
    Result operator()(T&, CallContext& context, A&&... arguments) const {
        if constexpr (Context::takes_context) {
            return pointer(context, std::forward<A>(arguments)...);
        } else {
            return pointer(std::forward<A>(arguments)...);
        }
    }

    Pointer pointer;
};

/// The object of a worker that only runs functions: these get no object.
struct NoObject {};

template <class Parameters>
struct FirstParameter {
    using type = void;
    using Rest = TypeList<>;
};
template <class First, class... P>
struct FirstParameter<TypeList<First, P...>> {
    using type = First;
    using Rest = TypeList<P...>;
};

/// What a function object with a known signature takes where a T lives.
template <class T, class Parameters>
struct WithoutObject {
    static constexpr bool fits = takes_object<T, typename FirstParameter<Parameters>::type>;
    using type = typename FirstParameter<Parameters>::Rest;
};
template <class Parameters>
struct WithoutObject<NoObject, Parameters> {
    static constexpr bool fits = true;
    using type = Parameters;
};

/// Calls a function object where a T lives.
template <class T, class F, class... A>
decltype(auto) call_on(T& object, F& function, A&&... arguments) {
    if constexpr (std::is_same_v<T, NoObject>) {
        return function(std::forward<A>(arguments)...);
    } else {
        return function(object, std::forward<A>(arguments)...);
    }
}

// Both ask twice, for clang says yes at first to a body that does not compile.
template <class T, class F, class... A>
inline constexpr bool callable_on = std::is_invocable_v<F&, T&, A...>&& requires(F& function, T& object) {
    function(object, std::declval<A>()...);
};
template <class F, class... A>
inline constexpr bool callable_on<NoObject, F, A...> = std::is_invocable_v<F&, A...>&& requires(F& function) {
    function(std::declval<A>()...);
};

template <class T, class F, class... A>
struct ResultOn : std::invoke_result<F&, T&, A...> {};
template <class F, class... A>
struct ResultOn<NoObject, F, A...> : std::invoke_result<F&, A...> {};

/// A function object whose signature is known. D21, D22
template <class T, class F, class... A>
struct FunctionTarget {
    using Traits = FunctionTraits<F>;
    using Split = WithoutObject<T, typename Traits::Parameters>;
    using Context = WithoutContext<typename Split::type>;
    using Parameters = typename Context::type;
    using Result = typename Traits::Result;
    static constexpr bool takes_context = Context::takes_context;

    // Called as an lvalue, once for each attempt.
    static constexpr bool is_used_up = [] {
        if constexpr (std::is_class_v<F>) {
            return FunctionTraits<decltype(&F::operator())>::ref == RefQualifier::rvalue;
        } else {
            return false;
        }
    }();
    static constexpr bool fits =
        !is_used_up && Split::fits && result_fault<Result> == ResultFault::none && arguments_fit<Parameters, A...>;

    static consteval bool explain() {
        if constexpr (is_used_up) {
            static_assert(accepted<Function<F>>,
                          "concur: a function object whose call operator is qualified with && cannot be called again "
                          "for another attempt; leave the && out");
        } else if constexpr (!Split::fits) {
            static_assert(accepted<Function<F>, WorkerClass<T>>,
                          "concur: a function for call() takes the worker's object first; make T& or const T& its "
                          "first parameter");
        } else if constexpr (explain_result<Function<F>, Result>()) {
            return ExplainArguments<Function<F>, Parameters, A...>::explain();
        }
        return false;
    }

    template <class... P>
    Result operator()(T& object, CallContext& context, P&&... arguments) {
        if constexpr (takes_context) {
            return call_on(object, function, context, std::forward<P>(arguments)...);
        } else {
            return call_on(object, function, std::forward<P>(arguments)...);
        }
    }

    F function;
};

template <class>
using DeducedFor = Deduced;

/// What a Deduced parameter is passed.
template <class A>
using PassedDeduced = decltype(std::declval<Slot<Deduced, A>&>().pass());

/// A function object without a single signature: a generic lambda. D28
template <class T, class F, class... A>
    requires(!FunctionTraits<F>::known)
struct FunctionTarget<T, F, A...> {
    using Parameters = TypeList<DeducedFor<A>...>;

    // Asked in this order: the body of a lambda that takes anything must not meet a context that it does not expect.
    static constexpr bool takes_no_context = callable_on<T, F, PassedDeduced<A>...>;
    static constexpr bool takes_context = [] {
        if constexpr (takes_no_context) {
            return false;
        } else {
            return callable_on<T, F, CallContext&, PassedDeduced<A>...>;
        }
    }();

    static consteval bool is_sound() {
        if constexpr (!arguments_fit<Parameters, A...>) {
            return false;
        } else if constexpr (takes_no_context) {
            return result_fault<typename ResultOn<T, F, PassedDeduced<A>...>::type> == ResultFault::none;
        } else if constexpr (takes_context) {
            return result_fault<typename ResultOn<T, F, CallContext&, PassedDeduced<A>...>::type> == ResultFault::none;
        } else {
            return false;
        }
    }
    static constexpr bool fits = is_sound();

    static consteval bool explain() {
        if constexpr (!arguments_fit<Parameters, A...>) {
            return ExplainArguments<Function<F>, Parameters, A...>::explain();
        } else if constexpr (takes_no_context) {
            return explain_result<Function<F>, typename ResultOn<T, F, PassedDeduced<A>...>::type>();
        } else if constexpr (takes_context) {
            return explain_result<Function<F>, typename ResultOn<T, F, CallContext&, PassedDeduced<A>...>::type>();
        } else if constexpr (std::is_same_v<T, NoObject>) {
            static_assert(accepted<Function<F>, Given<PassedDeduced<A>...>>,
                          "concur: this function cannot be called with these arguments; let it take them, views as the "
                          "strings and vectors that own them");
            return false;
        } else {
            static_assert(accepted<Function<F>, WorkerClass<T>, Given<PassedDeduced<A>...>>,
                          "concur: this function cannot be called with the worker's object (T& or const T&) and these "
                          "arguments; let it take them, views as the strings and vectors that own them");
            return false;
        }
    }

    template <class... P>
    decltype(auto) operator()(T& object, CallContext& context, P&&... arguments) {
        if constexpr (takes_context) {
            return call_on(object, function, context, std::forward<P>(arguments)...);
        } else {
            return call_on(object, function, std::forward<P>(arguments)...);
        }
    }

    F function;
};

/// The worker's object itself, where that is a function.
template <class F, class... A>
struct ObjectTarget {
    using Task = FunctionTarget<NoObject, F, A...>;
    using Parameters = typename Task::Parameters;
    static constexpr bool fits = Task::fits;
    static consteval bool explain() { return Task::explain(); }

    template <class... P>
    decltype(auto) operator()(F& object, CallContext& context, P&&... arguments) const {
        if constexpr (Task::takes_context) {
            return object(context, std::forward<P>(arguments)...);
        } else {
            return object(std::forward<P>(arguments)...);
        }
    }
};

/// The type that a target returns for kept arguments.
template <class T, class Target, class... S>
struct ResultOf {
    using type = decltype(std::declval<Target&>()(std::declval<T&>(), std::declval<CallContext&>(),
                                                  std::declval<S&>().pass()...));
};
template <class T, class Target, class... S>
    requires requires { typename Target::Result; }
struct ResultOf<T, Target, S...> {
    using type = typename Target::Result;
};

/// What the future of a call holds, for a method that returns R.
template <class R>
using CallResult = Flattened<Owned<Awaited<std::decay_t<R>>>>;

/// Where no argument needs a spare.
struct NoSpare {
    template <class Pack>
    NoSpare(Pack&, bool) noexcept {}
};
template <bool is_needed, class Pack>
struct SpareOf {
    using type = NoSpare;
};
template <class Pack>
struct SpareOf<true, Pack> {
    using type = typename Pack::Spare;
};

/// Who needs the arguments of a call: until it has ended, and while a coroutine runs that may refer to them. Who comes
/// last destroys them.
class ArgumentUse {
public:
    void begin_coroutine() noexcept { word_.fetch_or(in_use, std::memory_order_relaxed); }
    /// True if nobody needs them any more.
    [[nodiscard]] bool end_coroutine() noexcept {
        return (word_.fetch_and(static_cast<unsigned char>(~in_use), std::memory_order_acq_rel) & ended) != 0;
    }
    [[nodiscard]] bool end_call() noexcept { return word_.fetch_or(ended, std::memory_order_acq_rel) == 0; }

private:
    static constexpr unsigned char in_use = 1;
    static constexpr unsigned char ended = 2;
    std::atomic<unsigned char> word_{0};
};
struct NoArgumentUse {};

/// How calls of a type go to another process: call/crossing.hpp.
template <class Call>
struct CrossingOf;

template <class T, class Target, class... S>
class BoundCall final : public ValueState<CallResult<typename ResultOf<T, Target, S...>::type>, CallBase> {
public:
    using Raw = typename ResultOf<T, Target, S...>::type;
    using Value = CallResult<Raw>;
    static constexpr bool has_inputs = (S::has_future || ...);
    static constexpr bool is_coroutine = is_awaitable<std::decay_t<Raw>>;
    static constexpr bool follows = is_future<std::decay_t<Raw>> || is_coroutine;
    static constexpr bool is_repeatable = (S::is_repeatable && ...);

    template <class... Given>
    BoundCall(const MethodInfo& method, CallHost& host, Target target, Given&&... given)
        : ValueState<Value, CallBase>(has_inputs ? Phase::pending : Phase::queued, method, host) {
        ::new (static_cast<void*>(&target_)) Target(std::move(target));
        try {
            ::new (static_cast<void*>(&slots_)) Pack(std::forward<Given>(given)...);
        } catch (...) {
            target_.~Target();
            if constexpr (is_checked) rethrow_from(method.name);
            throw;
        }
        this->set_built(StateBase::arguments_part);
        if constexpr (!is_repeatable) this->set_built(StateBase::used_up_part);
        if constexpr (is_coroutine) this->set_built(StateBase::coroutine_part);
    }
    ~BoundCall() override { BoundCall::drop_arguments(); }

    StateBase* invoke(void* object, CallContext& context) override {
        if constexpr (has_inputs) resolve();
        const auto run_with = [this, object](CallContext& of_attempt) -> Raw {
            return slots_.pass_to([&](auto&&... arguments) -> Raw {
                return target_(*static_cast<T*>(object), of_attempt, std::forward<decltype(arguments)>(arguments)...);
            });
        };
        if constexpr (is_coroutine) {
            use_.begin_coroutine();
            return Coroutine<std::decay_t<Raw>>::template start<SpareArguments>(*this, slots_, context, run_with);
        } else {
            [[maybe_unused]] const SpareArguments spare(slots_, context.keeps_arguments());
            return keep_result_of([&]() -> Raw { return run_with(context); });
        }
    }

    void coroutine_ended() noexcept override {
        if constexpr (is_coroutine)
            if (use_.end_coroutine()) destroy_arguments();
    }

    StateBase* invoke_on(StandIn& stand_in, CallContext& context) override {
        if constexpr (!requires { target_.pointer; }) {
            return answer_bare(stand_in, context, nullptr, nullptr, nullptr);
        } else {
            if constexpr (has_inputs) resolve();
            [[maybe_unused]] const SpareArguments spare(slots_, context.keeps_arguments());
            return pass_to_stand_in(stand_in, context, static_cast<typename Target::Parameters*>(nullptr));
        }
    }

    void visit_inputs(InputVisitor& visitor) override {
        if constexpr (has_inputs) slots_.for_each([&visitor](auto& slot) { visit(slot, visitor); });
    }

    const void* argument(std::size_t index, const std::type_info& type) override {
        if constexpr (has_inputs) resolve();
        return slots_.find(index, type);
    }

    [[nodiscard]] std::size_t argument_count() const noexcept override { return sizeof...(S); }

    void drop_arguments() noexcept override {
        if constexpr (is_coroutine) {
            if (use_.end_call()) destroy_arguments();
        } else {
            if (!this->has(StateBase::arguments_part)) return;
            this->set_destroyed(StateBase::arguments_part);
            destroy_arguments();
        }
    }
    void drop_result() noexcept override { this->discard_value(); }

    [[nodiscard]] const Crossing* crossing() const noexcept override { return &CrossingOf<BoundCall>::table; }

private:
    friend CrossingOf<BoundCall>;
    using Pack = Slots<S...>;
    using SpareArguments = typename SpareOf<(S::needs_spare || ...), Pack>::type;

    template <class Run>
    StateBase* keep_result_of(const Run& run) {
        if constexpr (follows) {
            auto returned = run();
            if (!returned.valid()) throw_no_state();
            return returned.release_state();
        } else {
            if constexpr (std::is_same_v<Raw, Value>) {
                this->emplace(run);
            } else {
                this->emplace([&]() -> Value { return to_owned(run()); });
            }
            return nullptr;
        }
    }

    void destroy_arguments() noexcept {
        slots_.~Pack();
        target_.~Target();
    }

    template <class... P>
    StateBase* pass_to_stand_in(StandIn& stand_in, CallContext& context, TypeList<P...>*) {
        return slots_.pass_to([&](P... argument) {
            void* const addresses[] = {address_of(argument)..., nullptr};
            return answer_bare(stand_in, context, &typeid(target_.pointer), &target_.pointer, addresses);
        });
    }
    template <class A>
    static void* address_of(A& argument) noexcept {
        return const_cast<void*>(static_cast<const volatile void*>(std::addressof(argument)));
    }
    StateBase* answer_bare(StandIn& stand_in, CallContext& context, const std::type_info* type, const void* pointer,
                           void* const* arguments) {
        if constexpr (std::is_void_v<Value>) {
            return stand_in.answer({this->method_name(), type, pointer, arguments, nullptr}, context);
        } else {
            std::optional<Value> value;
            if (StateBase* future = stand_in.answer({this->method_name(), type, pointer, arguments, &value}, context))
                return future;
            this->emplace([&]() -> Value { return std::move(*value); });
            return nullptr;
        }
    }

    static constexpr bool is_checked = (S::is_checked || ...);

    void resolve() {
        if constexpr (is_checked) {
            try {
                slots_.resolve();
            } catch (...) {
                rethrow_from(this->method_name());
            }
        } else {
            slots_.resolve();
        }
    }
    template <class OneSlot>
    static void visit(OneSlot& slot, InputVisitor& visitor) {
        if constexpr (OneSlot::has_future) slot.visit(visitor);
    }

    // Destroyed by hand, when the method has run. The arguments stand first: small ones share a word with a small
    // result.
    union {
        Pack slots_;
    };
    union {
        Target target_;
    };
    [[no_unique_address]] std::conditional_t<is_coroutine, ArgumentUse, NoArgumentUse> use_;
};

/// The type of a call of `Target` with arguments of types A.
template <class T, class Target, class Parameters, class... A>
struct BoundCallType;
template <class T, class Target, class... P, class... A>
struct BoundCallType<T, Target, TypeList<P...>, A...> {
    using type = BoundCall<T, Target, Slot<P, A>...>;
};
template <class T, class Target, class... A>
using BoundCallFor = typename BoundCallType<T, Target, typename Target::Parameters, A...>::type;

}  // namespace concur::detail

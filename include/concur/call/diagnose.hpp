/// What the compiler says when a call does not fit: one English sentence each, and no other error.
///
/// Whether something fits is decided quietly, by types alone, so that calls of one signature share the answer. Only
/// what does not fit is explained, in `explain_...`, with the method and the types beside the sentence
/// (core/refused.hpp). After that nothing else is instantiated. The rules are numbered as in the tests, see
/// tests/compile_fail.
#pragma once

#include <initializer_list>
#include <type_traits>
#include <utility>

#include "concur/call/arguments.hpp"
#include "concur/call/call_context.hpp"
#include "concur/core/awaitable.hpp"
#include "concur/core/function_traits.hpp"
#include "concur/core/refused.hpp"
#include "concur/future/copyable.hpp"
#include "concur/future/unwrap.hpp"

namespace concur::detail {

// ---- arguments

/// A context that is not filled in: the first parameter is not among those that are looked at.
template <class P>
inline constexpr bool is_misplaced_context = std::is_same_v<std::remove_cvref_t<P>, CallContext>;

/// A parameter that the method would write a result into.
template <class P>
inline constexpr bool is_output_parameter =
    std::is_lvalue_reference_v<P> && !std::is_const_v<std::remove_reference_t<P>> && !is_misplaced_context<P>;

template <class T>
inline constexpr bool is_initializer_list = false;
template <class T>
inline constexpr bool is_initializer_list<std::initializer_list<T>> = true;

enum class ArgumentFault : unsigned char {
    none,
    output,  // D2
    context,
    unowned,  // a parameter that could only dangle
    mixed,    // D26
    uncopyable,
    value_of_future,  // D19
    type,             // D6
};

template <class P, class Given>
consteval ArgumentFault find_argument_fault() {
    using A = std::remove_cvref_t<Given>;
    if constexpr (is_misplaced_context<P>) {
        return ArgumentFault::context;
    } else if constexpr (is_output_parameter<P>) {
        return ArgumentFault::output;
    } else if constexpr (is_initializer_list<std::remove_cvref_t<P>>) {
        return ArgumentFault::unowned;
    } else if constexpr (contains_future<A>) {
        if constexpr (has_mixed_variant<A>) {
            return ArgumentFault::mixed;
        } else if constexpr (unwraps<P, Given>) {
            if (would_copy_uncopyable<Given>) return ArgumentFault::uncopyable;
            using Value = Unwrapped<Given>;
            return Kept<P, Value>::template fits<Value> ? ArgumentFault::none : ArgumentFault::value_of_future;
        } else {
            return Kept<P, A>::template fits<Given> ? ArgumentFault::none : ArgumentFault::type;
        }
    } else if constexpr (Kept<P, A>::template fits<Given>) {
        return ArgumentFault::none;
    } else {
        return Kept<P, A>::template fits<A> ? ArgumentFault::uncopyable : ArgumentFault::type;
    }
}
/// What is wrong with an argument of type Given, with its value category, for a parameter P.
template <class P, class Given>
inline constexpr ArgumentFault argument_fault = find_argument_fault<P, Given>();

template <class Callee, int position, class P, class A>
consteval bool explain_argument() {
    constexpr ArgumentFault fault = argument_fault<P, A>;
    if constexpr (fault == ArgumentFault::output) {
        static_assert(accepted<Callee, Position<position>, Expected<P>>,
                      "concur: this parameter is a non-const reference, and a worker's results come back by value; "
                      "return the result, or call a lambda that does");
    } else if constexpr (fault == ArgumentFault::unowned) {
        static_assert(accepted<Callee, Position<position>, Expected<P>>,
                      "concur: an initializer_list does not own its elements, which are gone when the method runs; "
                      "take a vector or a span instead");
    } else if constexpr (fault == ArgumentFault::mixed) {
        static_assert(accepted<Callee, Position<position>, Given<A>>,
                      "concur: this argument holds a variant of values and futures; make the values futures with "
                      "ready(v), or use list(...)");
    } else if constexpr (fault == ArgumentFault::uncopyable) {
        static_assert(accepted<Callee, Position<position>, Given<A>, Expected<P>>,
                      "concur: this argument belongs to the call from now on and cannot be copied; pass it with "
                      "std::move");
    } else if constexpr (fault == ArgumentFault::value_of_future) {
        static_assert(accepted<Callee, Position<position>, Given<A>, ValueOfFuture<Unwrapped<A>>, Expected<P>>,
                      "concur: the value of this future does not fit the parameter at its position; convert it with "
                      "then(...), or pass another one");
    } else if constexpr (fault == ArgumentFault::type) {
        static_assert(accepted<Callee, Position<position>, Given<A>, Expected<P>>,
                      "concur: this argument does not convert to the parameter at its position; pass one that does");
    }
    return fault == ArgumentFault::none;
}

template <class Parameters, class... Given>
inline constexpr bool arguments_fit = false;
template <class... P, class... Given>
    requires(sizeof...(P) == sizeof...(Given))
inline constexpr bool arguments_fit<TypeList<P...>, Given...> =
    ((argument_fault<P, Given> == ArgumentFault::none) && ...);

template <class Callee, class Parameters, class... A>
struct ExplainArguments;
template <class Callee, class... P, class... A>
struct ExplainArguments<Callee, TypeList<P...>, A...> {
    static consteval bool explain() {
        if constexpr ((is_misplaced_context<P> || ...)) {
            static_assert(accepted<Callee, Expected<P...>>,
                          "concur: the context of a call is filled in for a first parameter CallContext& only, after a "
                          "function's object; move it there");
        } else if constexpr (sizeof...(A) < sizeof...(P)) {
            // D1, D25
            static_assert(accepted<Callee, Given<A...>, Expected<P...>>,
                          "concur: too few arguments, for a member pointer knows no default arguments; pass all of "
                          "them, or use CONCUR_PROXY or a lambda");
        } else if constexpr (sizeof...(A) > sizeof...(P)) {
            static_assert(accepted<Callee, Given<A...>, Expected<P...>>,
                          "concur: too many arguments; pass those of the method only, CallContext& is filled in");
        } else {
            explain_first(std::index_sequence_for<P...>());
        }
        return false;
    }

private:
    // One error is enough: what follows a wrong argument is not looked at.
    template <std::size_t... index>
    static consteval void explain_first(std::index_sequence<index...>) {
        constexpr std::size_t first = [] {
            std::size_t fitting = 0;
            static_cast<void>(((argument_fault<P, A> == ArgumentFault::none && ++fitting != 0) && ...));
            return fitting;
        }();
        static_cast<void>((explain_if<index == first, static_cast<int>(index) + 1, P, A>(), ...));
    }
    template <bool is_first, int position, class Parameter, class Argument>
    static consteval void explain_if() {
        if constexpr (is_first) explain_argument<Callee, position, Parameter, Argument>();
    }
};

// ---- results

enum class ResultFault : unsigned char {
    none,
    coroutine,  // D32
    reference,  // D24
    immovable,
};

template <class R>
consteval ResultFault find_result_fault() {
    if constexpr (is_awaitable<std::remove_cvref_t<R>>) {
        return runs_coroutines<std::remove_cvref_t<R>> ? find_result_fault<Awaited<std::remove_cvref_t<R>>>()
                                                       : ResultFault::coroutine;
    } else if constexpr (becomes_value<R>) {
        return ResultFault::none;
    } else {
        return std::is_reference_v<R> ? ResultFault::reference : ResultFault::immovable;
    }
}
/// What is wrong with a method's result as the value of a future.
template <class R>
inline constexpr ResultFault result_fault = find_result_fault<R>();

template <class Callee, class R>
consteval bool explain_result() {
    constexpr ResultFault fault = result_fault<R>;
    if constexpr (fault == ResultFault::coroutine) {
        static_assert(accepted<Callee, Returned<R>>,
                      "concur: this method is a coroutine, which needs Asio; #include <concur/asio.hpp>");
    } else if constexpr (fault == ResultFault::reference) {
        static_assert(accepted<Callee, Returned<R>>,
                      "concur: this result is a reference to something that cannot be copied; return a value, or call "
                      "a lambda that returns what you need of it");
    } else if constexpr (fault == ResultFault::immovable) {
        static_assert(accepted<Callee, Returned<R>>,
                      "concur: this result can be neither moved nor copied to the caller; return a std::unique_ptr to "
                      "it, or call a lambda that returns what you need of it");
    }
    return fault == ResultFault::none;
}

// ---- methods

template <class Pointer>
struct ClassOf;
template <class Member, class C>
struct ClassOf<Member C::*> {
    using type = C;
};

enum class MethodFault : unsigned char {
    none,
    no_method,
    unknown_kind,
    used_up,         // D8
    of_other_class,  // D9
    of_hidden_base,  // D10
};

template <class T, class Pointer>
consteval MethodFault find_method_fault() {
    using Traits = FunctionTraits<Pointer>;
    if constexpr (std::is_member_pointer_v<Pointer>) {
        using C = typename ClassOf<Pointer>::type;
        if constexpr (!std::is_base_of_v<C, T>) {
            return MethodFault::of_other_class;
        } else if constexpr (!std::is_convertible_v<T*, C*>) {
            return MethodFault::of_hidden_base;
        } else if constexpr (std::is_member_object_pointer_v<Pointer>) {
            return MethodFault::none;
        } else if constexpr (!Traits::known) {
            return MethodFault::unknown_kind;
        } else {
            return Traits::ref == RefQualifier::rvalue ? MethodFault::used_up : MethodFault::none;
        }
    } else if constexpr (!std::is_pointer_v<Pointer> || !std::is_function_v<std::remove_pointer_t<Pointer>>) {
        return MethodFault::no_method;
    } else {
        return Traits::known ? MethodFault::none : MethodFault::unknown_kind;
    }
}
/// Why a method cannot be called on a T, whatever the arguments.
template <class T, class Pointer>
inline constexpr MethodFault method_fault = find_method_fault<T, Pointer>();

template <class Callee, class T, class Pointer>
consteval bool explain_method() {
    constexpr MethodFault fault = method_fault<T, Pointer>;
    if constexpr (fault == MethodFault::no_method) {
        static_assert(accepted<Callee, WorkerClass<T>>,
                      "concur: this is no pointer to a method, a data member or a static function of the worker's "
                      "class; write call<&T::method>(...), or pass a function object as call(f, ...)");
    } else if constexpr (fault == MethodFault::unknown_kind) {
        static_assert(accepted<Callee, WorkerClass<T>>,
                      "concur: a method that is volatile or takes any number of arguments as printf does cannot be "
                      "called by its pointer; call it in a lambda");
    } else if constexpr (fault == MethodFault::used_up) {
        static_assert(accepted<Callee, WorkerClass<T>>,
                      "concur: a method qualified with && would use up the worker's object; call it in a lambda on a "
                      "copy");
    } else if constexpr (fault == MethodFault::of_other_class) {
        static_assert(accepted<Callee, WorkerClass<T>>,
                      "concur: this is a method of another class, not of the worker's; name one of the worker's "
                      "class or of its bases");
    } else if constexpr (fault == MethodFault::of_hidden_base) {
        static_assert(accepted<Callee, WorkerClass<T>>,
                      "concur: this method belongs to a base class that is private or ambiguous; make that base "
                      "public, or call the method in a lambda");
    }
    return fault == MethodFault::none;
}

// ---- names that stand for several functions. D7
//
// A parameter `auto` takes no such name. The ellipsis of a deduction guide does, and leads to a class that refuses it.

struct OverloadedOrTemplate;

template <class Pointer>
struct SeveralFunctions {};  // one function: nothing converts to this, and the real call() is taken
template <class Name>
struct SeveralFunctions<Name&> {
    static_assert(accepted<Name>,
                  "concur: this method is overloaded or a template; pick one with overload<Parameters...>(&T::method), "
                  "or call it in a lambda");
};
template <class Pointer>
SeveralFunctions(Pointer) -> SeveralFunctions<Pointer>;
SeveralFunctions(...)->SeveralFunctions<OverloadedOrTemplate&>;

// ---- function objects

/// A parameter for the worker's object: by reference, or by value if the object can be copied.
template <class T, class Parameter>
inline constexpr bool takes_object = [] {
    if constexpr (std::is_same_v<std::remove_cv_t<Parameter>, T>) {
        return is_copyable<T>;
    } else {
        return std::is_convertible_v<T&, Parameter>;
    }
}();

/// A function object is kept in the call.
template <class F>
inline constexpr bool keeps_function = std::is_constructible_v<std::decay_t<F>, F>;

}  // namespace concur::detail

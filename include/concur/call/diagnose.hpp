/// What the compiler says when a call does not fit: one English sentence each, checked before any template body is
/// looked at.
///
/// Each check is a class template over the types it is about, so that the compiler's first note ("required from ...")
/// names them. `ok` is for `if constexpr`: after a failed check nothing else is instantiated.
#pragma once

#include <memory>
#include <type_traits>

#include "concur/call/arguments.hpp"
#include "concur/call/call_context.hpp"
#include "concur/call/names.hpp"

namespace concur::detail {

template <class P>
inline constexpr bool is_context_parameter = std::is_same_v<P, CallContext&>;

/// A parameter that the object would write its result into.
template <class P>
inline constexpr bool is_output_parameter =
    std::is_lvalue_reference_v<P> && !std::is_const_v<std::remove_reference_t<P>> && !is_context_parameter<P>;

/// The argument at a position (from 1) against its parameter. D2, D6, D19, D26
template <class Method, int position, class Given, class Expected>
struct CheckArgument {
    static consteval bool check() {
        if constexpr (is_output_parameter<Expected>) {
            static_assert(
                !is_output_parameter<Expected>,
                "concur: this method has a non-const reference parameter, and a worker's results come back by value; "
                "return the result, or pass a lambda that does");
            return false;
        } else if constexpr (mixed_variant()) {
            static_assert(
                !mixed_variant(),
                "concur: an argument is a variant of values and futures; make the values futures with ready(v), or "
                "use list(...)");
            return false;
        } else if constexpr (unwraps<Expected, Given>) {
            constexpr bool fits = Kept<Expected, Unwrapped<Given>>::template fits<Unwrapped<Given>>;
            static_assert(
                fits,
                "concur: the value of a future does not fit its parameter; the template arguments of CheckArgument "
                "are method, position from 1, given and expected type");
            return fits;
        } else {
            constexpr bool fits = Kept<Expected, std::remove_cvref_t<Given>>::template fits<Given>;
            static_assert(
                fits,
                "concur: an argument does not fit its parameter; the template arguments of CheckArgument are method, "
                "position from 1, given and expected type");
            return fits;
        }
    }

    static consteval bool mixed_variant() {
        if constexpr (requires { Unwrap<std::remove_cvref_t<Given>>::mixed; }) {
            return Unwrap<std::remove_cvref_t<Given>>::mixed;
        } else {
            return false;
        }
    }
};

template <class Method, class Parameters, class... Given>
struct CheckArguments;

/// Number and types of the arguments. D1, D25, and the above
template <class Method, class... P, class... Given>
struct CheckArguments<Method, TypeList<P...>, Given...> {
    static consteval bool check() {
        if constexpr (sizeof...(Given) < sizeof...(P)) {
            static_assert(
                sizeof...(Given) >= sizeof...(P),
                "concur: too few arguments; a member pointer knows no default arguments: pass all of them, or use "
                "CONCUR_PROXY or a lambda");
            return false;
        } else if constexpr (sizeof...(Given) > sizeof...(P)) {
            static_assert(sizeof...(Given) <= sizeof...(P),
                          "concur: too many arguments; CallContext& is filled in and not passed");
            return false;
        } else {
            return check_each(std::index_sequence_for<P...>());
        }
    }

private:
    template <std::size_t... index>
    static consteval bool check_each(std::index_sequence<index...>) {
        bool ok = true;
        // One error is enough: what follows a wrong argument is not looked at.
        static_cast<void>(((ok = CheckArgument<Method, static_cast<int>(index) + 1, Given, P>::check()) && ...));
        return ok;
    }
};

/// Whether `Pointer` can be called on a T at all. D8, D9, D10
template <class T, class Pointer>
struct CheckMethod {
    static consteval bool check() {
        if constexpr (std::is_member_function_pointer_v<Pointer>) {
            using Traits = FunctionTraits<Pointer>;
            if constexpr (Traits::ref == RefQualifier::rvalue) {
                static_assert(Traits::ref != RefQualifier::rvalue,
                              "concur: a method qualified with && would use up the worker's object; call it in a "
                              "lambda on a copy");
                return false;
            } else {
                return check_class<typename Traits::Class>();
            }
        } else if constexpr (std::is_member_object_pointer_v<Pointer>) {
            return check_class<ClassOfMember<Pointer>>();
        } else {
            return true;
        }
    }

private:
    template <class>
    struct MemberClass;
    template <class C, class M>
    struct MemberClass<M C::*> {
        using type = C;
    };
    template <class P>
    using ClassOfMember = typename MemberClass<P>::type;

    template <class C>
    static consteval bool check_class() {
        if constexpr (!std::is_base_of_v<C, T>) {
            static_assert(std::is_base_of_v<C, T>, "concur: this is a method of another class, not of the worker's");
            return false;
        } else {
            constexpr bool accessible = std::is_convertible_v<T*, C*>;
            static_assert(accessible,
                          "concur: this method belongs to a base class that is private or ambiguous; make it public, "
                          "or call it in "
                          "a lambda");
            return accessible;
        }
    }
};

/// A result must be a value that can be moved out of the worker. D24
template <class Method, class Result>
struct CheckResult {
    static consteval bool check() {
        if constexpr (std::is_reference_v<Result>) {
            constexpr bool copyable = std::is_copy_constructible_v<std::remove_cvref_t<Result>>;
            static_assert(copyable,
                          "concur: this result is a reference to something that cannot be copied; return a value, or "
                          "pass a lambda "
                          "that returns what you need of it");
            return copyable;
        } else {
            return true;
        }
    }
};

/// The class of a worker. D11, D12
template <class T, class... Given>
struct CheckConstructor {
    static consteval bool check() {
        if constexpr (!std::is_class_v<T>) {
            static_assert(std::is_class_v<T>, "concur: a worker's object is of a class type");
            return false;
        } else if constexpr (std::is_abstract_v<T>) {
            static_assert(!std::is_abstract_v<T>,
                          "concur: this worker class is abstract; name a class that implements it");
            return false;
        } else {
            return true;
        }
    }
    template <bool constructible>
    static consteval bool check_arguments() {
        static_assert(
            constructible,
            "concur: the worker class has no constructor for the arguments of init(); they are the template arguments "
            "of CheckConstructor after the class");
        return constructible;
    }
};

}  // namespace concur::detail

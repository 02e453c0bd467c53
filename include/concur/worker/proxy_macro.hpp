/// Methods by name: `CONCUR_PROXY(Text, upper, length)` gives `text.upper("abc")` for `text.call<&Text::upper>("abc")`.
///
/// The macro stands outside of all namespaces, after the class and before its first proxy, where everybody who has the
/// class sees it: best right behind the class. It takes up to 64 names. Default arguments, overloads, templates, static
/// methods and data members work through it, and blocking proxies, handles of `with(...)` and every mode. It costs
/// nothing for classes without it, and for names that nobody calls.
///
///     CONCUR_PROXY(app::Text, upper, length)
#pragma once

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include "concur/backend/submit.hpp"
#include "concur/call/bound_call.hpp"
#include "concur/call/names.hpp"

namespace concur::detail {

/// One callee for each name that CONCUR_PROXY was given for T. A callee knows its name, calls any object's method of
/// that name, and has the member's pointer if the name stands for one member.
template <class T>
struct NamesOf {};

/// Base with a method for each of the names. CONCUR_PROXY specialises it.
template <class T, class Base, class Names = NamesOf<T>>
class Named : public Base {
public:
    using Base::Base;
};

// ---- what the macro refuses. D20

consteval bool is_name_of_proxy(std::string_view name) {
    for (const std::string_view own : {"call", "with", "with_key", "broadcast", "stop", "stopped", "stop_on_exit",
                                       "drain", "stats", "settings", "mode", "name",
                                       // and those that the macro needs
                                       "Base", "Names", "Named", "call_named"})
        if (name == own) return true;
    return false;
}

/// Whether the text of macro arguments is only commas: none was left.
consteval bool no_names_left(std::string_view text) { return text.find_first_not_of(", ") == std::string_view::npos; }

// ---- calls

template <class Callee, class T>
concept StandsForOneMember = requires {
    Callee::template pointer<T>();
};

/// "app::Text::length" for a name that stands for several methods.
template <class T, class Callee>
consteval auto full_name_of() {
    constexpr std::string_view parts[] = {name_of_type<T>(), "::", Callee::name};
    StaticName<parts[0].size() + parts[1].size() + parts[2].size()> full;
    for (const std::string_view part : parts)
        for (const char c : part) full.text[full.size++] = c;
    return full;
}
template <class T, class Callee>
inline constexpr auto full_name = full_name_of<T, Callee>();
template <class T, class Callee>
inline constexpr MethodInfo info_of_overloads{full_name<T, Callee>.view()};

template <class Parameters, class Indices>
struct FirstParameters;
template <class Parameters, std::size_t... index>
struct FirstParameters<Parameters, std::index_sequence<index...>> {
    using type = TypeList<typename Parameters::template at<index>::type...>;
};

/// What a parameter P is passed for an argument A.
template <class P, class A>
using PassedFor = decltype(std::declval<Slot<P, A>&>().pass());

/// A method that is called without its last arguments, which have defaults.
template <class T, class Callee, class Pointer, class... A>
struct DefaultsTarget {
    using Traits = FunctionTraits<Pointer>;
    using Context = WithoutContext<typename Traits::Parameters>;
    using All = typename Context::type;
    static constexpr bool leaves_out = sizeof...(A) < All::size;
    using Parameters =
        typename FirstParameters<All, std::make_index_sequence<leaves_out ? sizeof...(A) : All::size>>::type;
    using Result = typename Traits::Result;

    static constexpr bool arguments_fit = detail::arguments_fit<Parameters, A...>;
    static constexpr bool fits = [] {
        if constexpr (!leaves_out || !arguments_fit || result_fault<Result> != ResultFault::none) {
            return false;
        } else {
            return []<class... P>(TypeList<P...>) {
                if constexpr (Context::takes_context) {
                    return std::is_invocable_v<Callee, T&, CallContext&, PassedFor<P, A>...>;
                } else {
                    return std::is_invocable_v<Callee, T&, PassedFor<P, A>...>;
                }
            }(Parameters());
        }
    }();

    template <class... P>
    Result operator()(T& object, CallContext& context, P&&... arguments) const {
        if constexpr (Context::takes_context) {
            return Callee()(object, context, std::forward<P>(arguments)...);
        } else {
            return Callee()(object, std::forward<P>(arguments)...);
        }
    }
};

/// Says why a method cannot be called without its last arguments.
template <Blocking B, class Callee, class Target, class... A>
auto refuse_defaults() {
    if constexpr (explain_result<Callee, typename Target::Result>()) {
        if constexpr (Target::arguments_fit) {
            static_assert(accepted<Callee, Given<A...>>, "concur: too few arguments; pass all that have no default");
        } else {
            static_cast<void>(ExplainArguments<Callee, typename Target::Parameters, A...>::explain());
        }
        return refused_call<B, typename Target::Result>();
    } else {
        return Refused();
    }
}

/// Calls what a name stands for that is not one method with its arguments: overloads, a template, a data member that is
/// called.
template <Blocking B, class T, class Callee, class... A>
auto call_overloads(const Addressee& to, A&&... arguments) {
    using Target = FunctionTarget<T, Callee, A...>;
    if constexpr (Target::fits) {
        return submit<B, BoundCallFor<T, Target, A...>>(to, info_of_overloads<T, Callee>, Target{Callee()},
                                                        std::forward<A>(arguments)...);
    } else if constexpr (!arguments_fit<typename Target::Parameters, A...> || Target::takes_no_context ||
                         Target::takes_context) {
        return refuse_function<B, Callee&&, Target>();
    } else {
        static_assert(accepted<Callee, WorkerClass<T>, Given<PassedDeduced<A>...>>,
                      "concur: no public method of this name takes these arguments; pass what one of its overloads "
                      "takes, or pick one with call<overload<Parameters...>(&T::method)>(...)");
        return Refused();
    }
}

}  // namespace concur::detail

// ---- the macro: one list of callees, one list of methods that name them

/// T's methods by name, on all proxies of T.
#define CONCUR_PROXY(T, ...)                                                                                        \
    template <>                                                                                                     \
    struct concur::detail::NamesOf<T> {                                                                             \
        static_assert(::concur::detail::no_names_left(CONCUR_DETAIL_AFTER_64(__VA_ARGS__, CONCUR_DETAIL_64_EMPTY)), \
                      "concur: CONCUR_PROXY takes up to 64 names; call the others as call<&" #T "::method>(...)");  \
        CONCUR_DETAIL_FOR_EACH(CONCUR_DETAIL_CALLEE, T, __VA_ARGS__, CONCUR_DETAIL_64_EMPTY)                        \
    };                                                                                                              \
    template <class NamedBase, class Names>                                                                         \
    class concur::detail::Named<T, NamedBase, Names> : public NamedBase {                                           \
    public:                                                                                                         \
        using NamedBase::NamedBase;                                                                                 \
        CONCUR_DETAIL_FOR_EACH(CONCUR_DETAIL_NAMED_METHOD, T, __VA_ARGS__, CONCUR_DETAIL_64_EMPTY)                  \
    };

// Each name comes as the variable arguments, so that what has no name expands to nothing.
#define CONCUR_DETAIL_CALLEE(T, ...) __VA_OPT__(CONCUR_DETAIL_ONE_CALLEE(T, __VA_ARGS__))
#define CONCUR_DETAIL_NAMED_METHOD(T, ...) __VA_OPT__(CONCUR_DETAIL_ONE_NAMED_METHOD(__VA_ARGS__))

#define CONCUR_DETAIL_ONE_CALLEE(T, method)                                                                          \
    static_assert(!::concur::detail::is_name_of_proxy(#method),                                                      \
                  "concur: " #method " is a name of the proxy itself; leave it out and write call<&" #T "::" #method \
                  ">(...)");                                                                                         \
    struct callee_of_##method {                                                                                      \
        [[maybe_unused]] static constexpr ::std::string_view name = #method;                                         \
        template <class Class>                                                                                       \
        static consteval auto pointer() requires requires {                                                          \
            &Class::method;                                                                                          \
        }                                                                                                            \
        { return &Class::method; }                                                                                   \
        template <class Object, class... Passed>                                                                     \
            requires requires(Object & object, Passed&&... passed) {                                                 \
                object.method(static_cast<Passed&&>(passed)...);                                                     \
            }                                                                                                        \
        decltype(auto) operator()(Object& object, Passed&&... passed) const {                                        \
            return object.method(static_cast<Passed&&>(passed)...);                                                  \
        }                                                                                                            \
    };

#define CONCUR_DETAIL_ONE_NAMED_METHOD(method)                                                                  \
    template <class... Passed>                                                                                  \
    auto method(Passed&&... passed) const {                                                                     \
        return this->template call_named<typename Names::callee_of_##method>(static_cast<Passed&&>(passed)...); \
    }

// Once more, so that the 64 empty names have become arguments of their own.
#define CONCUR_DETAIL_FOR_EACH(...) CONCUR_DETAIL_FOR_EACH_OF_64(__VA_ARGS__)
#define CONCUR_DETAIL_AFTER_64(...) CONCUR_DETAIL_AFTER_FIRST_64(__VA_ARGS__)

// Flat: an error inside shows one step of expansion, a recursive list would show one for each name.
// clang-format off
#define CONCUR_DETAIL_FOR_EACH_OF_64(M, T, \
    a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, \
    a24, a25, a26, a27, a28, a29, a30, a31, a32, a33, a34, a35, a36, a37, a38, a39, a40, a41, a42, a43, a44, \
    a45, a46, a47, a48, a49, a50, a51, a52, a53, a54, a55, a56, a57, a58, a59, a60, a61, a62, a63, a64, ...) \
    M(T, a1) M(T, a2) M(T, a3) M(T, a4) M(T, a5) M(T, a6) M(T, a7) M(T, a8) M(T, a9) M(T, a10) M(T, a11) \
    M(T, a12) M(T, a13) M(T, a14) M(T, a15) M(T, a16) M(T, a17) M(T, a18) M(T, a19) M(T, a20) M(T, a21) \
    M(T, a22) M(T, a23) M(T, a24) M(T, a25) M(T, a26) M(T, a27) M(T, a28) M(T, a29) M(T, a30) M(T, a31) \
    M(T, a32) M(T, a33) M(T, a34) M(T, a35) M(T, a36) M(T, a37) M(T, a38) M(T, a39) M(T, a40) M(T, a41) \
    M(T, a42) M(T, a43) M(T, a44) M(T, a45) M(T, a46) M(T, a47) M(T, a48) M(T, a49) M(T, a50) M(T, a51) \
    M(T, a52) M(T, a53) M(T, a54) M(T, a55) M(T, a56) M(T, a57) M(T, a58) M(T, a59) M(T, a60) M(T, a61) \
    M(T, a62) M(T, a63) M(T, a64)
#define CONCUR_DETAIL_AFTER_FIRST_64( \
    a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, \
    a24, a25, a26, a27, a28, a29, a30, a31, a32, a33, a34, a35, a36, a37, a38, a39, a40, a41, a42, a43, a44, \
    a45, a46, a47, a48, a49, a50, a51, a52, a53, a54, a55, a56, a57, a58, a59, a60, a61, a62, a63, a64, ...) \
    #__VA_ARGS__
#define CONCUR_DETAIL_64_EMPTY ,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,
// clang-format on

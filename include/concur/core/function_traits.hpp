/// What a function, a method or a function object takes and returns.
#pragma once

#include <cstddef>
#include <tuple>
#include <type_traits>

namespace concur::detail {

template <class... Parameters>
struct TypeList {
    static constexpr std::size_t size = sizeof...(Parameters);
    template <std::size_t index>
    using at = std::tuple_element_t<index, std::tuple<std::type_identity<Parameters>...>>;
};

enum class RefQualifier : unsigned char { none, lvalue, rvalue };

/// `known` is false for what has no single signature: generic lambdas, overloaded call operators.
template <class F>
struct FunctionTraits {
    static constexpr bool known = false;
};

template <class R, class... P>
struct Signature {
    static constexpr bool known = true;
    using Result = R;
    using Parameters = TypeList<P...>;
};

template <class R, class... P>
struct FunctionTraits<R (*)(P...)> : Signature<R, P...> {};
template <class R, class... P>
struct FunctionTraits<R (*)(P...) noexcept> : Signature<R, P...> {};

/// A method; `Class` is the one that declares it.
template <class C, bool is_const, RefQualifier qualifier, class R, class... P>
struct MethodSignature : Signature<R, P...> {
    using Class = C;
    static constexpr bool constant = is_const;
    static constexpr RefQualifier ref = qualifier;
};

#define CONCUR_DETAIL_METHOD(qualifiers, is_const, ref)                                                             \
    template <class C, class R, class... P>                                                                         \
    struct FunctionTraits<R (C::*)(P...) qualifiers> : MethodSignature<C, is_const, RefQualifier::ref, R, P...> {}; \
    template <class C, class R, class... P>                                                                         \
    struct FunctionTraits<R (C::*)(P...) qualifiers noexcept>                                                       \
        : MethodSignature<C, is_const, RefQualifier::ref, R, P...> {};
CONCUR_DETAIL_METHOD(, false, none)
CONCUR_DETAIL_METHOD(const, true, none)
CONCUR_DETAIL_METHOD(&, false, lvalue)
CONCUR_DETAIL_METHOD(const&, true, lvalue)
CONCUR_DETAIL_METHOD(&&, false, rvalue)
CONCUR_DETAIL_METHOD(const&&, true, rvalue)
#undef CONCUR_DETAIL_METHOD

/// A function object with one call operator: as its operator().
template <class F>
    requires(std::is_class_v<F>&& requires { &F::operator(); })
struct FunctionTraits<F> : FunctionTraits<decltype(&F::operator())> {};

}  // namespace concur::detail

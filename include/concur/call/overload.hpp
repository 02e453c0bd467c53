/// Which of several methods of one name is meant.
#pragma once

namespace concur::detail {

// The parameters belong to the class, so that none of them is deduced: overload<int> is never the one with two ints.

template <class... P>
struct ConstOverload {
    template <class R, class C>
    constexpr auto operator()(R (C::*method)(P...) const) const noexcept {
        return method;
    }
    template <class R, class C>
    constexpr auto operator()(R (C::*method)(P...) const&) const noexcept {
        return method;
    }
};

template <class... P>
struct MutableOverload {
    template <class R, class C>
    constexpr auto operator()(R (C::*method)(P...)) const noexcept {
        return method;
    }
    template <class R, class C>
    constexpr auto operator()(R (C::*method)(P...) &) const noexcept {
        return method;
    }
};

template <class... P>
struct Overload : ConstOverload<P...>, MutableOverload<P...> {
    using ConstOverload<P...>::operator();
    using MutableOverload<P...>::operator();

    template <class R>
    constexpr auto operator()(R (*function)(P...)) const noexcept {
        return function;
    }
};

}  // namespace concur::detail

namespace concur {

/// The method with exactly these parameters: `worker.call<overload<const std::string&>(&T::find)>("key")`.
template <class... P>
inline constexpr detail::Overload<P...> overload{};

/// The same, where a const and a non-const method have these parameters.
template <class... P>
inline constexpr detail::ConstOverload<P...> const_overload{};
template <class... P>
inline constexpr detail::MutableOverload<P...> mutable_overload{};

}  // namespace concur

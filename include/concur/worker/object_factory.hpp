/// Builds the object of a worker from the arguments of `init`.
///
/// In this order, once: `static void T::pre_initialize(Args&...)` in the caller, if T has it, with the arguments
/// converted to its parameter types; T itself, where the worker lives; `void T::post_initialize()` if T has it.
#pragma once

#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "concur/backend/backend.hpp"
#include "concur/call/arguments.hpp"
#include "concur/call/diagnose.hpp"

namespace concur::detail {

// ---- how an argument of init() is kept, and what the constructor gets

template <class A>
struct KeptForInit {
    using Plain = std::decay_t<A>;
    using type =
        std::conditional_t<std::is_same_v<Plain, const char*> || std::is_same_v<Plain, char*>, CText, Owned<Plain>>;

    static decltype(auto) pass(type& kept) {
        if constexpr (std::is_same_v<type, CText>) {
            return kept.c_str();
        } else if constexpr (!std::is_same_v<type, Plain>) {
            return Plain(kept);
        } else {
            return std::move(kept);
        }
    }
};

/// What the constructor is called with for an argument of type A.
template <class A>
using PassedForInit = decltype(KeptForInit<A>::pass(std::declval<typename KeptForInit<A>::type&>()));

template <class T, class... Passed>
inline constexpr bool list_constructible = requires(Passed (*... make)()) {
    T{make()...};
};

template <class T, class... Passed>
inline constexpr bool constructible = std::is_constructible_v<T, Passed...> || list_constructible<T, Passed...>;

/// A `pre_initialize` that is one function, so that its parameter types are known.
template <class T>
concept HasPreInitialize = requires {
    &T::pre_initialize;
};

/// Makes the name ambiguous if T has it: that finds overloaded, generic and private ones, too.
struct PreInitializeName {
    int pre_initialize;
};
template <class T>
struct PreInitializeProbe : T, PreInitializeName {};

template <class T>
inline constexpr bool names_pre_initialize = [] {
    if constexpr (std::is_final_v<T>) {
        return false;
    } else {
        return !requires { &PreInitializeProbe<T>::pre_initialize; };
    }
}();

template <class T, class... A>
struct InitArguments {
    using Kept = std::tuple<typename KeptForInit<A>::type...>;
    template <class F>
    static decltype(auto) pass(Kept& kept, F&& f) {
        return std::apply(
            [&](auto&... each) -> decltype(auto) { return std::forward<F>(f)(KeptForInit<A>::pass(each)...); }, kept);
    }
    static constexpr bool fits = constructible<T, PassedForInit<A>...>;
};

template <class T, class Parameters>
struct PreInitialized;

/// With a `pre_initialize`, the arguments are kept as its parameter types, which it may change in place.
template <class T, class... P>
struct PreInitialized<T, TypeList<P...>> {
    using Kept = std::tuple<std::remove_cvref_t<P>...>;
    template <class F>
    static decltype(auto) pass(Kept& kept, F&& f) {
        return std::apply([&](auto&... each) -> decltype(auto) { return std::forward<F>(f)(std::move(each)...); },
                          kept);
    }
    static constexpr bool fits = constructible<T, std::remove_cvref_t<P>...>;

    template <class... A>
    static consteval bool check() {
        constexpr bool callable = [] {
            if constexpr (sizeof...(A) == sizeof...(P)) {
                return (std::is_convertible_v<A, std::remove_cvref_t<P>> && ...);
            } else {
                return false;
            }
        }();
        static_assert(callable, "concur: T::pre_initialize cannot be called with the arguments of init()");
        return callable;
    }
};

/// The object, built in place: T need be neither copyable nor movable.
template <class T, class Arguments>
class FactoryOf final : public ObjectFactory {
public:
    explicit FactoryOf(typename Arguments::Kept kept) : kept_{std::move(kept)} {}

    void* build() override {
        auto object = Arguments::pass(
            kept_, [](auto&&... passed) { return construct(std::forward<decltype(passed)>(passed)...); });
        if constexpr (requires { object->post_initialize(); }) object->post_initialize();
        return object.release();
    }

    void destroy(void* object) override { delete static_cast<T*>(object); }

private:
// An aggregate may leave members to their default, as in the user's own code.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
    template <class... Passed>
    static std::unique_ptr<T> construct(Passed&&... passed) {
        if constexpr (std::is_constructible_v<T, Passed...>) {
            return std::unique_ptr<T>(new T(std::forward<Passed>(passed)...));
        } else {
            return std::unique_ptr<T>(new T{std::forward<Passed>(passed)...});
        }
    }
#pragma GCC diagnostic pop

    typename Arguments::Kept kept_;
};

/// Waits for the futures among the arguments of init(), unless the constructor wants the futures themselves.
template <class A>
decltype(auto) await_argument(A&& argument) {
    if constexpr (contains_future<A>) {
        return gather(std::forward<A>(argument));
    } else {
        return std::forward<A>(argument);
    }
}

template <class T, class... A>
std::unique_ptr<ObjectFactory> make_factory_of_values(A&&... arguments) {
    if constexpr (HasPreInitialize<T>) {
        using Parameters = typename FunctionTraits<decltype(&T::pre_initialize)>::Parameters;
        using Arguments = PreInitialized<T, Parameters>;
        if constexpr (Arguments::template check<A...>() &&
                      CheckConstructor<T, A...>::template check_arguments<Arguments::fits>()) {
            typename Arguments::Kept kept(std::forward<A>(arguments)...);
            std::apply(&T::pre_initialize, kept);
            return std::make_unique<FactoryOf<T, Arguments>>(std::move(kept));
        }
    } else {
        using Arguments = InitArguments<T, A...>;
        if constexpr (CheckConstructor<T, A...>::template check_arguments<Arguments::fits>()) {
            typename Arguments::Kept kept(keep_as<typename KeptForInit<A>::type>(std::forward<A>(arguments))...);
            if constexpr (names_pre_initialize<T>) {
                constexpr bool callable = requires {
                    T::pre_initialize(std::declval<typename KeptForInit<A>::type&>()...);
                };
                static_assert(callable, "concur: T::pre_initialize cannot be called with the arguments of init()");
                if constexpr (callable) std::apply([](auto&... each) { T::pre_initialize(each...); }, kept);
            }
            return std::make_unique<FactoryOf<T, Arguments>>(std::move(kept));
        }
    }
    return nullptr;
}

/// The factory for `init(arguments...)`.
template <class T, class... A>
std::unique_ptr<ObjectFactory> make_factory(A&&... arguments) {
    if constexpr (CheckConstructor<T, A...>::check()) {
        if constexpr (!(contains_future<A> || ...) || InitArguments<T, A...>::fits) {
            return make_factory_of_values<T>(std::forward<A>(arguments)...);
        } else {
            return make_factory_of_values<T>(await_argument(std::forward<A>(arguments))...);
        }
    } else {
        return nullptr;
    }
}

}  // namespace concur::detail

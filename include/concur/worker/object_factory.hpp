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
#include <variant>

#include "concur/backend/backend.hpp"
#include "concur/call/arguments.hpp"
#include "concur/call/diagnose.hpp"
#include "concur/call/names.hpp"

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

/// Makes a hook's name ambiguous if T has it: that finds overloaded, generic and private ones, too.
struct HookNames {
    int pre_initialize;
    int post_initialize;
};
template <class T>
struct HookProbe : T, HookNames {};

// The names of a final class cannot be probed: its private and overloaded hooks are overlooked.
template <class T>
inline constexpr bool can_probe_hooks = std::is_class_v<T> && !std::is_final_v<T>;

template <class T>
inline constexpr bool names_pre_initialize = false;
template <class T>
    requires can_probe_hooks<T>
inline constexpr bool names_pre_initialize<T> = !requires { &HookProbe<T>::pre_initialize; };

template <class T>
inline constexpr bool names_post_initialize = false;
template <class T>
    requires can_probe_hooks<T>
inline constexpr bool names_post_initialize<T> = !requires { &HookProbe<T>::post_initialize; };

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
    static constexpr bool owns =
        ((std::is_same_v<Owned<P>, std::remove_cvref_t<P>> && !is_text_pointer<std::remove_cvref_t<P>>)&&...);

    template <class... A>
    static Kept keep(A&&... arguments) {
        try {
            return Kept(prepare<std::remove_cvref_t<P>>(std::forward<A>(arguments))...);
        } catch (const Violation& violation) {
            throw_from(name_of_type<T>(), violation, {{std::addressof(arguments), sizeof(arguments)}...});
        }
    }

    template <class... A>
    static constexpr bool takes = [] {
        if constexpr (sizeof...(A) == sizeof...(P)) {
            return (can_keep<std::remove_cvref_t<P>, A> && ...);
        } else {
            return false;
        }
    }();

private:
    // Containers of what has rules need help; the rest the tuple converts.
    template <class Parameter, class A>
    static decltype(auto) prepare(A&& argument) {
        if constexpr (holds_valid<Parameter>) {
            return keep_as<Parameter>(std::forward<A>(argument));
        } else {
            return std::forward<A>(argument);
        }
    }
};

/// The object, built in place: T need be neither copyable nor movable.
template <class T, class Arguments>
class FactoryOf final : public ObjectFactory {
public:
    explicit FactoryOf(typename Arguments::Kept kept) : kept_{std::move(kept)} {}

    void* build() override {
        auto object = Arguments::pass(
            kept_, [](auto&&... passed) { return construct_checked(std::forward<decltype(passed)>(passed)...); });
        if constexpr (requires { object->post_initialize(); }) object->post_initialize();
        return object.release();
    }

    void destroy(void* object) override { delete static_cast<T*>(object); }

    const std::type_info& type() const noexcept override { return typeid(T); }
    // The one conversion to a base class that goes by the object's type at run time.
    void throw_pointer(void* object) const override {
        throw static_cast<T*>(object);  // NOLINT(misc-throw-by-value-catch-by-reference)
    }

private:
    // The constructor's parameter types are not known: a value that breaks their rules is found by its place.
    template <class... Passed>
    static std::unique_ptr<T> construct_checked(Passed&&... passed) {
        if constexpr (sizeof...(Passed) == 0) {
            return construct();
        } else {
            try {
                return construct(std::forward<Passed>(passed)...);
            } catch (const Violation& violation) {
                throw_from(name_of_type<T>(), violation, {{std::addressof(passed), sizeof(passed)}...});
            }
        }
    }

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

/// The value of an argument of init() with futures in it, unless the constructor wants the futures themselves.
template <class A>
decltype(auto) await_argument(A&& argument) {
    if constexpr (!contains_future<A>) {
        return std::forward<A>(argument);
    } else if constexpr (std::is_void_v<decltype(gather(std::forward<A>(argument)))>) {
        gather(std::forward<A>(argument));
        return std::monostate();
    } else {
        return gather(std::forward<A>(argument));
    }
}

// ---- what init() refuses. D11, D12

/// Whether objects of type T can be held at all, whatever the arguments.
template <class T>
consteval bool check_worker_class() {
    constexpr bool is_plain_object =
        std::is_object_v<T> && !std::is_array_v<T> && std::is_same_v<T, std::remove_cv_t<T>>;
    if constexpr (!is_plain_object) {
        static_assert(accepted<WorkerClass<T>>,
                      "concur: a worker holds one object; name its class, without const, reference or array bounds");
        return false;
    } else if constexpr (std::is_abstract_v<T>) {
        static_assert(accepted<WorkerClass<T>>,
                      "concur: this worker class is abstract; name a class that implements it");
        return false;
    } else if constexpr (!std::is_destructible_v<T>) {
        static_assert(accepted<WorkerClass<T>>,
                      "concur: the destructor of this worker class is private or deleted, and the worker destroys its "
                      "object; make it public");
        return false;
    } else {
        constexpr bool hook_is_callable = !names_post_initialize<T> || requires(T & object) {
            object.post_initialize();
        };
        if constexpr (!hook_is_callable) {
            static_assert(accepted<WorkerClass<T>>,
                          "concur: post_initialize of this worker class cannot be called; make it public and callable "
                          "without arguments");
        }
        return hook_is_callable;
    }
}

/// Whether each argument of init() can be kept until the object is built.
template <class T, class... A>
consteval bool check_init_arguments() {
    if constexpr ((has_mixed_variant<std::remove_cvref_t<A>> || ...)) {
        static_assert(accepted<WorkerClass<T>, Given<A...>>,
                      "concur: an argument of init() holds a variant of values and futures; make the values futures "
                      "with ready(v), or use list(...)");
        return false;
    } else {
        constexpr bool can_be_kept = !(would_copy_uncopyable<A> || ...);
        if constexpr (!can_be_kept) {
            static_assert(accepted<WorkerClass<T>, Given<A...>>,
                          "concur: an argument of init() belongs to the worker from now on and cannot be copied; pass "
                          "it with std::move, or share it with std::ref");
        }
        return can_be_kept;
    }
}

template <bool callable, class T, class... A>
consteval bool check_pre_initialize() {
    if constexpr (!callable) {
        static_assert(accepted<WorkerClass<T>, Given<A...>>,
                      "concur: pre_initialize of this worker class cannot be called with the arguments of init(); make "
                      "it public, static and callable with them");
    }
    return callable;
}

template <bool owned, class T>
consteval bool check_pre_initialize_owns() {
    if constexpr (!owned) {
        static_assert(accepted<WorkerClass<T>>,
                      "concur: a parameter of pre_initialize is a view, and what it looks at may be gone before the "
                      "object is built; take a reference to an owner, such as std::string&");
    }
    return owned;
}

template <bool constructible, class T, class... A>
consteval bool check_constructor() {
    if constexpr (!constructible) {
        static_assert(accepted<WorkerClass<T>, Given<A...>>,
                      "concur: this worker class has no public constructor for the arguments of init(); pass what one "
                      "of them takes, and with std::ref what it takes as a non-const reference");
    }
    return constructible;
}

template <class T, class... A>
std::unique_ptr<ObjectFactory> make_factory_of_values(A&&... arguments) {
    if constexpr (HasPreInitialize<T>) {
        using Hook = decltype(&T::pre_initialize);
        if constexpr (!std::is_pointer_v<Hook>) {
            static_cast<void>(check_pre_initialize<false, T, A...>());
        } else {
            using Arguments = PreInitialized<T, typename FunctionTraits<Hook>::Parameters>;
            if constexpr (check_pre_initialize<Arguments::template takes<A...>, T, A...>() &&
                          check_pre_initialize_owns<Arguments::owns, T>()) {
                if constexpr (check_constructor<Arguments::fits, T, A...>()) {
                    typename Arguments::Kept kept = Arguments::keep(std::forward<A>(arguments)...);
                    std::apply(&T::pre_initialize, kept);
                    return std::make_unique<FactoryOf<T, Arguments>>(std::move(kept));
                }
            }
        }
    } else {
        using Arguments = InitArguments<T, A...>;
        constexpr bool hook_is_callable = !names_pre_initialize<T> || requires {
            T::pre_initialize(std::declval<typename KeptForInit<A>::type&>()...);
        };
        if constexpr (check_pre_initialize<hook_is_callable, T, A...>()) {
            if constexpr (check_constructor<Arguments::fits, T, A...>()) {
                typename Arguments::Kept kept(keep_as<typename KeptForInit<A>::type>(std::forward<A>(arguments))...);
                if constexpr (names_pre_initialize<T>)
                    std::apply([](auto&... each) { T::pre_initialize(each...); }, kept);
                return std::make_unique<FactoryOf<T, Arguments>>(std::move(kept));
            }
        }
    }
    return nullptr;
}

/// The factory for `init(arguments...)`.
template <class T, class... A>
std::unique_ptr<ObjectFactory> make_factory(A&&... arguments) {
    if constexpr (check_worker_class<T>()) {
        if constexpr (check_init_arguments<T, A...>()) {
            if constexpr (!(contains_future<A> || ...) || InitArguments<T, A...>::fits) {
                return make_factory_of_values<T>(std::forward<A>(arguments)...);
            } else {
                return make_factory_of_values<T>(await_argument(std::forward<A>(arguments))...);
            }
        }
    }
    return nullptr;
}

}  // namespace concur::detail

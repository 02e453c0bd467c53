/// `Proxy<T>`: the typed handle on a worker.
#pragma once

#include <type_traits>
#include <utility>

#include "concur/backend/submit.hpp"
#include "concur/call/names.hpp"
#include "concur/call/overload.hpp"
#include "concur/worker/handle.hpp"
#include "concur/worker/proxy_macro.hpp"
#include "concur/worker/with.hpp"

namespace concur {

template <class T, Mode M = Mode::dynamic, Blocking B = Blocking::no>
class Proxy;
template <class T, Mode M, Blocking B>
class ProxyWith;

namespace detail {

/// What is known of `method`, with static storage.
template <auto method>
inline constexpr MethodInfo info_of{name_of_method<method>()};

/// Whether a method can be called on a T with arguments of types A. Quick for what fits, see call/diagnose.hpp.
template <class T, class Pointer, class... A>
inline constexpr bool call_fits = [] {
    if constexpr (method_fault<T, Pointer> == MethodFault::none) {
        using Target = MethodTarget<T, Pointer>;
        return result_fault<typename Target::Result> == ResultFault::none &&
               arguments_fit<typename Target::Parameters, A...>;
    } else {
        return false;
    }
}();

/// A pointer to a static method is one to a plain function. Which it is, the first parameter tells: a function for
/// `call` takes the object there.
template <class T, class F>
inline constexpr bool takes_no_object = false;
template <class T, class R>
inline constexpr bool takes_no_object<T, R (*)()> = true;
template <class T, class R, class First, class... P>
inline constexpr bool takes_no_object<T, R (*)(First, P...)> = !takes_object<T, First>;
template <class T, class R, class... P>
inline constexpr bool takes_no_object<T, R (*)(P...) noexcept> = takes_no_object<T, R (*)(P...)>;

/// Says why `call_fits` is false.
template <Blocking B, class Callee, class T, class Pointer, class... A>
auto refuse_method() {
    if constexpr (explain_method<Callee, T, Pointer>()) {
        using Target = MethodTarget<T, Pointer>;
        if constexpr (explain_result<Callee, typename Target::Result>()) {
            static_cast<void>(ExplainArguments<Callee, typename Target::Parameters, A...>::explain());
            return refused_call<B, typename Target::Result>();
        } else {
            return Refused();
        }
    } else {
        return Refused();
    }
}

template <Blocking B, class T, class Pointer, class... A>
auto call_method(const Addressee& to, const MethodInfo& info, Pointer pointer, A&&... arguments) {
    using Target = MethodTarget<T, Pointer>;
    return submit<B, BoundCallFor<T, Target, A...>>(to, info, Target{pointer}, std::forward<A>(arguments)...);
}

/// The calling part of the interface for a worker whose object is a T, on top of a handle: all of `Proxy`'s, or one
/// that only makes calls.
template <class T, Mode M, Blocking B, class Base>
class MethodCalls : public Base {
public:
    MethodCalls() noexcept = default;
    explicit MethodCalls(Base handle) noexcept : Base(std::move(handle)) {}

    /// Calls a method, reads a data member, or calls a static function of T: a future of its result, or the result
    /// itself if the proxy is blocking.
    ///
    /// Arguments are converted to the parameter types here, as in a plain call, and belong to the call from then on.
    /// Futures among them, at any depth, are replaced by their values; the call starts when the last one is ready, and
    /// nobody waits for that. Calls of one thread start in the order made. An overloaded method is picked by
    /// `overload<Args...>(&T::method)`. Throws WorkerStoppedError after a stop.
    template <auto method, class... A>
    auto call(A&&... arguments) const {
        using Pointer = std::remove_const_t<decltype(method)>;
        if constexpr (call_fits<T, Pointer, A...>) {
            return call_method<B, T>(Base::addressee(), info_of<method>, method, std::forward<A>(arguments)...);
        } else {
            return refuse_method<B, Method<method>, T, Pointer, A...>();
        }
    }

    /// Calls `f(object, arguments...)` where the object lives: f takes T& or const T&, optionally CallContext& after
    /// it. For generic code f may be a pointer to a method, a static method or a data member.
    template <class F, class... A>
    auto call(F&& f, A&&... arguments) const {
        using Pointer = std::decay_t<F>;
        if constexpr (takes_no_object<T, Pointer> && call_fits<T, Pointer, A...>) {
            return call_method<B, T>(Base::addressee(), function_info, f, std::forward<A>(arguments)...);
        } else if constexpr (!std::is_member_pointer_v<Pointer>) {
            return call_function<B, T>(Base::addressee(), std::forward<F>(f), std::forward<A>(arguments)...);
        } else if constexpr (call_fits<T, Pointer, A...>) {
            return call_method<B, T>(Base::addressee(), named_method(f), f, std::forward<A>(arguments)...);
        } else {
            return refuse_method<B, Function<Pointer>, T, Pointer, A...>();
        }
    }

    // What can only be refused: a name that stands for several functions or for a template of them. D7
    template <SeveralFunctions methods, class... A>
    Refused call(A&&...) const;
    template <class Name = OverloadedOrTemplate>
    auto call(...) const {
        static_cast<void>(SeveralFunctions<Name&>());
        return Refused();
    }

    /// A handle that makes calls with these options, which beat the worker's and the method's:
    /// `worker.with({.num_retries = 0}).call<&T::method>()`. It owns the worker as a copy does. Throws ConfigError.
    [[nodiscard]] ProxyWith<T, M, B> with(const CallOptions& options) const {
        return ProxyWith<T, M, B>(Base::with_options(options));
    }
    /// A handle whose calls go to the same member of a pool as all calls with an equal key: an integer, an enum or
    /// text. A single worker accepts it, too.
    template <class K>
    [[nodiscard]] ProxyWith<T, M, B> with_key(const K& key) const {
        return ProxyWith<T, M, B>(Base::with_hash(hash_of_key(key)));
    }

protected:
    /// For CONCUR_PROXY.
    template <class Callee, class... A>
    auto call_named(A&&... arguments) const {
        if constexpr (StandsForOneMember<Callee, T>) {
            using Pointer = decltype(Callee::template pointer<T>());
            if constexpr (leaves_out_defaults<Pointer, A...>) {
                return call_with_defaults<Callee, Pointer>(std::forward<A>(arguments)...);
            } else if constexpr (calls_data_member<Callee, Pointer, A...>) {
                return call_overloads<B, T, Callee>(Base::addressee(), std::forward<A>(arguments)...);
            } else {
                return call<Callee::template pointer<T>()>(std::forward<A>(arguments)...);
            }
        } else {
            return call_overloads<B, T, Callee>(Base::addressee(), std::forward<A>(arguments)...);
        }
    }

private:
    /// The method that `method<...>` of the options named by an equal pointer.
    template <class Pointer>
    [[nodiscard]] const MethodInfo& named_method(const Pointer& pointer) const {
        const CallPolicies* policies = Base::addressee().backend.policies();
        const MethodInfo* named = policies ? policies->find_method(typeid(Pointer), &pointer) : nullptr;
        return named ? *named : method_info;
    }

    template <class Pointer, class... A>
    static constexpr bool leaves_out_defaults = [] {
        if constexpr (method_fault<T, Pointer> != MethodFault::none || std::is_member_object_pointer_v<Pointer>) {
            return false;
        } else {
            return sizeof...(A) < MethodTarget<T, Pointer>::Parameters::size;
        }
    }();
    // A std::function, say; without arguments the member is read.
    template <class Callee, class Pointer, class... A>
    static constexpr bool calls_data_member = std::is_member_object_pointer_v<Pointer> &&
                                              sizeof...(A) != 0 && FunctionTarget<T, Callee, A...>::fits;

    template <class Callee, class Pointer, class... A>
    auto call_with_defaults(A&&... arguments) const {
        using Target = DefaultsTarget<T, Callee, Pointer, A...>;
        constexpr auto pointer = Callee::template pointer<T>();
        if constexpr (Target::fits) {
            return submit<B, BoundCallFor<T, Target, A...>>(Base::addressee(), info_of<pointer>, Target(),
                                                            std::forward<A>(arguments)...);
        } else {
            return refuse_defaults<B, Method<pointer>, Target, A...>();
        }
    }
};

}  // namespace detail

/// A handle on a worker whose object is a T.
///
/// Copies are handles on the same worker; the last one stops it, and so finishes what is queued. All members may be
/// called by any thread. `Proxy<T>` is for every mode; `Proxy<T, Mode::thread>` and the like know theirs at compile
/// time, and convert to `Proxy<T>`. An empty proxy (default-constructed or moved from) throws NoStateError.
///
/// Calling is in MethodCalls above, stopping in handle.hpp, methods by name in proxy_macro.hpp.
///
///     auto counter = concur::Worker<Counter>::options().mode("thread").init(10);
///     concur::Future<int> sum = counter.call<&Counter::add>(5);
template <class T, Mode M, Blocking B>
class Proxy : public detail::Named<T, detail::MethodCalls<T, M, B, ProxyBase>> {
    using Base = detail::Named<T, detail::MethodCalls<T, M, B, ProxyBase>>;

public:
    Proxy() noexcept = default;
    explicit Proxy(detail::WorkerHandle worker) noexcept : Base(ProxyBase(std::move(worker))) {}
    template <Mode known>
        requires(M == Mode::dynamic && known != Mode::dynamic)
    Proxy(Proxy<T, known, B> other)
    noexcept : Base(static_cast<ProxyBase&&>(other)) {}

    /// Whether both are handles on the same worker.
    friend bool operator==(const Proxy& a, const Proxy& b) noexcept { return a.ProxyBase::same_worker(b); }
};

/// A handle that only makes calls, with options of their own: what `with` and `with_key` return. Owns the worker as a
/// copy of its proxy does; moved from, it throws NoStateError.
template <class T, Mode M, Blocking B>
class ProxyWith : public detail::Named<T, detail::MethodCalls<T, M, B, detail::CallHandle>> {
    using Base = detail::Named<T, detail::MethodCalls<T, M, B, detail::CallHandle>>;

public:
    explicit ProxyWith(detail::CallHandle handle) noexcept : Base(std::move(handle)) {}
};

}  // namespace concur

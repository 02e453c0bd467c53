/// `Proxy<T>`: the typed handle on a worker.
#pragma once

#include <string_view>
#include <type_traits>
#include <utility>

#include "concur/backend/backend.hpp"
#include "concur/call/bound_call.hpp"
#include "concur/call/names.hpp"
#include "concur/call/overload.hpp"
#include "concur/future/future.hpp"

namespace concur {

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

/// What a call of a method that returns R seems to give, so that its refusal is the only error. Never defined.
template <Blocking B, class R>
std::conditional_t<B == Blocking::yes, CallResult<R>, Future<CallResult<R>>> refused_call();

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

/// Makes a call and hands it to its worker: a future of its result, or for a blocking proxy the result itself.
template <Blocking B, class Call, class Target, class... A>
auto submit(const WorkerHandle& worker, const MethodInfo& method, Target target, A&&... arguments) {
    using Value = typename Call::Value;
    Backend& backend = worker.get();
    if constexpr (B == Blocking::yes && !Call::follows) {
        if (backend.runs_in_caller()) {
            Call call(method, backend, std::move(target), std::forward<A>(arguments)...);  // nobody else will know it
            backend.submit(call);
            if (call.error()) std::rethrow_exception(call.error());
            if constexpr (std::is_void_v<Value>) {
                return;
            } else {
                return Value(std::move(*static_cast<Value*>(call.value_address())));
            }
        }
    }
    auto* call = new Call(method, backend, std::move(target), std::forward<A>(arguments)...);
    auto future = Future<Value>::adopt(call);
    backend.submit(*call);
    if constexpr (B == Blocking::yes) {
        return std::move(future).result();
    } else {
        return future;
    }
}

template <Blocking B, class T, class Pointer, class... A>
auto call_method(const WorkerHandle& worker, const MethodInfo& info, Pointer pointer, A&&... arguments) {
    using Target = MethodTarget<T, Pointer>;
    return submit<B, BoundCallFor<T, Target, A...>>(worker, info, Target{pointer}, std::forward<A>(arguments)...);
}

template <Blocking B, class T, class F, class... A>
auto call_function(const WorkerHandle& worker, F&& function, A&&... arguments) {
    using Function = std::decay_t<F>;
    using Target = FunctionTarget<T, Function, A...>;
    constexpr const MethodInfo& info = std::is_pointer_v<Function> ? function_info : lambda_info;
    if constexpr (keeps_function<F> && Target::fits) {
        return submit<B, BoundCallFor<T, Target, A...>>(worker, info, Target{std::forward<F>(function)},
                                                        std::forward<A>(arguments)...);
    } else {
        return refuse_function<B, F, Target>();
    }
}

}  // namespace detail

/// Stops a worker at the end of a scope, whatever other handles live; made by `Proxy::stop_on_exit`.
class [[nodiscard("the worker is stopped when this object goes away")]] StopScope {
public:
    StopScope(detail::WorkerHandle worker, Stop how) noexcept : worker_{std::move(worker)}, how_{how} {}
    StopScope(const StopScope&) = delete;
    StopScope& operator=(const StopScope&) = delete;
    ~StopScope();

private:
    detail::WorkerHandle worker_;
    Stop how_;
};

/// A handle on a worker whose object is a T.
///
/// Copies are handles on the same worker; the last one stops it, and so finishes what is queued. All members may be
/// called by any thread. `Proxy<T>` is for every mode; `Proxy<T, Mode::thread>` and the like know theirs at compile
/// time, and convert to `Proxy<T>`. An empty proxy (default-constructed or moved from) throws NoStateError.
///
///     auto counter = concur::Worker<Counter>::options().mode("thread").init(10);
///     concur::Future<int> sum = counter.call<&Counter::add>(5);
template <class T, Mode M = Mode::dynamic, Blocking B = Blocking::no>
class Proxy {
public:
    Proxy() noexcept = default;
    explicit Proxy(detail::WorkerHandle worker) noexcept : worker_{std::move(worker)} {}
    template <Mode known>
        requires(M == Mode::dynamic && known != Mode::dynamic)
    Proxy(Proxy<T, known, B> other)
    noexcept : worker_{std::move(other.worker_)} {}

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
        if constexpr (detail::call_fits<T, Pointer, A...>) {
            return detail::call_method<B, T>(worker_, detail::info_of<method>, method, std::forward<A>(arguments)...);
        } else {
            return detail::refuse_method<B, detail::Method<method>, T, Pointer, A...>();
        }
    }

    /// Calls `f(object, arguments...)` where the object lives: f takes T& or const T&, optionally CallContext& after
    /// it. For generic code f may be a pointer to a method or data member.
    template <class F, class... A>
    auto call(F&& f, A&&... arguments) const {
        using Function = std::decay_t<F>;
        if constexpr (!std::is_member_pointer_v<Function>) {
            return detail::call_function<B, T>(worker_, std::forward<F>(f), std::forward<A>(arguments)...);
        } else if constexpr (detail::call_fits<T, Function, A...>) {
            return detail::call_method<B, T>(worker_, detail::method_info, f, std::forward<A>(arguments)...);
        } else {
            return detail::refuse_method<B, detail::Function<Function>, T, Function, A...>();
        }
    }

    // What can only be refused: a name that stands for several functions or for a template of them. D7
    template <detail::SeveralFunctions methods, class... A>
    detail::Refused call(A&&...) const;
    template <class Name = detail::OverloadedOrTemplate>
    auto call(...) const {
        static_cast<void>(detail::SeveralFunctions<Name&>());
        return detail::Refused();
    }

    /// Takes no more calls, finishes those that were accepted (`Stop::drain`, at most for `stop_timeout`) or fails them
    /// (`Stop::now`), destroys the object where it lives, and returns. Inside the worker it only begins that.
    ///
    /// May be called again, and by several threads. Throws DeadlockError where it would wait for itself through other
    /// workers.
    void stop(Stop how = Stop::drain) const { worker_.get().stop(how); }
    [[nodiscard]] bool stopped() const { return worker_.get().stopped(); }
    /// `auto scope = worker.stop_on_exit();` stops the worker at the end of the scope, whatever other handles live.
    [[nodiscard]] StopScope stop_on_exit(Stop how = Stop::drain) const {
        static_cast<void>(worker_.get());
        return StopScope(worker_, how);
    }
    /// Waits until nothing is queued, running or waiting, counting what calls submit meanwhile: true. New calls stay
    /// welcome. False if `timeout` comes first.
    bool drain(Duration timeout = never) const { return worker_.get().drain(timeout); }

    /// What the options resolved to.
    [[nodiscard]] Settings settings() const { return worker_.get().settings(); }
    [[nodiscard]] Mode mode() const { return *worker_.get().settings().mode; }
    /// Good while a handle lives.
    [[nodiscard]] std::string_view name() const { return worker_.get().name(); }

    /// Whether both are handles on the same worker.
    friend bool operator==(const Proxy& a, const Proxy& b) noexcept { return a.worker_ == b.worker_; }

private:
    template <class, Mode, Blocking>
    friend class Proxy;

    detail::WorkerHandle worker_;
};

}  // namespace concur

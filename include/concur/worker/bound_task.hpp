/// `BoundTask`: a worker that runs one function, and is called like it.
///
///     auto square = concur::TaskWorker::options().mode("thread").init([](int x) { return x * x; });
///     concur::Future<int> result = square(12);
///     concur::BoundTask<int(int)> any_of_its_kind = square;
#pragma once

#include <type_traits>
#include <utility>

#include "concur/backend/submit.hpp"
#include "concur/pool/map.hpp"
#include "concur/worker/handle.hpp"
#include "concur/worker/with.hpp"

namespace concur {

/// F is the type of the function, or a signature that hides it.
template <class F, Mode M = Mode::dynamic, Blocking B = Blocking::no>
class BoundTask;
template <class F, Mode M, Blocking B>
class BoundTaskWith;

namespace detail {

/// How a bound function is called: it is the worker's object, and its type says all.
template <class F, Blocking B>
struct BoundFunction {
    template <class... A>
    auto call(const Addressee& to, A&&... arguments) const {
        return call_object<B, F>(to, std::forward<A>(arguments)...);
    }
    template <class... Ranges>
    auto map(const WorkerHandle& worker, const MapOptions& options, Ranges&&... ranges) const {
        return map_object<B, F>(worker, options, std::forward<Ranges>(ranges)...);
    }
};

/// The same behind a signature: one pointer remembers the function's type.
template <class R, class... P, Blocking B>
struct BoundFunction<R(P...), B> {
    using Call = Future<R> (*)(const Addressee& to, P... arguments);

    template <class F>
    [[nodiscard]] static BoundFunction of() noexcept {
        return {[](const Addressee& to, P... arguments) {
            return call_object<Blocking::no, F>(to, std::forward<P>(arguments)...);
        }};
    }

    auto call(const Addressee& to, P... arguments) const {
        Future<R> future = pointer(to, std::forward<P>(arguments)...);
        if constexpr (B == Blocking::yes) {
            return std::move(future).result();
        } else {
            return future;
        }
    }
    template <class... Ranges>
    auto map(const WorkerHandle& worker, const MapOptions& options, Ranges&&... ranges) const {
        return map_calls<B>(worker, options, ElementCalls<R, Call>(pointer), std::forward<Ranges>(ranges)...);
    }

    Call pointer = nullptr;
};

/// The calling part of the interface of a bound task, on top of a handle.
template <class F, Mode M, Blocking B, class Base>
class BoundCalls : public Base {
public:
    BoundCalls() noexcept = default;
    BoundCalls(Base handle, BoundFunction<F, B> function) noexcept : Base(std::move(handle)), function_{function} {}

    /// Calls the function: a future of its result, or the result itself if the task is blocking. Arguments as in
    /// `TaskProxy::submit`.
    template <class... A>
    auto operator()(A&&... arguments) const {
        return function_.call(Base::addressee(), std::forward<A>(arguments)...);
    }
    template <class... A>
    auto call(A&&... arguments) const {
        return function_.call(Base::addressee(), std::forward<A>(arguments)...);
    }
    template <class... A>
    auto submit(A&&... arguments) const {
        return function_.call(Base::addressee(), std::forward<A>(arguments)...);
    }

    /// The function of the elements of one range or of several in step, in their order: as `TaskProxy::map`.
    template <class R1>
    auto map(R1&& range, const MapOptions& options = {}) const {
        return function_.map(Base::worker(), options, std::forward<R1>(range));
    }
    template <class R1, NotMapOptions R2>
    auto map(R1&& first, R2&& second, const MapOptions& options = {}) const {
        return function_.map(Base::worker(), options, std::forward<R1>(first), std::forward<R2>(second));
    }
    template <class R1, NotMapOptions R2, NotMapOptions R3>
    auto map(R1&& first, R2&& second, R3&& third, const MapOptions& options = {}) const {
        return function_.map(Base::worker(), options, std::forward<R1>(first), std::forward<R2>(second),
                             std::forward<R3>(third));
    }
    template <class R1, NotMapOptions R2, NotMapOptions R3, NotMapOptions R4>
    auto map(R1&& first, R2&& second, R3&& third, R4&& fourth, const MapOptions& options = {}) const {
        return function_.map(Base::worker(), options, std::forward<R1>(first), std::forward<R2>(second),
                             std::forward<R3>(third), std::forward<R4>(fourth));
    }
    /// Five ranges and more, without options: these cannot follow a list of any length.
    template <NotMapOptions... R>
        requires(sizeof...(R) > 4)
    auto map(R&&... ranges) const { return function_.map(Base::worker(), {}, std::forward<R>(ranges)...); }

    /// A handle that calls with these options, see `Proxy::with`.
    [[nodiscard]] BoundTaskWith<F, M, B> with(const CallOptions& options) const {
        return BoundTaskWith<F, M, B>(Base::with_options(options), function_);
    }
    /// A handle whose calls go to the same member of a pool as all with an equal key, see `Proxy::with_key`.
    template <class K>
    [[nodiscard]] BoundTaskWith<F, M, B> with_key(const K& key) const {
        return BoundTaskWith<F, M, B>(Base::with_hash(hash_of_key(key)), function_);
    }

    [[nodiscard]] BoundFunction<F, B> function() const noexcept { return function_; }

private:
    [[no_unique_address]] BoundFunction<F, B> function_;
};

/// Whether a worker bound to a Function can be called as `R(P...)`.
template <class Signature, class Function>
inline constexpr bool has_signature = false;
template <class R, class... P, class Function>
    requires(!std::is_function_v<Function> && ObjectTarget<Function, P...>::fits)
inline constexpr bool has_signature<R(P...), Function> =
    std::is_same_v<R, typename BoundCallFor<Function, ObjectTarget<Function, P...>, P...>::Value>;

}  // namespace detail

/// A handle on a worker that is bound to a function: what `TaskWorker::options()...init(f)` returns. The function lives
/// in the worker, so what it changes in itself stays. Everything that `Proxy` has but its calls.
///
/// Converts to `BoundTask<R(P...)>` where the function takes these arguments and gives an R; the type of the function
/// and the mode are then hidden.
template <class F, Mode M, Blocking B>
class BoundTask : public detail::BoundCalls<F, M, B, ProxyBase> {
    using Base = detail::BoundCalls<F, M, B, ProxyBase>;

public:
    BoundTask() noexcept = default;
    explicit BoundTask(detail::WorkerHandle worker) noexcept requires(!std::is_function_v<F>)
        : Base(ProxyBase(std::move(worker)), {}) {}
    template <Mode known>
        requires(M == Mode::dynamic && known != Mode::dynamic)
    BoundTask(BoundTask<F, known, B> other)
    noexcept : Base(static_cast<ProxyBase&&>(other), other.function()) {}
    template <class Function, Mode known>
        requires(detail::has_signature<F, Function> && (M == Mode::dynamic || M == known))
    BoundTask(BoundTask<Function, known, B> other)
    noexcept : Base(static_cast<ProxyBase&&>(other), detail::BoundFunction<F, B>::template of<Function>()) {}

    /// Whether both are handles on the same worker.
    friend bool operator==(const BoundTask& a, const BoundTask& b) noexcept { return a.same_worker(b); }
};

/// A handle that only calls, with options of its own: what `with` and `with_key` return.
template <class F, Mode M, Blocking B>
class BoundTaskWith : public detail::BoundCalls<F, M, B, detail::CallHandle> {
    using Base = detail::BoundCalls<F, M, B, detail::CallHandle>;

public:
    BoundTaskWith(detail::CallHandle handle, detail::BoundFunction<F, B> function) noexcept
        : Base(std::move(handle), function) {}
};

}  // namespace concur

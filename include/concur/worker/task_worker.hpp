/// `TaskWorker`: a worker without an object, which runs functions.
///
///     auto tasks = concur::TaskWorker::options().mode("thread").init();
///     concur::Future<int> sum = tasks.submit([](int a, int b) { return a + b; }, 1, 2);
///
/// Bound to one function it is called like it: bound_task.hpp.
#pragma once

#include <type_traits>
#include <utility>

#include "concur/backend/submit.hpp"
#include "concur/pool/map.hpp"
#include "concur/worker/bound_task.hpp"
#include "concur/worker/handle.hpp"
#include "concur/worker/options.hpp"
#include "concur/worker/with.hpp"

namespace concur {

template <Mode M, Blocking B>
class TaskProxyWith;

namespace detail {

/// The calling part of the interface of a TaskWorker, on top of a handle.
template <Mode M, Blocking B, class Base>
class TaskCalls : public Base {
public:
    TaskCalls() noexcept = default;
    explicit TaskCalls(Base handle) noexcept : Base(std::move(handle)) {}

    /// Runs `f(arguments...)` on the worker: a future of its result, or the result itself if the proxy is blocking. f
    /// is anything that can be called, optionally with CallContext& first, which is filled in.
    ///
    /// f and the arguments belong to the call from then on. Futures among the arguments are replaced by their values,
    /// functions are passed on as they are. Throws WorkerStoppedError after a stop.
    template <class F, class... A>
    auto submit(F&& f, A&&... arguments) const {
        return submit_task<B>(Base::addressee(), std::forward<F>(f), std::forward<A>(arguments)...);
    }
    // What can only be refused: a name that stands for several functions or for a template of them. D7
    template <class Name = OverloadedOrTemplate>
    auto submit(...) const {
        static_cast<void>(SeveralFunctions<Name&>());
        return Refused();
    }

    /// f of the elements of one range or of several in step, in their order, see pool/map.hpp. The last argument may be
    /// options: `tasks.map(f, range, {.chunk = 100})`. Lazy; if the proxy is blocking, all results at once.
    template <class F, class R1>
    auto map(F&& f, R1&& range, const MapOptions& options = {}) const {
        return map_function<B>(Base::worker(), std::forward<F>(f), options, std::forward<R1>(range));
    }
    template <class F, class R1, NotMapOptions R2>
    auto map(F&& f, R1&& first, R2&& second, const MapOptions& options = {}) const {
        return map_function<B>(Base::worker(), std::forward<F>(f), options, std::forward<R1>(first),
                               std::forward<R2>(second));
    }
    template <class F, class R1, NotMapOptions R2, NotMapOptions R3>
    auto map(F&& f, R1&& first, R2&& second, R3&& third, const MapOptions& options = {}) const {
        return map_function<B>(Base::worker(), std::forward<F>(f), options, std::forward<R1>(first),
                               std::forward<R2>(second), std::forward<R3>(third));
    }
    template <class F, class R1, NotMapOptions R2, NotMapOptions R3, NotMapOptions R4>
    auto map(F&& f, R1&& first, R2&& second, R3&& third, R4&& fourth, const MapOptions& options = {}) const {
        return map_function<B>(Base::worker(), std::forward<F>(f), options, std::forward<R1>(first),
                               std::forward<R2>(second), std::forward<R3>(third), std::forward<R4>(fourth));
    }
    /// Five ranges and more, without options: these cannot follow a list of any length.
    template <class F, NotMapOptions... R>
        requires(sizeof...(R) > 4)
    auto map(F&& f, R&&... ranges) const {
        return map_function<B>(Base::worker(), std::forward<F>(f), {}, std::forward<R>(ranges)...);
    }

    /// A handle that submits with these options, see `Proxy::with`.
    [[nodiscard]] TaskProxyWith<M, B> with(const CallOptions& options) const {
        return TaskProxyWith<M, B>(Base::with_options(options));
    }
    /// A handle whose tasks go to the same member of a pool as all with an equal key, see `Proxy::with_key`.
    template <class K>
    [[nodiscard]] TaskProxyWith<M, B> with_key(const K& key) const {
        return TaskProxyWith<M, B>(Base::with_hash(hash_of_key(key)));
    }
};

}  // namespace detail

/// A handle on a worker that runs functions: everything that `Proxy` has, with `submit` and `map` in the place of
/// `call`.
template <Mode M = Mode::dynamic, Blocking B = Blocking::no>
class TaskProxy : public detail::TaskCalls<M, B, ProxyBase> {
    using Base = detail::TaskCalls<M, B, ProxyBase>;

public:
    TaskProxy() noexcept = default;
    explicit TaskProxy(detail::WorkerHandle worker) noexcept : Base(ProxyBase(std::move(worker))) {}
    template <Mode known>
        requires(M == Mode::dynamic && known != Mode::dynamic)
    TaskProxy(TaskProxy<known, B> other)
    noexcept : Base(static_cast<ProxyBase&&>(other)) {}

    /// Whether both are handles on the same worker.
    friend bool operator==(const TaskProxy& a, const TaskProxy& b) noexcept { return a.same_worker(b); }
};

/// A handle that only submits, with options of its own: what `with` and `with_key` return.
template <Mode M, Blocking B>
class TaskProxyWith : public detail::TaskCalls<M, B, detail::CallHandle> {
public:
    explicit TaskProxyWith(detail::CallHandle handle) noexcept
        : detail::TaskCalls<M, B, detail::CallHandle>(std::move(handle)) {}
};

/// The way to a worker for functions. `init()` gives a `TaskProxy`, `init(f)` a `BoundTask` that is called like f.
class TaskWorker {
public:
    [[nodiscard]] static Options<TaskWorker> options() { return {}; }
    [[nodiscard]] static Options<TaskWorker> options(const Settings& settings) { return Options<TaskWorker>(settings); }
};

namespace detail {

template <Mode M, Blocking B>
struct Initialization<TaskWorker, M, B> {
    static constexpr std::string_view name = "TaskWorker";
    // No task waits behind a long one, or one that is being retried, while a worker idles.
    static constexpr Settings defaults{.load_balancing = LoadBalancing::shared_queue,
                                       .retry_order = RetryOrder::overtake};

    static TaskProxy<M, B> init(WorkerConfig config) {
        return TaskProxy<M, B>(WorkerHandle(Backend::start(std::move(config), make_factory<NoObject>())));
    }
    template <class F, class... More>
    static auto init(WorkerConfig config, F&& function, More&&...) {
        using Function = std::decay_t<F>;
        if constexpr (std::is_member_pointer_v<Function>) {
            return refuse_member_pointer<Function>();
        } else if constexpr (sizeof...(More) != 0) {
            static_assert(accepted<detail::Function<Function>, Given<More...>>,
                          "concur: init() of a TaskWorker takes nothing or one function to bind; pass arguments to the "
                          "calls, or bind a lambda that has them");
            return BoundTask<Function, M, B>();
        } else if constexpr (!keeps_function<F>) {
            static_assert(
                accepted<detail::Function<Function>>,
                "concur: this function object belongs to the worker from now on and cannot be copied; pass it "
                "with std::move");
            return BoundTask<Function, M, B>();
        } else {
            return BoundTask<Function, M, B>(
                WorkerHandle(Backend::start(std::move(config), make_factory<Function>(std::forward<F>(function)))));
        }
    }
};

}  // namespace detail
}  // namespace concur

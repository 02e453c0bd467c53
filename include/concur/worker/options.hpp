/// The builder: `Worker<T>::options()` and its setters.
#pragma once

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "concur/backend/settings.hpp"
#include "concur/call/names.hpp"
#include "concur/limits/limit_pool.hpp"
#include "concur/observe/observer.hpp"
#include "concur/pool/load_balancing.hpp"
#include "concur/worker/method_options.hpp"
#include "concur/worker/object_factory.hpp"
#include "concur/worker/option_name.hpp"
#include "concur/worker/option_values.hpp"
#include "concur/worker/proxy.hpp"
#include "concur/worker/retry_setters.hpp"

namespace concur {

namespace detail {

/// Limits as a builder gets them: the descriptions of a set that each `init` makes for itself, or what is shared.
struct GivenLimits {
    std::vector<Limit> own;
    std::optional<LimitPool> shared;
};

/// What a builder has been told, untyped.
struct BuilderState : OptionValues {
    // Defined out of line: one copy serves every setter of every worker class.
    BuilderState() noexcept;
    BuilderState(const BuilderState&);
    BuilderState(BuilderState&&) noexcept;
    BuilderState& operator=(const BuilderState&);
    BuilderState& operator=(BuilderState&&) noexcept;
    ~BuilderState();

    RetryFunctions functions;
    std::vector<MethodState> methods;
    std::shared_ptr<Observer> observer;
    TimeSource clock;
    InstrumentSettings instruments;
    std::shared_ptr<const GivenLimits> limits;

    /// What has been set for a method, to be changed.
    [[nodiscard]] MethodState& of_method(const std::shared_ptr<const NamedMethod>& method);
};

/// What a builder makes: its default name and options, and the worker with its handle. TaskWorker's is in
/// task_worker.hpp.
template <class T, Mode M, Blocking B>
struct Initialization {
    static constexpr std::string_view name = name_of_type<T>();
    static constexpr Settings defaults{};

    template <class... A>
    static Proxy<T, M, B> init(WorkerConfig config, A&&... arguments) {
        return Proxy<T, M, B>(
            WorkerHandle(Backend::start(std::move(config), make_factory<T>(std::forward<A>(arguments)...))));
    }
};

/// Validates all options and fills in what was not set. `of_kind` holds the defaults of a kind of workers; they are
/// weaker than all but the library's own. Throws ConfigError.
[[nodiscard]] WorkerConfig resolve(const BuilderState& builder, std::string_view class_name,
                                   const Settings& of_kind = {});

/// Throws ConfigError for what is not allowed, or not available yet, among the options that are set.
void check_settings(const Settings& settings);

}  // namespace detail

// One line for each option: the setter's name is that of the member of Settings, and so is its type. CONCUR_CHOICE
// takes the text of a value, too.
#define CONCUR_OPTION(option)                                                     \
    [[nodiscard("setters return a changed copy of the builder")]] Options option( \
        detail::OptionValue<&Settings::option> value) const {                     \
        return with<&Settings::option>(value);                                    \
    }
#define CONCUR_CHOICE(option)                                                                                     \
    CONCUR_OPTION(option)                                                                                         \
    [[nodiscard("setters return a changed copy of the builder")]] Options option(detail::OptionText text) const { \
        return with_text<&Settings::option>(text);                                                                \
    }
#define CONCUR_FLAG(option)                                                                                 \
    [[nodiscard("setters return a changed copy of the builder")]] Options option(bool value = true) const { \
        return with<&Settings::option>(value);                                                              \
    }

/// A builder of workers. A value: every setter returns a changed copy, so that a builder can be stored, shared and used
/// for several workers. Nothing is checked before `init`, which names the option, its value and what is allowed
/// (ConfigError). What is not set comes from the defaults, see defaults.hpp.
template <class T, Mode M = Mode::dynamic, Blocking B = Blocking::no>
class [[nodiscard("setters return a changed copy of the builder")]] Options
    : public detail::RetrySetters<Options<T, M, B>> {
public:
    Options() = default;
    explicit Options(detail::BuilderState state) : state_{std::move(state)} {}
    explicit Options(const Settings& settings) { state_.settings = settings; }

    /// Where the object lives. By tag (`concur::thread`): the proxy's type says it. By name or enum: at run time.
    template <Mode m>
    [[nodiscard("setters return a changed copy of the builder")]] Options<T, m, B> mode(ModeTag<m>) const {
        return Options<T, m, B>(with<&Settings::mode>(m).state_);
    }
    [[nodiscard("setters return a changed copy of the builder")]] Options<T, Mode::dynamic, B> mode(Mode mode) const {
        return Options<T, Mode::dynamic, B>(with<&Settings::mode>(mode).state_);
    }
    /// sync; thread, threads; process, processes; asio, asyncio, async; ray. In any case of letters.
    [[nodiscard("setters return a changed copy of the builder")]] Options<T, Mode::dynamic, B> mode(
        std::string_view name) const {
        return Options<T, Mode::dynamic, B>(with_text<&Settings::mode>(name).state_);
    }

    /// Calls wait and return the value itself, or throw.
    [[nodiscard("setters return a changed copy of the builder")]] Options<T, M, Blocking::yes> blocking() const {
        return Options<T, M, Blocking::yes>(state_);
    }

    /// In events, statistics, errors and thread names: 1 to 63 bytes. Default: the name of the class.
    CONCUR_OPTION(name)

    // ---- how many workers

    /// More than one makes a pool. Default 1.
    CONCUR_OPTION(max_workers)
    /// A fresh worker for each call, at most `max_workers` at once. Default false.
    CONCUR_FLAG(on_demand)
    /// A pool that grows when work waits and shrinks when workers have idled for `idle_timeout` (10 s).
    [[nodiscard("setters return a changed copy of the builder")]] Options elastic(int min, int max) const {
        return with<&Settings::min_workers>(min).template with<&Settings::max_workers>(max);
    }
    [[nodiscard("setters return a changed copy of the builder")]] Options elastic(int min, int max,
                                                                                  Duration idle_timeout) const {
        return elastic(min, max).template with<&Settings::idle_timeout>(idle_timeout);
    }
    /// How a pool chooses the worker for a call. Default round_robin.
    CONCUR_CHOICE(load_balancing)

    // ---- how many calls

    /// What may be queued or running at one worker. Default: unlimited.
    CONCUR_OPTION(max_queued_tasks)
    /// What becomes of a call that finds no room. Default wait.
    CONCUR_CHOICE(when_full)
    /// How many coroutines of one worker may be under way. Default: unlimited; asio and ray.
    CONCUR_OPTION(max_concurrent_calls)

    // ---- retries

    // See also retry_setters.hpp.

    /// Whether later calls wait for one that is being retried. Default keep.
    CONCUR_CHOICE(retry_order)

    // ---- times

    /// How long `init` waits for the constructor. Default 30 s.
    CONCUR_OPTION(init_timeout)
    /// How long `stop` finishes what was accepted before it goes on as `stop(Stop::now)`. Default 30 s.
    CONCUR_OPTION(stop_timeout)
    /// How long a child process may take to end before it is killed. Default 5 s; process mode.
    CONCUR_OPTION(kill_timeout)

    // ---- processes and clusters; other modes keep these and do not look at them

    /// How child processes come to life. Default automatic.
    CONCUR_CHOICE(start_method)
    /// How often a child that died is replaced, within a time. Default 0, within 60 s.
    CONCUR_OPTION(max_restarts)
    CONCUR_OPTION(max_restarts_within)
    /// What becomes of the calls that were queued at a child that died. Default move: to the one that replaces it.
    CONCUR_CHOICE(on_restart)
    /// The largest message to or from a child, in bytes. Default 1 GiB.
    CONCUR_OPTION(max_message)
    /// What a worker reserves on a cluster. Default 1 and 0.
    CONCUR_OPTION(num_cpus)
    CONCUR_OPTION(num_gpus)

    /// Options of one method, which beat those of the worker: `f` gets an object with their setters. For
    /// `call<&T::m>`, `call(&T::m)` and `worker.m()`. What is not set there is as the worker has it; a list of
    /// filters or validators replaces the worker's. See MethodOptions.
    ///
    ///     .method<&Api::upload>([](auto& m) { m.num_retries(5).attempt_timeout(10s); })
    template <auto pointer, class F>
    [[nodiscard("setters return a changed copy of the builder")]] Options method(F && f) const {
        if constexpr (detail::explain_method<detail::Method<pointer>, T, std::remove_const_t<decltype(pointer)>>()) {
            detail::BuilderState changed = state_;
            detail::MethodOptions<T, pointer> options(changed.of_method(detail::name_method<pointer>()));
            std::forward<F>(f)(options);
            return Options(std::move(changed));
        } else {
            return *this;
        }
    }

    // ---- what is no value

    /// What calls and the methods they run take of: see `this_worker::limits()`. A CallLimit among them is charged by
    /// each call that starts.
    ///
    /// Limits by value are this worker's own: each `init` makes a new set of them, on the worker's clock. A LimitSet or
    /// a LimitPool is shared by all that have it.
    ///
    ///     .limits({concur::CallLimit(100, 1min), concur::ResourceLimit("connections", 4)})
    [[nodiscard("setters return a changed copy of the builder")]] Options limits(std::initializer_list<Limit> limits)
        const {
        return with_limits({limits, std::nullopt});
    }
    [[nodiscard("setters return a changed copy of the builder")]] Options limits(std::vector<Limit> limits) const {
        return with_limits({std::move(limits), std::nullopt});
    }
    [[nodiscard("setters return a changed copy of the builder")]] Options limits(LimitPool limits) const {
        return with_limits({{}, std::move(limits)});
    }

    /// Who is told of this worker's events.
    [[nodiscard("setters return a changed copy of the builder")]] Options observer(std::shared_ptr<Observer> observer)
        const {
        detail::BuilderState changed = state_;
        changed.observer = std::move(observer);
        return Options(std::move(changed));
    }

    /// Where the worker's time comes from: a `testing::ManualClock`, for tests. Modes whose objects live in this
    /// process.
    [[nodiscard("setters return a changed copy of the builder")]] Options clock(TimeSource clock) const {
        detail::BuilderState changed = state_;
        changed.clock = clock;
        return Options(std::move(changed));
    }
    /// A fault for a test, `testing::FailNth` or `testing::Delay`. Several add up, in the order given.
    [[nodiscard("setters return a changed copy of the builder")]] Options inject(const Injected& fault) const {
        detail::BuilderState changed = state_;
        changed.instruments.injections.push_back(fault.get());
        return Options(std::move(changed));
    }

    /// Makes the worker: T is constructed from `arguments`, `T(arguments...)` or else `T{arguments...}`, where it will
    /// live.
    ///
    /// Returns when that has happened. Throws ConfigError for an option, what the constructor throws, TimeoutError
    /// after `init_timeout`, BackendUnavailableError; nothing is left behind then. Futures among the arguments are
    /// waited for.
    ///
    /// Gives a `Proxy<T, M, B>`; of a TaskWorker a `TaskProxy`, or a `BoundTask` of the function that is passed.
    template <class... A>
    [[nodiscard("a worker without a handle stops at once")]] auto init(A && ... arguments) const {
        using Initialization = detail::Initialization<T, M, B>;
        return Initialization::init(detail::resolve(state_, Initialization::name, Initialization::defaults),
                                    std::forward<A>(arguments)...);
    }

private:
    template <class, Mode, Blocking>
    friend class Options;
    friend class detail::RetryValueSetters<Options>;
    friend class detail::RetrySetters<Options>;

    template <auto option, class Value>
    [[nodiscard]] Options with(const Value& value) const {
        detail::BuilderState changed = state_;
        changed.settings.*option = value;
        changed.forget_text(detail::option_name<option>);
        return Options(std::move(changed));
    }
    [[nodiscard]] Options with_limits(detail::GivenLimits given) const {
        detail::BuilderState changed = state_;
        changed.limits = std::make_shared<const detail::GivenLimits>(std::move(given));
        return Options(std::move(changed));
    }
    template <auto option>
    [[nodiscard]] Options with_text(detail::OptionText text) const {
        detail::BuilderState changed = state_;
        changed.set_text(detail::option_name<option>, text.view());
        return Options(std::move(changed));
    }

    [[nodiscard]] Options with_taken(const detail::OptionValues& values, const detail::RetryFunctions& functions)
        const {
        detail::BuilderState changed = state_;
        changed.take(values);
        changed.functions.take(functions);
        return Options(std::move(changed));
    }
    template <class Change>
    [[nodiscard]] Options with_changed_functions(Change change) const {
        detail::BuilderState changed = state_;
        change(changed.functions);
        return Options(std::move(changed));
    }

    detail::BuilderState state_;
};

#undef CONCUR_OPTION
#undef CONCUR_CHOICE
#undef CONCUR_FLAG

}  // namespace concur

/// The builder: `Worker<T>::options()` and its setters.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "concur/backend/settings.hpp"
#include "concur/call/names.hpp"
#include "concur/observe/observer.hpp"
#include "concur/worker/object_factory.hpp"
#include "concur/worker/proxy.hpp"

namespace concur {

namespace detail {

/// What a builder has been told, untyped.
struct BuilderState {
    // Defined out of line: one copy serves every setter of every worker class.
    BuilderState() noexcept;
    BuilderState(const BuilderState&);
    BuilderState(BuilderState&&) noexcept;
    BuilderState& operator=(const BuilderState&);
    BuilderState& operator=(BuilderState&&) noexcept;
    ~BuilderState();

    Settings settings;
    std::optional<std::string> unknown_mode;
    std::shared_ptr<Observer> observer;

    void set_mode(std::string_view name);
};

/// What a builder makes: its default name, and the worker with its handle. TaskWorker's is in task_worker.hpp.
template <class T, Mode M, Blocking B>
struct Initialization {
    static constexpr std::string_view name = name_of_type<T>();

    template <class... A>
    static Proxy<T, M, B> init(WorkerConfig config, A&&... arguments) {
        return Proxy<T, M, B>(
            WorkerHandle(Backend::start(std::move(config), make_factory<T>(std::forward<A>(arguments)...))));
    }
};

/// Validates all options and fills in what was not set. Throws ConfigError.
[[nodiscard]] WorkerConfig resolve(const BuilderState& builder, std::string_view class_name);

}  // namespace detail

/// A builder of workers. A value: every setter returns a changed copy, so that a builder can be stored, shared and used
/// for several workers. Nothing is checked before `init`, which names the option, its value and what is allowed
/// (ConfigError).
template <class T, Mode M = Mode::dynamic, Blocking B = Blocking::no>
class Options {
public:
    Options() = default;
    explicit Options(detail::BuilderState state) : state_{std::move(state)} {}
    explicit Options(const Settings& settings) { state_.settings = settings; }

    /// Where the object lives. By tag (`concur::thread`): the proxy's type says it. By name or enum: at run time.
    template <Mode m>
    [[nodiscard("setters return a changed copy of the builder")]] Options<T, m, B> mode(ModeTag<m>) const {
        detail::BuilderState changed = state_;
        changed.settings.mode = m;
        changed.unknown_mode.reset();
        return Options<T, m, B>(std::move(changed));
    }
    [[nodiscard("setters return a changed copy of the builder")]] Options<T, Mode::dynamic, B> mode(Mode mode) const {
        detail::BuilderState changed = state_;
        changed.settings.mode = mode;
        changed.unknown_mode.reset();
        return Options<T, Mode::dynamic, B>(std::move(changed));
    }
    /// sync; thread, threads; process, processes; asio, asyncio, async; ray. In any case of letters.
    [[nodiscard("setters return a changed copy of the builder")]] Options<T, Mode::dynamic, B> mode(
        std::string_view name) const {
        detail::BuilderState changed = state_;
        changed.set_mode(name);
        return Options<T, Mode::dynamic, B>(std::move(changed));
    }

    /// Calls wait and return the value itself, or throw.
    [[nodiscard("setters return a changed copy of the builder")]] Options<T, M, Blocking::yes> blocking() const {
        return Options<T, M, Blocking::yes>(state_);
    }

    /// In events, errors and thread names. Default: the name of the class.
    [[nodiscard("setters return a changed copy of the builder")]] Options name(Name name) const {
        return with(&Settings::name, name);
    }
    [[nodiscard("setters return a changed copy of the builder")]] Options max_workers(int count) const {
        return with(&Settings::max_workers, count);
    }
    [[nodiscard("setters return a changed copy of the builder")]] Options max_queued_tasks(int count) const {
        return with(&Settings::max_queued_tasks, count);
    }
    [[nodiscard("setters return a changed copy of the builder")]] Options num_retries(int count) const {
        return with(&Settings::num_retries, count);
    }
    /// How long `init` waits for the constructor. Default 30 s.
    [[nodiscard("setters return a changed copy of the builder")]] Options init_timeout(Duration time) const {
        return with(&Settings::init_timeout, time);
    }
    /// How long `stop` finishes what was accepted before it goes on as `stop(Stop::now)`. Default 30 s.
    [[nodiscard("setters return a changed copy of the builder")]] Options stop_timeout(Duration time) const {
        return with(&Settings::stop_timeout, time);
    }
    /// How long a child process may take to end before it is killed. Default 5 s; process mode.
    [[nodiscard("setters return a changed copy of the builder")]] Options kill_timeout(Duration time) const {
        return with(&Settings::kill_timeout, time);
    }

    /// Who is told of this worker's events.
    [[nodiscard("setters return a changed copy of the builder")]] Options observer(
        std::shared_ptr<Observer> observer) const {
        detail::BuilderState changed = state_;
        changed.observer = std::move(observer);
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
    [[nodiscard("a worker without a handle stops at once")]] auto init(A&&... arguments) const {
        using Initialization = detail::Initialization<T, M, B>;
        return Initialization::init(detail::resolve(state_, Initialization::name), std::forward<A>(arguments)...);
    }

private:
    template <class Value>
    [[nodiscard]] Options with(std::optional<Value> Settings::*option, Value value) const {
        detail::BuilderState changed = state_;
        changed.settings.*option = value;
        return Options(std::move(changed));
    }

    detail::BuilderState state_;
};

}  // namespace concur

/// What follows a future: `on_done`, `then` and `recover`.
#pragma once

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "concur/core/function_traits.hpp"
#include "concur/core/owned.hpp"
#include "concur/core/refused.hpp"
#include "concur/future/copyable.hpp"
#include "concur/future/future.hpp"
#include "concur/future/wait_graph.hpp"

namespace concur::detail {

/// `std::invoke`, without the header that has it.
template <class F, class... A>
decltype(auto) call_with(F& f, A&&... arguments) {
    return std::apply(f, std::forward_as_tuple(std::forward<A>(arguments)...));
}

/// Runs a callback with the future.
template <class T, class F>
class Callback final : public Continuation {
public:
    Callback(Future<T> future, F f) : Continuation(Code::callback), future_{std::move(future)}, f_{std::move(f)} {}

    void run(StateBase& state) noexcept override {
        static_cast<void>(state.see_error());  // the callback looks at it
        try {
            call_with(f_, std::move(future_));
        } catch (...) {
            report_callback_error(std::current_exception(), state.method_name());
        }
        delete this;
    }

private:
    Future<T> future_;  // a handle: the value must still be there when the callback runs
    F f_;
};

/// How a continuation wants to be called.
enum class Takes { nothing, value, outcome, future, unfit };

// Each question is asked only if the answer before it was no: a generic function must not be instantiated for all of
// them.
template <class F, class T>
consteval Takes takes_whole() {
    if constexpr (std::is_invocable_v<F&, Outcome<T>>) {
        return Takes::outcome;
    } else if constexpr (std::is_invocable_v<F&, Future<T>>) {
        return Takes::future;
    } else {
        return Takes::unfit;
    }
}

template <class F, class T>
consteval Takes takes() {
    if constexpr (std::is_void_v<T>) {
        if constexpr (std::is_invocable_v<F&>) {
            return Takes::nothing;
        } else {
            return takes_whole<F, T>();
        }
    } else if constexpr (std::is_invocable_v<F&, T>) {
        return Takes::value;
    } else {
        return takes_whole<F, T>();
    }
}

/// What a continuation returns: `type`, and as what a future keeps it.
template <class F, class T>
consteval auto continuation_result() {
    constexpr Takes how = takes<F, T>();
    if constexpr (how == Takes::nothing) {
        return std::type_identity<decltype(call_with(std::declval<F&>()))>();
    } else if constexpr (how == Takes::value) {
        return std::type_identity<decltype(call_with(std::declval<F&>(), std::declval<T>()))>();
    } else if constexpr (how == Takes::outcome) {
        return std::type_identity<decltype(call_with(std::declval<F&>(), std::declval<Outcome<T>>()))>();
    } else {
        return std::type_identity<decltype(call_with(std::declval<F&>(), std::declval<Future<T>>()))>();
    }
}
template <class T, class F>
struct ThenResult {
    using Raw = typename decltype(continuation_result<F, T>())::type;
    using type = Owned<Raw>;
};

/// What a continuation returns may refer to its argument, so the argument lives until the result has been built.
template <class T, class F>
auto continue_with(F& f, Future<T> source) -> typename ThenResult<T, F>::type {
    constexpr Takes how = takes<F, T>();
    if constexpr (std::is_void_v<typename ThenResult<T, F>::type>) {
        if constexpr (how == Takes::nothing) {
            call_with(f);
        } else if constexpr (how == Takes::value) {
            call_with(f, std::move(source).result());
        } else if constexpr (how == Takes::outcome) {
            call_with(f, std::move(source).outcome());
        } else {
            call_with(f, std::move(source));
        }
    } else if constexpr (how == Takes::nothing) {
        return to_owned(call_with(f));
    } else if constexpr (how == Takes::value) {
        return to_owned(call_with(f, std::move(source).result()));
    } else if constexpr (how == Takes::outcome) {
        return to_owned(call_with(f, std::move(source).outcome()));
    } else {
        return to_owned(call_with(f, std::move(source)));
    }
}

/// No executor: runs at once, on the thread that completes the source.
struct Inline {};

/// The state of a continuation, and the continuation itself: one allocation.
///
/// `Step` gets the done source, and returns the value or the future that the state ends in; `passes_failures` says that
/// a failed source ends it without running the step.
template <class Result, class T, class Step, class Executor, bool passes_failures>
class ThenState final : public ValueState<Flattened<Result>>, public Continuation {
    using Base = ValueState<Flattened<Result>>;

public:
    ThenState(Future<T> source, Step step, Executor executor)
        : Base(Phase::pending), Continuation(Code::user), step_{std::move(step)}, executor_{std::move(executor)} {
        this->set_clock(source.shared_state_of_future()->clock());
        source_ = source.release_state();
    }

    /// Gives the first handle. The caller keeps its own on the source.
    static Future<Flattened<Result>> start(const Future<T>& source, Step step, Executor executor) {
        StateBase& before = *source.shared_state_of_future();
        before.refuse_if_forked();
        auto* state = new ThenState(source, std::move(step), std::move(executor));
        state->add_unshared_ref();  // the continuation's own
        auto future = Future<Flattened<Result>>::adopt(state);
        if (!before.attach(*state)) {
            const IntrusivePtr<StateBase> keep(&before);  // the continuation may take the caller's handle
            run_at_once(*state, before);
        }
        return future;
    }

    void run(StateBase& source) noexcept override {
        if constexpr (std::is_same_v<Executor, Inline>) {
            step(source);
        } else {
            // The task may run, and let go of this state, while execute() is still at work.
            const IntrusivePtr<StateBase> keep(this);
            try {
                executor_.execute([handover = std::make_shared<Handover>(this)] { handover->run(); });
            } catch (...) {
                // The task is gone with the exception, and has ended the state.
                report_callback_error(std::current_exception(), this->method_name());
            }
        }
    }

    void dependencies(Dependencies& dependencies) override {
        Base::dependencies(dependencies);
        if (ThreadRecord* thread = runs_on_.load(std::memory_order_acquire)) dependencies.on(*thread);
    }

protected:
    void claimed(Phase) noexcept override { step_.reset(); }
    void ended(Phase from, CompletedBy) noexcept override {
        // Cancelled while it waited: what it kept is let go now, unless it is about to run anyway.
        if (from != Phase::pending) return;
        const IntrusivePtr<StateBase> source = this->source();
        if (source && source->detach(*this)) {
            drop_source();
            this->release();
        }
    }

private:
    /// The continuation's way through an executor. One that drops its task leaves a broken promise, never a pending
    /// future.
    class Handover {
    public:
        explicit Handover(ThenState* state) noexcept : state_{state} {}
        Handover(const Handover&) = delete;
        Handover& operator=(const Handover&) = delete;
        ~Handover() {
            if (ThenState* state = state_.exchange(nullptr))
                state->abandon(std::make_exception_ptr(
                    BrokenPromiseError("the executor dropped a continuation without running it")));
        }
        /// Once; an executor that runs its task again is not listened to.
        void run() noexcept {
            if (ThenState* state = state_.exchange(nullptr)) state->step(*state->source());
        }

    private:
        std::atomic<ThenState*> state_;
    };

    void abandon(std::exception_ptr error) noexcept {
        if (const auto claim = this->claim(Phase::pending))
            this->complete(claim, std::move(error), StopReason::retries_exhausted, CompletedBy::owner);
        drop_source();
        this->release();
    }

    // Ends with giving up the continuation's reference. The caller keeps one on the source.
    void step(StateBase& before) noexcept {
        if (!this->advance(Phase::pending, Phase::running)) {
            drop_source();
            return this->release();
        }
        const Role role;
        runs_on_.store(&this_thread_record(), std::memory_order_release);
        auto source = Future<T>::adopt(this->take_source());
        try {
            if (passes_failures && before.error()) {
                fail(before.see_error(), before.stop_reason(), &before);
            } else if constexpr (is_future<Result>) {
                Result inner = (*step_)(std::move(source));
                step_.reset();
                runs_on_.store(nullptr, std::memory_order_release);
                if (!inner.valid()) throw_no_state();
                static_cast<void>(this->follow(inner.release_state()));
            } else {
                this->emplace([&]() -> Result { return (*step_)(std::move(source)); });
                step_.reset();
                static_cast<void>(this->publish(Phase::running));
            }
        } catch (...) {
            const std::exception_ptr error = std::current_exception();
            if (error == before.error())
                fail(error, before.stop_reason(), &before);  // the source's own, passed on
            else
                fail(error, StopReason::retries_exhausted);
        }
        this->release();
    }

    void fail(std::exception_ptr error, StopReason reason, const StateBase* origin = nullptr) noexcept {
        step_.reset();
        if (const auto claim = this->claim(Phase::running))
            this->complete(claim, std::move(error), reason, CompletedBy::owner, origin);
    }

    void drop_source() noexcept {
        if (StateBase* source = this->take_source()) source->drop_handle();
    }

    StateBase** source_slot() noexcept override { return &source_; }

    // The small ones first: they may fit behind the flags of the continuation, and the state of a plain function into
    // 120 bytes, as calls do.
    std::optional<Step> step_;  // gone before the state is done, as a call's arguments are
    [[no_unique_address]] Executor executor_;
    StateBase* source_ = nullptr;
    std::atomic<ThreadRecord*> runs_on_{nullptr};
};

template <class E>
inline constexpr bool is_executor = std::is_same_v<E, Inline>;
template <class E>
    requires requires(E& executor, void (*task)()) { executor.execute(task); }
inline constexpr bool is_executor<E> = true;

/// A function that is called later is kept until then.
template <class F>
inline constexpr bool keeps_continuation = std::is_constructible_v<std::decay_t<F>, F>;

/// What is wrong with a handler for `recover`.
enum class HandlerFault : unsigned char { none, parameter, result };

template <class T, class F>
consteval HandlerFault handler_fault() {
    using Traits = FunctionTraits<F>;
    if constexpr (!Traits::known || std::is_member_pointer_v<F>) {
        return HandlerFault::parameter;
    } else if constexpr (Traits::Parameters::size != 1) {
        return HandlerFault::parameter;
    } else {
        using Given = typename Traits::Result;
        if constexpr (is_future<std::decay_t<Given>>) {
            return std::is_same_v<std::decay_t<Given>, Future<T>> ? HandlerFault::none : HandlerFault::result;
        } else {
            return std::is_void_v<T> || std::is_convertible_v<Given, T> ? HandlerFault::none : HandlerFault::result;
        }
    }
}

/// Calls a handler with the exception, if it is of the type that the handler takes.
template <class T, class F>
class Recovery {
    using Traits = FunctionTraits<F>;
    using Handled = std::remove_cvref_t<typename Traits::Parameters::template at<0>::type>;
    using Given = typename Traits::Result;

public:
    /// A handler that returns a future is flattened.
    using Result = std::conditional_t<is_future<std::decay_t<Given>>, Future<T>, T>;

    explicit Recovery(F f) : f_{std::move(f)} {}

    Result operator()(Future<T> source) {
        const std::exception_ptr error = source.exception();
        if (!error) {
            if constexpr (is_future<Result>) {
                return source;
            } else {
                return std::move(source).result();
            }
        }
        if constexpr (std::is_same_v<Handled, std::exception_ptr>) {
            return handle(error);
        } else {
            try {
                std::rethrow_exception(error);
            } catch (const Handled& handled) {
                return handle(const_cast<Handled&>(handled));
            }
        }
    }

private:
    template <class Error>
    Result handle(Error& error) {
        if constexpr (std::is_void_v<Result>) {
            static_cast<void>(f_(error));
        } else {
            return f_(error);
        }
    }

    F f_;
};

}  // namespace concur::detail

namespace concur {

template <class T>
template <class F>
void Future<T>::on_done(F&& f) const {
    if constexpr (!detail::keeps_continuation<F>) {
        static_assert(detail::accepted<detail::Function<F>>,
                      "concur: this callback is kept until the future is done and cannot be copied; pass it with "
                      "std::move");
    } else if constexpr (!std::is_invocable_v<std::decay_t<F>&, Future>) {
        static_assert(detail::accepted<detail::Function<F>, detail::Given<Future>>,
                      "concur: a callback for on_done() is called with the future; let it take a Future<T>, or use "
                      "then(...) for its value");
    } else {
        detail::StateBase& state = this->state();
        state.refuse_if_forked();
        const detail::IntrusivePtr<detail::StateBase> keep(&state);
        auto* callback = new detail::Callback<T, std::decay_t<F>>(*this, std::forward<F>(f));
        if (!state.attach(*callback)) detail::run_at_once(*callback, state);
    }
}

template <class T>
template <class F>
auto Future<T>::then(F&& f) const {
    return then(detail::Inline(), std::forward<F>(f));
}

template <class T>
template <class Executor, class F>
auto Future<T>::then(Executor executor, F&& f) const {
    using Function = std::decay_t<F>;
    constexpr detail::Takes how = detail::takes<Function, T>();
    if constexpr (!detail::is_executor<Executor>) {
        static_assert(detail::accepted<detail::Given<Executor>>,
                      "concur: then(executor, f) wants something with a member execute(task) first; pass an executor, "
                      "or only the function");
        return detail::Refused();
    } else if constexpr (!detail::keeps_continuation<F>) {
        static_assert(detail::accepted<detail::Function<F>>,
                      "concur: this continuation is kept until the future is done and cannot be copied; pass it with "
                      "std::move");
        return detail::Refused();
    } else if constexpr (how == detail::Takes::unfit) {
        static_assert(detail::accepted<detail::Function<F>, detail::Given<Future>>,
                      "concur: this continuation cannot be called with the future's result; let it take the value "
                      "(nothing for void), an Outcome<T> or the Future<T>");
        return detail::Refused();
    } else if constexpr (!detail::becomes_value<typename detail::ThenResult<T, Function>::Raw>) {
        static_assert(
            detail::accepted<detail::Function<F>, detail::Returned<typename detail::ThenResult<T, Function>::Raw>>,
            "concur: what this continuation returns can be neither copied nor moved into a future; return a "
            "value that can");
        return detail::Refused();
    } else {
        static_cast<void>(state());
        using Result = typename detail::ThenResult<T, Function>::type;
        auto step = [f = Function(std::forward<F>(f))](Future source) mutable -> Result {
            return detail::continue_with<T>(f, std::move(source));
        };
        constexpr bool passes_failures = how == detail::Takes::nothing || how == detail::Takes::value;
        return detail::ThenState<Result, T, decltype(step), Executor, passes_failures>::start(*this, std::move(step),
                                                                                              std::move(executor));
    }
}

template <class T>
template <class F>
Future<T> Future<T>::recover(F&& f) const {
    constexpr detail::HandlerFault fault = detail::handler_fault<T, std::decay_t<F>>();
    if constexpr (!detail::keeps_continuation<F>) {
        static_assert(detail::accepted<detail::Function<F>>,
                      "concur: this handler is kept until the future is done and cannot be copied; pass it with "
                      "std::move");
        return {};
    } else if constexpr (fault == detail::HandlerFault::parameter) {
        static_assert(detail::accepted<detail::Function<F>>,
                      "concur: recover() needs a function with one parameter, whose type is the exception that it "
                      "handles; write that type out, or take a std::exception_ptr");
        return {};
    } else if constexpr (fault == detail::HandlerFault::result) {
        static_assert(detail::accepted<detail::Function<F>, detail::Expected<T>>,
                      "concur: what a handler for recover() returns stands for the value; let it return the future's "
                      "type or such a future");
        return {};
    } else {
        static_cast<void>(state());
        using Step = detail::Recovery<T, std::decay_t<F>>;
        return detail::ThenState<typename Step::Result, T, Step, detail::Inline, false>::start(
            *this, Step(std::forward<F>(f)), {});
    }
}

}  // namespace concur

/// Methods that are coroutines: one that runs for a call, as the state of a future that the method returned.
/// docs/design/coroutines.md
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "concur/asio/worker_executor.hpp"
#include "concur/call/call.hpp"
#include "concur/core/awaitable.hpp"
#include "concur/core/owned.hpp"

namespace concur::detail {

/// The coroutine of one attempt, without its types. Lives while the call follows it, and while its frame does.
///
/// Begun and ended on the worker; only cancelling comes from elsewhere, and is posted there.
class CoroutineState : public StateBase {
public:
    [[nodiscard]] bool is_code() const noexcept final { return true; }
    void dependencies(Dependencies&) final {}

    [[nodiscard]] CallContext& context() noexcept { return context_; }
    [[nodiscard]] WorkerExecutor executor() noexcept { return WorkerExecutor(*host_, link_); }
    [[nodiscard]] CallHost& host() const noexcept { return *host_; }

    /// What the coroutine threw, as the caller is to see it.
    void fail(std::exception_ptr error) noexcept;
    /// The frame has gone; it may not have run to its end.
    void frame_gone() noexcept;

    /// The frame owns this: however it goes, the state ends. Where the coroutine gets its requests to stop from.
    class Frame {
    public:
        using cancellation_slot_type = net::cancellation_slot;

        explicit Frame(CoroutineState& state) noexcept : state_{&state} {}
        Frame(Frame&& other) noexcept = default;
        Frame& operator=(Frame&&) = delete;
        ~Frame() {
            if (state_) state_->frame_gone();
        }
        [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept { return state_->signal_.slot(); }
        /// As the completion handler: all has been said already.
        void operator()(std::exception_ptr) const noexcept {}

    private:
        IntrusivePtr<CoroutineState> state_;
    };

protected:
    CoroutineState(CallBase& call, CallContext& context);
    ~CoroutineState() override = default;

    /// The value is there.
    void succeed() noexcept;
    void on_stop_requested() noexcept final;
    /// The coroutine refers to its arguments no longer.
    virtual void put_arguments_back() noexcept = 0;

private:
    /// Where the coroutine has no state that the call waits for, because its thread waits: passes a stop on.
    class StopOfAttempt {
    public:
        explicit StopOfAttempt(CoroutineState& state) noexcept : state_{&state} {}
        void operator()() const noexcept { state_->on_stop_requested(); }

    private:
        CoroutineState* state_;
    };
    class Cancellation;

    [[nodiscard]] bool has_ended() const noexcept { return !call_; }
    [[nodiscard]] std::exception_ptr translated(std::exception_ptr error) const noexcept;
    void end_of_code() noexcept;

    IntrusivePtr<CallHost> host_;
    IntrusivePtr<CallBase> call_;  // null once the coroutine has ended
    CallContext context_;
    IntrusivePtr<ContextLink> link_;
    net::cancellation_signal signal_;
    std::unique_ptr<StopCallback<StopOfAttempt>> stop_of_attempt_;
};

template <class R, class Spare>
class CoroutineOf final : public ValueState<Owned<R>, CoroutineState> {
public:
    template <class Pack>
    CoroutineOf(CallBase& call, CallContext& context, Pack& arguments)
        : ValueState<Owned<R>, CoroutineState>(call, context) {
        spare_.emplace(arguments, context.keeps_arguments());
    }

    template <class Executor>
    static net::awaitable<void, Executor> run(IntrusivePtr<CoroutineOf> self, net::awaitable<R, Executor> coroutine) {
        try {
            if constexpr (std::is_void_v<R>) {
                co_await std::move(coroutine);
            } else {
                R result = co_await std::move(coroutine);
                self->emplace([&result]() -> Owned<R> { return to_owned(std::move(result)); });
            }
        } catch (...) {
            self->fail(std::current_exception());
            co_return;
        }
        self->succeed();
    }

private:
    void put_arguments_back() noexcept override { spare_.reset(); }

    std::optional<Spare> spare_;
};

/// The handle that a state is made with.
class CoroutineHandle {
public:
    explicit CoroutineHandle(StateBase* state) noexcept : state_{state} {}
    CoroutineHandle(const CoroutineHandle&) = delete;
    CoroutineHandle& operator=(const CoroutineHandle&) = delete;
    ~CoroutineHandle() {
        if (state_) state_->drop_handle();
    }
    [[nodiscard]] StateBase* state() const noexcept { return state_; }
    [[nodiscard]] StateBase* release() noexcept { return std::exchange(state_, nullptr); }

private:
    StateBase* state_;
};

template <class R, class Executor>
struct Coroutine<net::awaitable<R, Executor>> {
    /// Calls `method(context)` and runs the coroutine that it returns, on the worker: elsewhere than on asio until that
    /// has ended. Gives the state, with a handle. Throws what the method throws before it is a coroutine.
    template <class Spare, class Arguments, class Method>
    static StateBase* start(CallBase& call, Arguments& arguments, CallContext& context, Method& method) {
        using State = CoroutineOf<R, Spare>;
        CoroutineHandle future(new State(call, context, arguments));
        const IntrusivePtr<State> state(static_cast<State*>(future.state()));
        CoroutineState::Frame frame(*state);
        net::awaitable<R, Executor> coroutine = method(state->context());
        if (!coroutine.valid()) throw_no_state();
        net::co_spawn(state->executor(), State::run(state, std::move(coroutine)), std::move(frame));
        state->host().await_coroutine(*state, state->context().deadline().value_or(no_deadline));
        return future.release();
    }
};

}  // namespace concur::detail

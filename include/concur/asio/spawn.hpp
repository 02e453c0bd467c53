/// `spawn`: a coroutine whose result is a future.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <concepts>
#include <exception>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

#include "concur/asio/loop_waits.hpp"
#include "concur/core/owned.hpp"
#include "concur/core/stop_reason.hpp"
#include "concur/future/future.hpp"

namespace concur {
namespace detail {

/// Whether it is operation_aborted, what an operation of Asio ends in that was cancelled.
[[nodiscard]] bool is_operation_aborted(const std::exception_ptr& error) noexcept;
/// The CancelledError of a coroutine, around what it has thrown.
[[nodiscard]] std::exception_ptr cancelled_around(const std::exception_ptr& thrown);
/// The WorkerStoppedError of a coroutine that its loop has destroyed.
[[nodiscard]] std::exception_ptr loop_gone_error();

/// The state of a coroutine's future: running, until the coroutine has ended.
///
/// Referred to by its futures, and by the completion handler of the coroutine, which is called or destroyed on the
/// executor while that still exists: there everything goes that belongs to the executor. `Result` is what the coroutine
/// returns, owned.
template <class Result, class Executor>
class SpawnedState final : public ValueState<Flattened<Result>> {
    using Base = ValueState<Flattened<Result>>;
    static constexpr bool returns_future = is_future<Result>;

public:
    template <class R>
    static Future<Flattened<Result>> start(const Executor& executor, net::awaitable<R, Executor> coroutine) {
        auto* state = new SpawnedState(executor);
        auto future = Future<Flattened<Result>>::adopt(state);
        Ended ended(*state);
        auto body = run(std::move(coroutine), state);
        net::co_spawn(executor, std::move(body), net::bind_cancellation_slot(state->signal_.slot(), std::move(ended)));
        return future;
    }

protected:
    void on_stop_requested() noexcept override {
        if (!loop_->enter()) return;
        if (const std::optional<Executor> executor = this->executor())
            net::post(*executor, [self = IntrusivePtr<SpawnedState>(this)] {
                // Both kinds in one signal: a second one would replace what the coroutine knows of the first, and where
                // it takes no partial cancellation, there would be none.
                if (self->executor())
                    self->signal_.emit(net::cancellation_type::terminal | net::cancellation_type::partial);
            });
        loop_->leave();
    }

private:
    /// The completion handler.
    class Ended {
    public:
        explicit Ended(SpawnedState& state) noexcept : state_{&state} {}
        Ended(Ended&&) noexcept = default;
        Ended& operator=(Ended&&) = delete;
        ~Ended() {
            if (state_) end(loop_gone_error(), StopReason::worker_stopped, CompletedBy::other);
        }

        void operator()(std::exception_ptr error) {
            if (error && state_->stop_requested() && is_operation_aborted(error)) {
                end(cancelled_around(error), StopReason::cancelled, CompletedBy::owner);
            } else {
                end(std::move(error), StopReason::retries_exhausted, CompletedBy::owner);
            }
        }

    private:
        void end(std::exception_ptr error, StopReason reason, CompletedBy by) noexcept {
            const IntrusivePtr<SpawnedState> state = std::move(state_);
            state->leave_executor();
            state->end(std::move(error), reason, by);
        }

        IntrusivePtr<SpawnedState> state_;
    };

    explicit SpawnedState(const Executor& executor)
        : Base(Phase::running), loop_{&waits_of(executor)}, executor_{executor} {}

    template <class R>
    static net::awaitable<void, Executor> run(net::awaitable<R, Executor> coroutine, SpawnedState* state) {
        // The state is kept by the completion handler, which lives longer than this.
        if constexpr (std::is_void_v<R>) {
            co_await std::move(coroutine);
        } else if constexpr (returns_future) {
            state->returned_.emplace(co_await std::move(coroutine));
        } else {
            R result = co_await std::move(coroutine);
            state->emplace([&]() -> Result { return to_owned(std::move(result)); });
        }
    }

    void end(std::exception_ptr error, StopReason reason, CompletedBy by) noexcept {
        if constexpr (returns_future) {
            if (!error) {
                Result inner = std::move(*returned_);
                returned_.reset();
                if (inner.valid()) return static_cast<void>(this->follow(inner.release_state()));
                error = no_state_error();
            }
        }
        if (!error) return static_cast<void>(this->publish(Phase::running));
        this->discard_value();
        if (const auto claim = this->claim(Phase::running)) this->complete(claim, std::move(error), reason, by);
    }
    static std::exception_ptr no_state_error() noexcept {
        try {
            throw_no_state();
        } catch (...) {
            return std::current_exception();
        }
    }

    [[nodiscard]] std::optional<Executor> executor() const {
        const std::lock_guard lock(mutex_);
        return executor_;
    }
    void leave_executor() noexcept {
        signal_.slot().clear();
        std::optional<Executor> gone;  // destroyed without the lock: it may be all that is left of a strand
        const std::lock_guard lock(mutex_);
        gone.swap(executor_);
    }

    struct Nothing {};

    IntrusivePtr<LoopWaits> loop_;
    mutable std::mutex mutex_;
    std::optional<Executor> executor_;  // there until the coroutine has ended
    net::cancellation_signal signal_;   // used on the executor only
    [[no_unique_address]] std::conditional_t<returns_future, std::optional<Result>, Nothing> returned_;
};

}  // namespace detail

/// Runs a coroutine on an executor; the future gets what it returns, flattened if that is a future, or throws.
///
/// Starts as `co_spawn` does: at once if the caller runs on that executor. Cancelling the future answers false and
/// cancels what the coroutine waits for, as Asio does (`terminal | partial`), on the executor; a cancel that comes
/// before the coroutine has begun ends it there. The operation_aborted that leaves it after that becomes a
/// CancelledError with that exception nested in it. If its loop is destroyed first, the future fails with
/// WorkerStoppedError. As always with Asio's cancellation, the executor must not run two things at once: a strand, or a
/// loop that one thread runs.
///
///     concur::Future<Page> page = concur::spawn(io.get_executor(), fetch(url));
template <class SpawnExecutor, class R, class Executor>
    requires std::convertible_to<SpawnExecutor, Executor>
[[nodiscard]] auto spawn(const SpawnExecutor& executor, boost::asio::awaitable<R, Executor> coroutine) {
    using State = detail::SpawnedState<detail::Owned<R>, Executor>;
    return State::start(Executor(executor), std::move(coroutine));
}

}  // namespace concur

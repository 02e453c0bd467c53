/// `Future<T>`: the handle on what a call, a promise or a continuation will end in.
#pragma once

#include <chrono>
#include <compare>
#include <concepts>
#include <cstdint>
#include <exception>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "concur/core/duration.hpp"
#include "concur/core/errors.hpp"
#include "concur/core/refused.hpp"
#include "concur/core/stop_reason.hpp"
#include "concur/future/copyable.hpp"
#include "concur/future/outcome.hpp"
#include "concur/future/state.hpp"

namespace concur {

template <class T>
class Future;

namespace detail {

template <class T>
struct FlattenedType {
    using type = T;
};
template <class T>
struct FlattenedType<Future<T>> : FlattenedType<T> {};

/// What a future of a T holds in the end: futures of futures are unwrapped.
template <class T>
using Flattened = typename FlattenedType<T>::type;

template <class T>
inline constexpr bool is_future = false;
template <class T>
inline constexpr bool is_future<Future<T>> = true;

struct Inline;  // no executor

/// Makes an Asio operation of a future. <concur/asio.hpp> defines it.
template <class... Token>
struct AsyncResult;

[[noreturn]] void throw_taken();
[[noreturn]] void throw_wait_timeout(const StateBase& state, Duration after);

template <class T>
T take_value(StateBase& state) {
    state.prepare_value();
    if constexpr (!std::is_void_v<T>) {
        T& value = *static_cast<T*>(state.value_address());
        if constexpr (is_copyable<T>) {
            if (!state.sole_handle()) return value;
        } else {
            if (!state.try_take()) throw_taken();
        }
        return std::move(value);
    }
}

}  // namespace detail

/// One result that may still be on its way.
///
/// A handle: copies see the same result, compare equal, and order and hash by what they share, so futures can be keys.
/// All members may be called by any thread at any time; one Future object is like any other object, and not to be
/// changed by two threads at once. Dropping the last handle does not cancel the call. An empty future
/// (default-constructed or moved from) throws NoStateError for everything but `valid()`, comparison, hashing and
/// destruction.
///
///     concur::Future<int> sum = worker.call<&Counter::add>(5);
///     int value = sum.result();
template <class T>
class Future {
public:
    using value_type = T;

    Future() noexcept = default;
    Future(const Future& other) noexcept : state_{other.state_} {
        if (state_) state_->add_handle();
    }
    Future(Future&& other) noexcept : state_{std::exchange(other.state_, nullptr)} {}
    Future& operator=(Future other) noexcept {
        std::swap(state_, other.state_);
        return *this;
    }
    ~Future() {
        if (state_) state_->drop_handle();
    }

    [[nodiscard]] bool valid() const noexcept { return state_ != nullptr; }

    /// A number that no other future of this process ever has; copies share it.
    [[nodiscard]] std::uint64_t id() const { return state().id(); }

    /// Waits, and gives the value or rethrows the exception of the call.
    ///
    /// From an lvalue: a reference that is good while a handle lives. From an rvalue: the value itself, moved out if
    /// this is the last handle and else copied; the handle is empty afterwards. A value that cannot be copied is taken
    /// by the first rvalue `result()` or by the first call that gets the future as an argument, and FutureTakenError
    /// comes after that. Throws DeadlockError if the wait could never end.
    decltype(auto) result() const& {
        state().wait();
        return reference();
    }
    T result() && {
        state().wait();
        return std::move(*this).take();
    }

    /// The same, but TimeoutError after `timeout`. The call goes on, and the future stays usable.
    decltype(auto) result(Duration timeout) const& {
        wait_or_throw(timeout);
        return reference();
    }
    T result(Duration timeout) && {
        wait_or_throw(timeout);
        return std::move(*this).take();
    }

    /// The standard library's name for `result`.
    decltype(auto) get() const& { return result(); }
    T get() && { return std::move(*this).result(); }

    /// Waits until the call has ended, however it did.
    void wait() const { state().wait(); }
    /// True if it has ended, false if the time was over first. Zero and negative times only look.
    bool wait_for(Duration timeout) const {
        return state().wait(detail::deadline_after(state().clock().now(), timeout));
    }
    bool wait_until(std::chrono::steady_clock::time_point deadline) const { return state().wait(deadline); }

    /// True once the call has ended: with a value, an exception, or cancelled.
    [[nodiscard]] bool done() const { return state().done(); }
    /// True if it ended in a CancelledError.
    [[nodiscard]] bool cancelled() const { return done() && state().holds_cancelled_error(); }
    /// True while the method runs.
    [[nodiscard]] bool running() const { return state().phase() == detail::Phase::running; }

    /// Waits, and gives the exception; null on success.
    [[nodiscard]] std::exception_ptr exception() const {
        state().wait();
        return state().see_error();
    }
    /// Waits, and tells where and when the call failed; nothing on success.
    [[nodiscard]] std::optional<Failure> failure() const {
        if (!exception()) return std::nullopt;
        return *state().failure();
    }
    /// Waits, and gives value or exception as a value; copies, as `result() const&` would be copied.
    [[nodiscard]] Outcome<T> outcome() const& requires(std::is_void_v<T> || detail::is_copyable<T>) {
        return Future(*this).outcome_of_done();
    }
    [[nodiscard]] Outcome<T> outcome() && { return std::move(*this).outcome_of_done(); }

    /// Why it ended without a value; `none` while it has not ended, and on success.
    [[nodiscard]] StopReason stop_reason() const { return done() ? state().stop_reason() : StopReason::none; }
    /// How many attempts were made so far.
    [[nodiscard]] int attempts() const { return state().attempts(); }
    /// The method that was called; empty if the future comes from no call.
    [[nodiscard]] std::string_view method_name() const { return state().method_name(); }

    /// Withdraws the call, or asks it to stop.
    ///
    /// True if no more of the user's code will run for it (it was queued, or waited for inputs, a retry or a limit):
    /// the future holds CancelledError at once. False if it has ended, or if it runs: then it is asked through its stop
    /// token and ends in its own way. `Cancel::sources` also cancels the futures that this one was derived from. The
    /// worker goes on.
    bool cancel(Cancel how = Cancel::only_this) const { return state().cancel(how); }

    /// Calls `f(future)` exactly once: on the worker's thread when it ends the call, at once if it has ended; on the
    /// runtime if somebody else ended it (a cancel, a stop, a deadline). Several run in the order they were given. What
    /// `f` throws goes to `Observer::on_unobserved_failure`.
    template <class F>
    void on_done(F&& f) const;

    /// A future of what `f` returns, flattened. `f` takes the value (nothing for void), an `Outcome<T>` or the
    /// `Future<T>`; with the last two it runs on failure too, else a failure is passed on without running it. A generic
    /// `f` gets the value. Runs where `on_done` would.
    template <class F>
    auto then(F&& f) const;
    /// The same, run by `executor.execute(...)`: an Asio executor, or anything with this member.
    template <class Executor, class F>
    auto then(Executor executor, F&& f) const;

    /// The value, or what `f` makes of the exception: `f` takes the type that it handles (`const std::range_error&`),
    /// or a std::exception_ptr for all. Other exceptions are passed on.
    template <class F>
    Future recover(F&& f) const;

    /// An Asio operation that completes with the result, on the executor of its completion token. Needs
    /// <concur/asio.hpp>.
    template <class... Token>
    auto async_result(Token&&... token) const {
        if constexpr (requires { sizeof(detail::AsyncResult<Token...>); }) {
            return detail::AsyncResult<Token...>::start(*this, std::forward<Token>(token)...);
        } else {
            static_assert(detail::accepted<Future, Token...>,
                          "concur: async_result() is for coroutines and other users of Asio; #include "
                          "<concur/asio.hpp>");
            return detail::Refused();
        }
    }

    friend bool operator==(const Future& a, const Future& b) noexcept { return a.state_ == b.state_; }
    friend std::strong_ordering operator<=>(const Future& a, const Future& b) noexcept {
        return std::compare_three_way{}(a.state_, b.state_);
    }

    // For the library: the state behind the handle.

    /// Takes over a handle on `state`.
    [[nodiscard]] static Future adopt(detail::StateBase* state) noexcept {
        Future future;
        future.state_ = state;
        return future;
    }
    [[nodiscard]] detail::StateBase* release_state() noexcept { return std::exchange(state_, nullptr); }
    [[nodiscard]] detail::StateBase* shared_state_of_future() const noexcept { return state_; }

private:
    template <class>
    friend class Future;

    [[nodiscard]] detail::StateBase& state() const {
        if (!state_) detail::throw_no_state();
        return *state_;
    }

    void wait_or_throw(Duration timeout) const {
        if (!wait_for(timeout)) detail::throw_wait_timeout(*state_, timeout);
    }

    // The state is done.
    decltype(auto) reference() const {
        if (state_->error()) std::rethrow_exception(state_->see_error());
        state_->prepare_value();
        if constexpr (!std::is_void_v<T>) {
            if (!detail::is_copyable<T> && state_->taken()) detail::throw_taken();
            return static_cast<const T&>(*static_cast<T*>(state_->value_address()));
        }
    }
    T take() && {
        const Future self = std::move(*this);
        if (self.state_->error()) std::rethrow_exception(self.state_->see_error());
        return detail::take_value<T>(*self.state_);
    }
    Outcome<T> outcome_of_done() && {
        state().wait();
        if (const std::exception_ptr& error = state_->see_error()) return Outcome<T>(error);
        if constexpr (std::is_void_v<T>) {
            return Outcome<T>();
        } else {
            return Outcome<T>(std::move(*this).take());
        }
    }

    detail::StateBase* state_ = nullptr;
};

/// A handle, whatever it is a handle on.
template <class T>
struct detail::IsCopyable<Future<T>> : std::true_type {};

}  // namespace concur

template <class T>
struct std::hash<concur::Future<T>> {
    std::size_t operator()(const concur::Future<T>& future) const noexcept {
        return std::hash<const void*>()(future.shared_state_of_future());
    }
};

#include "concur/future/then.hpp"

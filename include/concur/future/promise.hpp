/// `Promise<T>`: the other end of a future, for results that come from elsewhere.
#pragma once

#include <atomic>
#include <exception>
#include <type_traits>
#include <utility>

#include "concur/future/future.hpp"

namespace concur {
namespace detail {

template <class T>
class PromiseState final : public ValueState<T> {
public:
    explicit PromiseState(Phase phase) noexcept : ValueState<T>(phase) {}

    // A promise is set once, by whoever comes first; the future may have been cancelled before.
    std::atomic<bool> set{false};
};

[[noreturn]] void throw_promise_set();
[[nodiscard]] std::exception_ptr broken_promise();

}  // namespace detail

/// Sets the result of a future by hand. Move-only; the members may be called by any thread, `set_...` by one of them.
///
/// Destroyed before it is set: the future gets BrokenPromiseError. Set twice: PromiseAlreadySetError. Set after its
/// future was cancelled: ignored. A promise that is kept and never set leaves its future pending: nobody else can end
/// it.
template <class T>
class Promise {
public:
    // The promise's own reference is no handle, so that the last future can move the value out.
    Promise() : state_{new detail::PromiseState<T>(detail::Phase::pending)} { state_->turn_handle_into_ref(); }
    Promise(Promise&& other) noexcept : state_{std::exchange(other.state_, nullptr)} {}
    Promise& operator=(Promise&& other) noexcept {
        Promise taken(std::move(other));
        std::swap(state_, taken.state_);
        return *this;
    }
    ~Promise() {
        if (!state_) return;
        if (!state_->set.exchange(true)) end(detail::broken_promise());
        state_->release();
    }

    /// Another handle on the same result each time.
    [[nodiscard]] Future<T> future() const {
        state().add_handle();
        return Future<T>::adopt(state_);
    }

    template <class U = T>
        requires(!std::is_void_v<T> && std::is_constructible_v<T, U&&>)
    void set_value(U&& value) {
        set([&]() -> T { return T(std::forward<U>(value)); });
    }
    void set_value() requires std::is_void_v<T> {
        set([] {});
    }

    /// A null pointer counts as an exception without a type.
    void set_exception(std::exception_ptr error) {
        if (state().set.exchange(true)) detail::throw_promise_set();
        end(error ? std::move(error) : detail::null_exception());
    }
    template <class E>
        requires(!std::is_same_v<std::decay_t<E>, std::exception_ptr>)
    void set_exception(E&& error) { set_exception(std::make_exception_ptr(std::forward<E>(error))); }

    /// True once the future was cancelled: nobody waits for the value any more.
    [[nodiscard]] bool stop_requested() const { return state().done() && !state().set.load(); }

private:
    [[nodiscard]] detail::PromiseState<T>& state() const {
        if (!state_) detail::throw_no_state();
        return *state_;
    }

    // Whoever waits may destroy this promise as soon as the future is done: from then on only `state` is used.
    template <class Make>
    void set(Make make) {
        const detail::IntrusivePtr<detail::PromiseState<T>> state(&this->state());
        if (state->set.exchange(true)) detail::throw_promise_set();
        try {
            state->emplace(make);
        } catch (...) {
            state->set.store(false);
            throw;
        }
        if (!state->publish(detail::Phase::pending)) state->discard_value();
    }

    void end(std::exception_ptr error) noexcept {
        const detail::IntrusivePtr<detail::PromiseState<T>> state(state_);
        if (const auto claim = state->claim(detail::Phase::pending))
            state->complete(claim, std::move(error), StopReason::retries_exhausted, detail::CompletedBy::owner);
    }

    detail::PromiseState<T>* state_;
};

/// A future that holds `value` already.
template <class T>
[[nodiscard]] Future<std::decay_t<T>> ready(T&& value) {
    auto* state = new detail::PromiseState<std::decay_t<T>>(detail::Phase::done);
    auto future = Future<std::decay_t<T>>::adopt(state);
    state->emplace([&]() -> std::decay_t<T> { return std::forward<T>(value); });
    return future;
}
[[nodiscard]] inline Future<void> ready() {
    return Future<void>::adopt(new detail::PromiseState<void>(detail::Phase::done));
}

/// A future that has failed already, with an exception object or a std::exception_ptr.
template <class T, class E>
[[nodiscard]] Future<T> failed(E&& error) {
    Promise<T> promise;
    Future<T> future = promise.future();
    promise.set_exception(std::forward<E>(error));
    return future;
}

}  // namespace concur

/// How running code learns that it should stop.
#pragma once

#include <atomic>
#include <memory>
#include <utility>

#include "concur/core/clock.hpp"
#include "concur/core/intrusive_ptr.hpp"

namespace concur {
namespace detail {

/// A function that is called when a stop is requested.
class StopListener {
public:
    virtual void stop_requested() noexcept = 0;

protected:
    ~StopListener() = default;

private:
    friend class StopState;
    StopListener* next_ = nullptr;
    StopListener* previous_ = nullptr;
};

/// One request to stop, shared by who asks and who is asked.
class StopState {
public:
    /// Counts as requested from `deadline` on, too.
    explicit StopState(Clock& clock, TimePoint deadline = no_deadline) noexcept : clock_(&clock), deadline_{deadline} {}

    void add_ref() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }

    [[nodiscard]] bool requested() const noexcept {
        return (word_.load(std::memory_order_acquire) & requested_flag) != 0 || is_over();
    }
    /// What it was for has ended without being asked to stop: what was begun meanwhile goes on without it.
    void dissolve() noexcept { dissolved_.store(!requested(), std::memory_order_release); }
    [[nodiscard]] bool is_dissolved() const noexcept { return dissolved_.load(std::memory_order_acquire); }
    /// Once; calls the listeners on this thread.
    void request() noexcept;
    /// True when a stop was requested, false when the time is over.
    bool wait_for(Duration time);

    /// False if a stop was requested already: the listener is not kept.
    [[nodiscard]] bool add(StopListener& listener) noexcept;
    /// When it returns, the listener does not run, and will not; called by the listener itself it does not wait.
    void remove(StopListener& listener) noexcept;

private:
    ~StopState() = default;

    [[nodiscard]] bool is_over() const noexcept { return deadline_ != no_deadline && clock_->now() >= deadline_; }
    void lock() noexcept;
    void unlock() noexcept;

    static constexpr std::uint32_t requested_flag = 1;
    static constexpr std::uint32_t locked_flag = 2;  // the list is being changed

    std::atomic<std::uint32_t> references_{0};
    std::atomic<bool> dissolved_{false};
    ParkingWord word_{0};
    ParkingWord listener_ended_{0};  // counts the listeners that have run
    StopListener* first_ = nullptr;
    StopListener* running_ = nullptr;
    std::atomic<const void*> requesting_thread_{nullptr};
    IntrusivePtr<Clock> clock_;
    TimePoint deadline_;
};

}  // namespace detail

/// Calls a function when a stop is requested, for as long as it lives. Made by `StopToken::on_stop`.
///
/// Its destructor waits for the function if that is running on another thread, so what the function refers to may go
/// after it. The function runs on the thread that asks for the stop, or at once if that has happened; it must not
/// throw.
template <class F>
class [[nodiscard("the function is forgotten when this object goes away")]] StopCallback final
    : private detail::StopListener {
public:
    StopCallback(detail::IntrusivePtr<detail::StopState> state, F f) : state_{std::move(state)}, f_{std::move(f)} {
        if (state_ && !state_->add(*this)) {
            state_ = {};
            f_();
        }
    }
    StopCallback(const StopCallback&) = delete;
    StopCallback& operator=(const StopCallback&) = delete;
    ~StopCallback() {
        if (state_) state_->remove(*this);
    }

private:
    void stop_requested() noexcept override { f_(); }

    detail::IntrusivePtr<detail::StopState> state_;
    F f_;
};

/// Tells running code that its call was cancelled, or that its worker stops. Nothing is interrupted: long methods look
/// at it from time to time, and end as they see fit.
///
/// A handle that may be copied, kept after the call, and used by any thread. A default-constructed one never asks.
class StopToken {
public:
    StopToken() noexcept = default;
    explicit StopToken(detail::IntrusivePtr<detail::StopState> state) noexcept : state_{std::move(state)} {}

    [[nodiscard]] bool stop_requested() const noexcept { return state_ && state_->requested(); }

    /// Sleeps for `time`, or until a stop is requested: then true. On the library's event loop a spare thread takes
    /// over meanwhile, and DeadlockError is thrown if 64 wait already; on the application's own it throws
    /// WouldBlockError.
    [[nodiscard]] bool wait_for(Duration time) const;

    /// Calls `f()` once when a stop is requested; see StopCallback.
    template <class F>
    [[nodiscard]] StopCallback<std::decay_t<F>> on_stop(F&& f) const {
        return StopCallback<std::decay_t<F>>(state_, std::forward<F>(f));
    }

    // For the library.
    [[nodiscard]] const detail::IntrusivePtr<detail::StopState>& state() const noexcept { return state_; }

private:
    detail::IntrusivePtr<detail::StopState> state_;
};

}  // namespace concur

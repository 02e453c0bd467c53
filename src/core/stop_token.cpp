#include "concur/core/stop_token.hpp"

#include <algorithm>
#include <thread>

namespace concur {
namespace detail {
namespace {

const void* this_thread_mark() noexcept {
    thread_local const char mark = 0;
    return &mark;
}

}  // namespace

void StopState::lock() noexcept {
    while (word_.fetch_or(locked_flag, std::memory_order_acquire) & locked_flag) std::this_thread::yield();
}

void StopState::unlock() noexcept { word_.fetch_and(~locked_flag, std::memory_order_release); }

void StopState::request() noexcept {
    lock();
    if (word_.fetch_or(requested_flag, std::memory_order_acq_rel) & requested_flag) return unlock();
    requesting_thread_.store(this_thread_mark(), std::memory_order_relaxed);
    wake_all(word_);
    const IntrusivePtr<StopState> keep(this);  // a listener may drop the last token
    while (StopListener* listener = first_) {
        first_ = listener->next_;
        if (first_) first_->previous_ = nullptr;
        running_ = listener;
        unlock();
        listener->stop_requested();
        lock();
        running_ = nullptr;
        listener_ended_.fetch_add(1, std::memory_order_release);
        wake_all(listener_ended_);
    }
    unlock();
}

bool StopState::wait_for(Duration time) {
    const TimePoint deadline = std::min(deadline_after(clock_->now(), time), deadline_);
    std::uint32_t word = word_.load(std::memory_order_acquire);
    while (!(word & requested_flag)) {
        if (deadline != no_deadline && clock_->now() >= deadline) return is_over();
        clock_->park(word_, word, deadline);
        word = word_.load(std::memory_order_acquire);
    }
    return true;
}

bool StopState::add(StopListener& listener) noexcept {
    lock();
    if (requested()) {
        unlock();
        return false;
    }
    listener.next_ = first_;
    if (first_) first_->previous_ = &listener;
    first_ = &listener;
    unlock();
    return true;
}

void StopState::remove(StopListener& listener) noexcept {
    lock();
    const bool listed = first_ == &listener || listener.previous_;
    if (listed) {
        if (listener.next_) listener.next_->previous_ = listener.previous_;
        (listener.previous_ ? listener.previous_->next_ : first_) = listener.next_;
        listener.previous_ = nullptr;
    }
    while (!listed && running_ == &listener &&
           requesting_thread_.load(std::memory_order_relaxed) != this_thread_mark()) {
        const std::uint32_t ended = listener_ended_.load(std::memory_order_relaxed);
        unlock();
        clock_->park(listener_ended_, ended);
        lock();
    }
    unlock();
}

}  // namespace detail

bool StopToken::wait_for(Duration time) const {
    if (state_) return state_->wait_for(time);
    detail::ParkingWord never_changes{0};
    detail::Clock& clock = detail::steady_clock();
    const detail::TimePoint deadline = detail::deadline_after(clock.now(), time);
    while (clock.now() < deadline) clock.park(never_changes, 0, deadline);
    return false;
}

}  // namespace concur

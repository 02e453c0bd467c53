#include "concur/core/stop_token.hpp"

#include <algorithm>
#include <optional>
#include <thread>

#include "core/application_thread.hpp"
#include "core/runtime.hpp"

namespace concur {
namespace detail {
namespace {

const void* this_thread_mark() noexcept {
    thread_local const char mark = 0;
    return &mark;
}

// As every wait of the library: on its own event loop another thread takes over, on the application's it is refused.
void begin_wait(std::optional<RuntimeWait>& spare_thread) {
    refuse_on_application_thread();
    spare_thread.emplace();
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
    std::optional<RuntimeWait> spare_thread;
    while (!(word & requested_flag)) {
        if (deadline != no_deadline && clock_->now() >= deadline) return is_over();
        if (!spare_thread) begin_wait(spare_thread);
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
    std::optional<detail::RuntimeWait> spare_thread;
    while (clock.now() < deadline) {
        if (!spare_thread) detail::begin_wait(spare_thread);
        clock.park(never_changes, 0, deadline);
    }
    return false;
}

}  // namespace concur

#include "concur/call/mailbox.hpp"

namespace concur::detail {
namespace {

char asleep_mark;
char closed_mark;
void* const asleep = &asleep_mark;
void* const closed = &closed_mark;

}  // namespace

bool Mailbox::push(CallBase& call) noexcept {
    void* newest = newest_.load(std::memory_order_relaxed);
    do {
        if (newest == closed) return false;
        call.next_ = newest == asleep ? nullptr : static_cast<CallBase*>(newest);
    } while (!newest_.compare_exchange_weak(newest, &call, std::memory_order_seq_cst, std::memory_order_relaxed));
    if (newest == asleep) signal();
    return true;
}

CallBase* Mailbox::take_all() noexcept {
    void* newest = newest_.load(std::memory_order_seq_cst);
    do {
        if (newest == nullptr || newest == asleep || newest == closed) return nullptr;
    } while (!newest_.compare_exchange_weak(newest, nullptr, std::memory_order_acq_rel, std::memory_order_relaxed));
    CallBase* oldest = nullptr;
    for (auto* call = static_cast<CallBase*>(newest); call;) {
        CallBase* older = call->next_;
        call->next_ = oldest;
        oldest = call;
        call = older;
    }
    return oldest;
}

bool Mailbox::has_calls() const noexcept {
    void* const newest = newest_.load(std::memory_order_acquire);
    return newest != nullptr && newest != asleep && newest != closed;
}

void Mailbox::sleep(Clock& clock) noexcept {
    // Before the mark: whoever replaces the mark sets the word, and that must not be undone.
    awake_.store(0, std::memory_order_relaxed);
    void* expected = nullptr;
    if (!newest_.compare_exchange_strong(expected, asleep, std::memory_order_seq_cst, std::memory_order_relaxed))
        return;
    if (nudged_.exchange(false, std::memory_order_seq_cst)) {
        expected = asleep;
        if (newest_.compare_exchange_strong(expected, nullptr, std::memory_order_relaxed, std::memory_order_relaxed))
            return;
    }
    while (awake_.load(std::memory_order_acquire) == 0) clock.park(awake_, 0);
}

void Mailbox::nudge() noexcept {
    nudged_.store(true, std::memory_order_seq_cst);
    void* expected = asleep;
    if (newest_.compare_exchange_strong(expected, nullptr, std::memory_order_seq_cst, std::memory_order_relaxed))
        signal();
}

bool Mailbox::close() noexcept {
    void* expected = nullptr;
    return newest_.compare_exchange_strong(expected, closed, std::memory_order_acq_rel, std::memory_order_relaxed);
}

void Mailbox::signal() noexcept {
    awake_.store(1, std::memory_order_release);
    wake_one(awake_);
}

}  // namespace concur::detail

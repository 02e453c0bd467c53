/// What the modes have in common whose calls queue for one thread at a time.
#pragma once

#include <thread>
#include <vector>

#include "concur/backend/backend.hpp"
#include "concur/call/mailbox.hpp"
#include "concur/call/runner.hpp"

namespace concur::detail {

/// The call that a worker runs, and the calls that it took from the mailbox but has not started. Only who holds the
/// worker changes them; while a method runs, somebody else may lock the desk to look at them (a stop that does not wait
/// for the method).
class Desk {
public:
    // For who holds the worker.

    void put(CallBase* batch) noexcept { rest_ = batch; }
    [[nodiscard]] CallBase* take() noexcept {
        CallBase* call = rest_;
        if (call) rest_ = Mailbox::next(*call);
        return call;
    }
    [[nodiscard]] bool is_empty() const noexcept { return !rest_; }
    // Sequentially consistent, as is the first load of look_at(): see QueuedBackend::run().
    void begin(CallBase& call) noexcept { running_.store(address_of(call), std::memory_order_seq_cst); }
    void end(CallBase& call) noexcept {
        std::uintptr_t expected = address_of(call);
        while (!running_.compare_exchange_weak(expected, 0, std::memory_order_acq_rel, std::memory_order_relaxed)) {
            std::this_thread::yield();  // somebody looks; for a few instructions per queued call
            expected = address_of(call);
        }
    }

    /// For others: calls `look(running call, first call that has not started)`; false if no method runs.
    template <class Look>
    bool look_at(Look look) noexcept {
        std::uintptr_t running = running_.load(std::memory_order_seq_cst);
        for (;;) {
            if (running == 0) return false;
            if (running & locked) {
                std::this_thread::yield();
                running = running_.load(std::memory_order_acquire);
                continue;
            }
            if (running_.compare_exchange_weak(running, running | locked, std::memory_order_acquire)) break;
        }
        look(*reinterpret_cast<CallBase*>(running), rest_);
        running_.store(running, std::memory_order_release);
        return true;
    }

private:
    static constexpr std::uintptr_t locked = 1;
    static std::uintptr_t address_of(CallBase& call) noexcept { return reinterpret_cast<std::uintptr_t>(&call); }

    std::atomic<std::uintptr_t> running_{0};
    CallBase* rest_ = nullptr;  // read by others while running_ is locked
};

/// A mailbox, and the calls on the desk.
class QueuedBackend : public Backend {
protected:
    using Backend::Backend;
    ~QueuedBackend() override = default;

    // The push and the look at the stop level after it are sequentially consistent, as are their counterparts in
    // raise_stop_level(): a call that comes too late for one `fail_queued_calls` is seen by another one.
    void accept(CallBase& call) override {
        call.add_unshared_ref();  // the mailbox's
        if (!mailbox_.push(call)) {
            call.drop_unshared_ref();
            throw_stopped(call);
        }
        if (stop_level() == StopLevel::now) fail_queued_calls();
    }

    void fail_queued_calls() noexcept override {
        fail_all_in(mailbox_);
        // Those on the desk stay there as tombstones. They fail when the desk is unlocked: that runs code of the user.
        std::vector<IntrusivePtr<CallBase>> waiting;
        desk_.look_at([&waiting](CallBase&, CallBase* rest) {
            for (CallBase* call = rest; call; call = Mailbox::next(*call)) waiting.emplace_back(call);
        });
        for (const IntrusivePtr<CallBase>& call : waiting) fail(*call);
    }

    bool abandon_running_call() noexcept override {
        IntrusivePtr<CallBase> running;
        desk_.look_at([&](CallBase& call, CallBase*) { running = IntrusivePtr(&call); });
        if (!running) return false;
        if (const auto claim = running->claim(Phase::running))
            running->complete(claim, stopped_error(name(), running->method_name()), StopReason::worker_stopped,
                              CompletedBy::other);
        return true;
    }

    void fail_all_in(Mailbox& mailbox) noexcept {
        for (CallBase* call = mailbox.take_all(); call;) {
            CallBase* next = Mailbox::next(*call);
            fail(*call);
            call->release();
            call = next;
        }
    }

    bool holds_any() {
        const std::lock_guard lock(mutex_);
        return holds_calls();
    }

    // ---- for who holds the worker

    // First the desk, then the look at the stop level: a stop that comes at this moment either finds this call on the
    // desk, and what waits behind it, or is seen here.
    void run(CallBase& call) noexcept {
        note_call();
        desk_.begin(call);
        const bool fails = stop_level() == StopLevel::now;
        const bool runs = !fails && call.advance(Phase::queued, Phase::running);
        if (runs) Runner::run(*this, call, object_);
        desk_.end(call);
        if (fails)
            fail(call);
        else if (!runs)
            Runner::pass_over(call);
    }

    // A call that somebody else is ending may still read this worker's name: the worker must not go before it has.
    void fail(CallBase& call) noexcept {
        if (const auto claim = call.claim(Phase::queued))
            call.complete(claim, stopped_error(name(), call.method_name()), StopReason::worker_stopped,
                          CompletedBy::other);
        else
            call.await_description();
    }

    Mailbox mailbox_;
    Desk desk_;
    void* object_ = nullptr;
};

}  // namespace concur::detail

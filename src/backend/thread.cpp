// Thread mode: the object lives on a thread of its own, behind a mailbox.
#include <fmt/format.h>

#include <thread>
#include <vector>

#include "concur/backend/backend.hpp"
#include "concur/call/mailbox.hpp"
#include "concur/call/runner.hpp"
#include "concur/core/errors.hpp"
#include "concur/core/text.hpp"
#include "core/spin.hpp"
#include "core/thread.hpp"
#include "future/blocking_wait.hpp"

namespace concur::detail {
namespace {

/// The call that a thread runs, and the calls that it took from the mailbox but has not started. Only the thread
/// changes them; while a method runs, somebody else may lock the desk to look at them (a stop that does not wait for
/// the method).
class Desk {
public:
    // For the worker's thread.

    void put(CallBase* batch) noexcept { rest_ = batch; }
    [[nodiscard]] CallBase* take() noexcept {
        CallBase* call = rest_;
        if (call) rest_ = Mailbox::next(*call);
        return call;
    }
    // Sequentially consistent, as is the first load of look_at(): see ThreadBackend::run().
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

class ThreadBackend final : public Backend {
public:
    using Backend::Backend;

private:
    enum Start : std::uint32_t { starting, started, failed, given_up };

    void start_object() override {
        thread_ = start_thread(name(), [self = IntrusivePtr<ThreadBackend>(this), activity = Activity(clock())] {
            const ActiveThread active(activity);
            self->main();
        });
        const Duration timeout = *settings().init_timeout;
        const TimePoint deadline = deadline_after(clock().now(), timeout);
        try {
            const BlockingWait blocking(agent());
            while (start_.load(std::memory_order_acquire) == starting && clock().now() < deadline)
                clock().park(start_, starting, deadline);
        } catch (const Error&) {
            // A ring: the constructor waits for this very thread. If it has ended meanwhile, nobody will have a handle.
            if (!give_up()) {
                raise_stop_level(StopLevel::drain);
                thread_.join();
            }
            throw;
        }
        if (give_up()) {
            warn(WarningKind::stuck,
                 fmt::format("the constructor of {} still runs; its thread ends when it returns", name()));
            throw TimeoutError(
                fmt::format("{} was not constructed within init_timeout, {}; give it longer, or do less in "
                            "the constructor",
                            name(), text_of(timeout)),
                timeout.nanoseconds());
        }
        if (start_.load(std::memory_order_acquire) == failed) {
            thread_.join();
            std::rethrow_exception(std::exchange(start_error_, nullptr));
        }
    }

    // True if the constructor has not ended: its thread is then left to itself.
    bool give_up() noexcept {
        std::uint32_t expected = starting;
        {
            const std::lock_guard lock(mutex_);
            orphaned_ = true;
        }
        if (start_.compare_exchange_strong(expected, given_up, std::memory_order_acq_rel)) return true;
        const std::lock_guard lock(mutex_);
        orphaned_ = false;
        return false;
    }

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

    // Held calls keep the mailbox open.
    void enqueue(CallBase& call) noexcept override {
        call.add_ref();
        static_cast<void>(mailbox_.push(call));
        if (stop_level() == StopLevel::now) fail_queued_calls();
    }

    void nothing_held() noexcept override {
        mailbox_.nudge();
        report_idle();
    }

    void stop_level_raised() noexcept override { mailbox_.nudge(); }

    void fail_queued_calls() noexcept override {
        for (CallBase* call = mailbox_.take_all(); call;) {
            CallBase* next = Mailbox::next(*call);
            fail(*call);
            call->release();
            call = next;
        }
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

    void join() noexcept override { join_or_retire(take_thread()); }

    void orphan() noexcept override {
        {
            const std::lock_guard lock(mutex_);
            orphaned_ = true;
            if (!has_ended()) return;
        }
        join();
    }

    // A call moves from held to queued to running, perhaps to held again. It cannot get past all three questions
    // without the thread leaving its idle state.
    bool is_idle() override {
        const std::uint64_t turn = idle_turn_.load(std::memory_order_seq_cst);
        const bool idle = turn % 2 == 1;
        return idle && !holds_any() && !mailbox_.has_calls() && idle_turn_.load(std::memory_order_seq_cst) == turn;
    }

    bool holds_any() {
        const std::lock_guard lock(mutex_);
        return holds_calls();
    }

    // ---- on the worker's thread

    void main() {
        const Role role;
        agent_.held_by(&this_thread_record());
        worker_thread_unparked();
        std::uint32_t result = started;
        try {
            object_ = build_object();
        } catch (...) {
            start_error_ = std::current_exception();
            result = failed;
        }
        std::uint32_t expected = starting;
        const bool awaited = start_.compare_exchange_strong(expected, result, std::memory_order_acq_rel);
        if (awaited) wake_all(start_);
        if (result == started) {
            if (awaited) serve();
            destroy_object(object_);
        }
        worker_thread_parked();
        agent_.held_by(nullptr);
        if (awaited && result == failed) return;  // init() joins
        report_ended();
        bool alone = false;
        {
            const std::lock_guard lock(mutex_);
            alone = orphaned_;
        }
        if (alone) join_or_retire(take_thread());
    }

    void serve() {
        do {
            desk_.put(mailbox_.take_all());
            while (CallBase* call = desk_.take()) {
                run(*call);
                call->release();
            }
        } while (wait_for_call());
    }

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

    // False if the worker has been stopped and nothing is left to do.
    bool wait_for_call() noexcept {
        if (mailbox_.has_calls()) return true;
        idle_turn_.fetch_add(1, std::memory_order_seq_cst);
        report_idle();
        const bool go_on = wait_while_idle();
        idle_turn_.fetch_add(1, std::memory_order_seq_cst);
        return go_on;
    }

    bool wait_while_idle() noexcept {
        for (Spin spin(history_, Waiter::worker); spin.go_on();) {
            if (mailbox_.is_nudged()) break;
            if (!mailbox_.has_calls()) continue;
            spin.succeeded();
            return true;
        }
        if (stop_level() != StopLevel::none) {
            const std::lock_guard lock(mutex_);
            if (!holds_calls() && mailbox_.close()) {
                leave();
                return false;
            }
        }
        worker_thread_parked();
        mailbox_.sleep(clock());
        worker_thread_unparked();
        return true;
    }

    // ---- the thread itself

    std::thread take_thread() noexcept {
        const std::lock_guard lock(mutex_);
        return std::move(thread_);
    }

    static void join_or_retire(std::thread thread) noexcept {
        if (!thread.joinable()) return;
        if (thread.get_id() == std::this_thread::get_id())
            retire_thread(std::move(thread));
        else
            thread.join();
    }

    Mailbox mailbox_;
    Desk desk_;
    SpinHistory history_;
    void* object_ = nullptr;
    std::atomic<std::uint64_t> idle_turn_{0};  // odd while the thread has nothing to do
    ParkingWord start_{starting};
    std::exception_ptr start_error_;
    std::thread thread_;     // guarded by mutex_ once the object lives
    bool orphaned_ = false;  // guarded by mutex_: the thread has to see to its own join
};

}  // namespace

IntrusivePtr<Backend> make_thread_backend(WorkerConfig config, std::unique_ptr<ObjectFactory> factory) {
    return IntrusivePtr<Backend>(new ThreadBackend(std::move(config), std::move(factory)));
}

}  // namespace concur::detail

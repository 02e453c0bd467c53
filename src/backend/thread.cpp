// Thread mode: the object lives on a thread of its own, behind a mailbox.
#include <fmt/format.h>

#include <thread>
#include <vector>

#include "backend/queued.hpp"
#include "concur/core/errors.hpp"
#include "concur/core/text.hpp"
#include "core/spin.hpp"
#include "core/thread.hpp"
#include "future/blocking_wait.hpp"

namespace concur::detail {
namespace {

class ThreadBackend final : public QueuedBackend {
public:
    using QueuedBackend::QueuedBackend;

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

    // Held calls keep the mailbox open.
    void enqueue(CallBase& call) noexcept override {
        call.add_ref();
        static_cast<void>(mailbox_.push(call));
        if (stop_level() == StopLevel::now) fail_queued_calls();
    }

    void post_step(Step& step) noexcept override {
        steps_.push(step);
        mailbox_.nudge();
    }
    void coroutine_began() noexcept override { steps_.coroutine_began(); }
    void coroutine_gone() noexcept override { steps_.coroutine_gone(); }
    void await_coroutine(StateBase& coroutine, TimePoint deadline) noexcept override {
        steps_.run_until_done(coroutine, clock(), deadline);
    }

    void nothing_held() noexcept override {
        mailbox_.nudge();
        report_idle();
    }

    void stop_level_raised() noexcept override { mailbox_.nudge(); }

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
            steps_.close();
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
            steps_.run_all();
            desk_.put(mailbox_.take_all());
            while (CallBase* call = desk_.take()) {
                run(*call);
                call->release();
            }
        } while (wait_for_call());
    }

    // False if the worker has been stopped and nothing is left to do.
    bool wait_for_call() noexcept {
        if (mailbox_.has_calls() || steps_.has_any()) return true;
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

    StepsInPlace steps_;
    SpinHistory history_;
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

// Asio mode: the object lives on an event loop that others share. Whoever runs a turn of the worker holds it; at most
// one turn is under way. docs/design/coroutines.md
#include <fmt/format.h>

#include <optional>

#include "backend/queued.hpp"
#include "concur/core/errors.hpp"
#include "core/application_thread.hpp"
#include "core/runtime.hpp"
#include "future/blocking_wait.hpp"

namespace concur::detail {
namespace {

// After so many pieces of work a turn lets others have the loop.
constexpr int most_in_one_turn = 64;

class AsioBackend final : public QueuedBackend, private RuntimeTask, private LoopResident {
public:
    AsioBackend(WorkerConfig config, std::unique_ptr<ObjectFactory> factory, std::shared_ptr<ApplicationLoop> loop)
        : QueuedBackend(std::move(config), std::move(factory)),
          loop_{std::move(loop)},
          most_coroutines_{settings().max_concurrent_calls.value_or(unlimited)} {}

private:
    enum Turn : unsigned char {
        none,
        due,        // posted to the loop
        running,    // somebody holds the worker
        running_on  // and has to look again
    };

    /// A turn on the application's loop. Destroyed unrun it says that the loop has ended.
    class PostedTurn final : public LoopTask {
    public:
        explicit PostedTurn(AsioBackend& worker) : worker_{&worker} {
            if (worker.counts_activities()) activity_.emplace(worker.clock());
        }
        ~PostedTurn() override {
            if (worker_) worker_->turn_was_dropped();
        }
        void run() noexcept override {
            const IntrusivePtr<AsioBackend> worker = std::move(worker_);
            const ApplicationThread mark;
            std::optional<ActiveThread> active;
            if (activity_) active.emplace(*activity_);
            worker->run_if_due();
        }

    private:
        IntrusivePtr<AsioBackend> worker_;
        std::optional<Activity> activity_;
    };

    // ---- the interface of a mode

    // Nobody knows the worker yet: whoever makes it holds it.
    void start_object() override {
        const Role role;
        agent_.held_by(&this_thread_record());
        try {
            object_ = build_object();
        } catch (...) {
            agent_.held_by(nullptr);
            throw;
        }
        agent_.held_by(nullptr);
        if (loop_) loop_->move_in(*this);
    }

    void accept(CallBase& call) override {
        if (loop_ && loop_->is_over())
            throw WorkerStoppedError(
                fmt::format("{} was not called: the event loop of the worker {} does not run any more",
                            call.method_name(), name()));
        QueuedBackend::accept(call);
        schedule();
    }

    void enqueue(CallBase& call) noexcept override {
        call.add_ref();
        static_cast<void>((call.was_put_aside() ? came_back_ : mailbox_).push(call));
        if (stop_level() == StopLevel::now) fail_queued_calls();
        schedule();
    }

    void fail_queued_calls() noexcept override {
        QueuedBackend::fail_queued_calls();
        fail_all_in(came_back_);
    }

    void nothing_held() noexcept override {
        report_idle();
        if (stopped()) schedule();
    }

    // A worker at rest needs no loop for its end, which may have ended before. One that waits for a loop that does not
    // run fails its calls, and runs none of the user's code but the destructor.
    void stop_level_raised() noexcept override {
        Turn turn = none;
        if (turn_.compare_exchange_strong(turn, running, std::memory_order_seq_cst)) return run_turn(Only::the_end);
        turn = due;
        if (loop_ && stop_level() == StopLevel::now &&
            turn_.compare_exchange_strong(turn, running, std::memory_order_seq_cst))
            return run_turn(Only::the_end);
        schedule();
    }

    bool abandon_running_call() noexcept override {
        bool found = QueuedBackend::abandon_running_call();
        std::vector<IntrusivePtr<CallBase>> held;
        static_cast<void>(list_held(held));
        for (const IntrusivePtr<CallBase>& call : held) {
            const auto claim = call->claim(Phase::waiting);
            if (!claim) continue;
            found = true;
            call->complete(claim, stopped_error(name(), call->method_name()), StopReason::worker_stopped,
                           CompletedBy::other);
        }
        return found;
    }

    [[nodiscard]] bool leaves_stuck_object() const noexcept override { return loop_ != nullptr; }

    // A call moves from held to queued to running, perhaps to held again. It cannot get past all the questions without
    // a turn.
    bool is_idle() override {
        const std::uint64_t turns = turns_.load(std::memory_order_seq_cst);
        return turn_.load(std::memory_order_seq_cst) == none && coroutines_.load(std::memory_order_seq_cst) == 0 &&
               !holds_any() && !mailbox_.has_calls() && !came_back_.has_calls() && !steps_.has_any() &&
               turns_.load(std::memory_order_seq_cst) == turns;
    }

    // ---- coroutines

    void post_step(Step& step) noexcept override {
        steps_.push(step);
        schedule();
    }
    [[nodiscard]] boost::asio::execution_context& loop() override { return loop_ ? loop_->context() : Backend::loop(); }
    void loop_work_began() noexcept override {
        if (loop_) loop_->work_began();
    }
    void loop_work_ended() noexcept override {
        if (loop_) loop_->work_ended();
    }
    [[nodiscard]] bool runs_coroutines_in_place() const noexcept override { return false; }
    void coroutine_began() noexcept override {
        add_ref();
        coroutines_.fetch_add(1, std::memory_order_relaxed);
    }
    void coroutine_gone() noexcept override {
        const int left = coroutines_.fetch_sub(1, std::memory_order_seq_cst) - 1;
        if (left == 0) report_idle();
        if (left < most_coroutines_) schedule();
        release();
    }

    // ---- calls that wait: nobody waits with them, but methods that are no coroutines keep their order

    [[nodiscard]] bool never_waits() const noexcept override { return true; }
    void hold_up_others(CallBase& call) noexcept override {
        holder_ = IntrusivePtr(&call);
        holds_up_others_.store(&call, std::memory_order_release);
    }
    void waits_no_more(CallBase& call) noexcept override {
        if (holds_up_others_.load(std::memory_order_acquire) == &call) schedule();
    }

    // ---- turns

    // Sequentially consistent, as is what was added before, and the end of a turn: either that one sees what was added,
    // or it is seen here that the turn is over.
    void schedule() noexcept {
        Turn turn = turn_.load(std::memory_order_seq_cst);
        for (;;) {
            if (turn == due || turn == running_on) return;
            const Turn next = turn == none ? due : running_on;
            if (turn_.compare_exchange_weak(turn, next, std::memory_order_seq_cst)) break;
        }
        if (turn == none) post_turn();
    }

    void post_turn() noexcept {
        turns_.fetch_add(1, std::memory_order_seq_cst);
        if (loop_) {
            static_cast<void>(loop_->post(std::make_unique<PostedTurn>(*this)));
        } else {
            add_ref();
            runtime_post(*this, clock());
        }
    }

    // On the library's loop.
    void run() noexcept override {
        run_if_due();
        release();
    }

    void run_if_due() noexcept {
        Turn turn = due;
        if (turn_.compare_exchange_strong(turn, running, std::memory_order_seq_cst)) run_turn(Only::work);
    }

    void resident_add_ref() noexcept override { add_ref(); }
    void resident_release() noexcept override { release(); }

    // A worker at rest ends here, with its object; one with coroutines when the last of these is destroyed with the
    // loop. Somebody else may be about to end it.
    void loop_has_ended() noexcept override {
        turn_was_dropped();
        if (coroutines_.load(std::memory_order_seq_cst) == 0 && !is_inside())
            static_cast<void>(
                await_end(steady_clock(), deadline_after(steady_clock().now(), *settings().stop_timeout)));
    }

    void turn_was_dropped() noexcept {
        const IntrusivePtr<AsioBackend> keep(this);
        loop_has_ended_.store(true, std::memory_order_release);
        raise_stop_level(StopLevel::now);
        Turn turn = due;
        if (turn_.compare_exchange_strong(turn, running, std::memory_order_seq_cst)) run_turn(Only::the_end);
    }

    enum class Only : bool { work, the_end };

    void run_turn(Only only) noexcept {
        const IntrusivePtr<AsioBackend> keep(this);
        turns_.fetch_add(1, std::memory_order_seq_cst);
        int left = most_in_one_turn;
        for (;;) {
            {
                const Role role;
                agent_.held_by(&this_thread_record());
                if (only == Only::work)
                    serve(left);
                else
                    fail_calls();
                end_if_stopped();
                agent_.held_by(nullptr);
            }
            if (left <= 0 || (only == Only::the_end && has_work())) {
                turn_.store(due, std::memory_order_seq_cst);
                return post_turn();
            }
            Turn turn = running;
            if (turn_.compare_exchange_strong(turn, none, std::memory_order_seq_cst)) return report_idle();
            turn_.store(running, std::memory_order_seq_cst);
        }
    }

    void serve(int& left) noexcept {
        while (left > 0) {
            const int before = left;
            left -= steps_.run_all();
            if (CallBase* const call = next_call()) {
                run_call(*call);
                --left;
            }
            if (left == before) return;
        }
    }

    // Without the loop's threads none of the user's code runs.
    void fail_calls() noexcept {
        if (stop_level() != StopLevel::now) return;
        if (loop_has_ended_.load(std::memory_order_acquire)) steps_.close();  // nobody will ever run them
        while (CallBase* const call = next_call()) run_call(*call);
    }

    void run_call(CallBase& call) noexcept {
        QueuedBackend::run(call);
        call.release();
    }

    [[nodiscard]] CallBase* next_call() noexcept {
        const bool fails = stop_level() == StopLevel::now;
        if (!fails && coroutines_.load(std::memory_order_seq_cst) >= most_coroutines_) return nullptr;
        if (!back_) back_ = came_back_.take_all();
        if (CallBase* const call = back_) {
            back_ = Mailbox::next(*call);
            return call;
        }
        if (holder_ && holder_->phase() != Phase::waiting && holder_->phase() != Phase::queued) {
            holds_up_others_.store(nullptr, std::memory_order_relaxed);
            holder_ = {};
        }
        if (holder_ && !fails) return nullptr;
        if (desk_.is_empty()) desk_.put(mailbox_.take_all());
        return desk_.take();
    }

    [[nodiscard]] bool has_work() const noexcept {
        return !has_ended() &&
               (steps_.has_any() || mailbox_.has_calls() || !desk_.is_empty() || back_ || came_back_.has_calls());
    }

    void end_if_stopped() noexcept {
        if (stop_level() == StopLevel::none || has_ended()) return;
        if (coroutines_.load(std::memory_order_seq_cst) != 0 || holder_ || has_work()) return;
        {
            const std::lock_guard lock(mutex_);
            if (holds_calls() || !mailbox_.close()) return;
            leave();
        }
        steps_.close();
        destroy_object(std::exchange(object_, nullptr));
        report_ended();
        if (loop_) loop_->move_out(*this);
    }

    std::shared_ptr<ApplicationLoop> loop_;  // null: the library's own
    int most_coroutines_;
    Steps steps_;
    std::atomic<Turn> turn_{none};
    std::atomic<std::uint64_t> turns_{0};
    std::atomic<int> coroutines_{0};
    std::atomic<bool> loop_has_ended_{false};
    // Calls that were put aside go first: what others wait for may have been granted to them.
    Mailbox came_back_;
    CallBase* back_ = nullptr;  // taken from there; by who holds the worker
    // The call whose wait keeps new calls where they are; by who holds the worker.
    IntrusivePtr<CallBase> holder_;
    std::atomic<CallBase*> holds_up_others_{nullptr};
};

}  // namespace

IntrusivePtr<Backend> make_asio_backend(WorkerConfig config, std::unique_ptr<ObjectFactory> factory) {
    std::shared_ptr<ApplicationLoop> loop = std::move(config.loop);
    return IntrusivePtr<Backend>(new AsioBackend(std::move(config), std::move(factory), std::move(loop)));
}

}  // namespace concur::detail

#include "concur/future/state.hpp"

#include <unistd.h>

#include <string>
#include <thread>

#include "concur/core/errors.hpp"
#include "concur/future/wait_graph.hpp"
#include "concur/observe/observer.hpp"
#include "core/runtime.hpp"
#include "core/spin.hpp"
#include "ready_queue.hpp"

namespace concur {

std::string_view to_string(StopReason reason) noexcept {
    switch (reason) {
        case StopReason::none:
            return "none";
        case StopReason::retries_exhausted:
            return "retries_exhausted";
        case StopReason::deadline:
            return "deadline";
        case StopReason::budget:
            return "budget";
        case StopReason::not_retryable:
            return "not_retryable";
        case StopReason::not_repeatable:
            return "not_repeatable";
        case StopReason::cancelled:
            return "cancelled";
        case StopReason::server_hint:
            return "server_hint";
        case StopReason::worker_died:
            return "worker_died";
        case StopReason::worker_stopped:
            return "worker_stopped";
        case StopReason::input_failed:
            return "input_failed";
    }
    return "unknown";
}

namespace detail {
namespace {

// The end of a list of continuations that takes no more.
class NoContinuation final : public Continuation {
public:
    NoContinuation() noexcept : Continuation(Code::library) {}
    void run(StateBase&) noexcept override {}
};
NoContinuation closed_mark;
NoContinuation locked_mark;
Continuation* const closed = &closed_mark;
Continuation* const locked = &locked_mark;

void relax(int& rounds) noexcept {
    if (++rounds > 64) std::this_thread::yield();
}

}  // namespace

StateBase::~StateBase() = default;

void StateBase::destroy() noexcept {
    // Made before a fork: what it holds belongs to the parent, and destroying it here would do the work twice.
    if (made_before_fork()) return;
    if (error_ && !(word_.load(std::memory_order_relaxed) & seen_flag)) report_unseen_failure();
    if (source_) take_source()->drop_handle();
    delete this;
}

std::uint64_t StateBase::id() const noexcept {
    static std::atomic<std::uint64_t> next{1};
    std::uint64_t id = id_.load(std::memory_order_relaxed);
    if (id != 0) return id;
    const std::uint64_t fresh = next.fetch_add(1, std::memory_order_relaxed);
    return id_.compare_exchange_strong(id, fresh, std::memory_order_relaxed) ? fresh : id;
}

const std::exception_ptr& StateBase::see_error() noexcept {
    if (error_) word_.fetch_or(seen_flag, std::memory_order_relaxed);
    return error_;
}

const Failure* StateBase::failure() const noexcept { return failure_ ? &failure_->failure : nullptr; }

bool StateBase::holds_cancelled_error() const noexcept {
    if (!error_) return false;
    try {
        std::rethrow_exception(error_);
    } catch (const CancelledError&) {
        return true;
    } catch (...) {
        return false;
    }
}

// ---- phases

bool StateBase::advance(Phase from, Phase to) noexcept {
    std::uint32_t word = word_.load(std::memory_order_relaxed);
    do {
        if (phase_of(word) != from) return false;
    } while (!word_.compare_exchange_weak(word, (word & ~phase_mask) | static_cast<std::uint32_t>(to),
                                          std::memory_order_acq_rel, std::memory_order_relaxed));
    return true;
}

StateBase::Claim StateBase::claim_any(std::uint32_t phases) noexcept {
    std::uint32_t word = word_.load(std::memory_order_relaxed);
    do {
        if ((phases >> (word & phase_mask) & 1u) == 0) return {false, phase_of(word)};
    } while (!word_.compare_exchange_weak(word, (word & ~phase_mask) | static_cast<std::uint32_t>(Phase::finishing),
                                          std::memory_order_acq_rel, std::memory_order_relaxed));
    return {true, phase_of(word)};
}

// Sequentially consistent, with the load of continuations_ that follows: see attach().
bool StateBase::publish(Phase from) noexcept {
    const std::uint32_t other = ReadyQueue::of_this_thread().runs_for_other() ? by_other_flag : 0;
    std::uint32_t word = word_.load(std::memory_order_relaxed);
    do {
        if (phase_of(word) != from) return false;
    } while (!word_.compare_exchange_weak(word, (word & ~phase_mask) | static_cast<std::uint32_t>(Phase::done) | other,
                                          std::memory_order_seq_cst, std::memory_order_relaxed));
    done_now(word);
    return true;
}

void StateBase::complete(Claim claim, std::exception_ptr error, StopReason reason, CompletedBy by) noexcept {
    error_ = std::move(error);
    reason_ = reason;
    failure_ = std::make_unique<FailureRecord>();
    failure_->failure.attempt = attempts();
    failure_->failure.pid = static_cast<int>(::getpid());
    failure_->failure.time = clock_->now();
    describe_failure(failure_->failure, failure_->observer);
    if (ReadyQueue::of_this_thread().runs_for_other()) by = CompletedBy::other;
    const std::uint32_t other = by == CompletedBy::other ? by_other_flag : 0;
    std::uint32_t word = word_.load(std::memory_order_relaxed);
    while (!word_.compare_exchange_weak(word, (word & ~phase_mask) | static_cast<std::uint32_t>(Phase::done) | other,
                                        std::memory_order_seq_cst, std::memory_order_relaxed)) {
    }
    done_now(word);
    if (claim.from != Phase::running) ended(claim.from);
}

void StateBase::done_now(std::uint32_t word_before) noexcept {
    if (word_before & parked_flag) wake_all(word_);
    if (continuations_.load(std::memory_order_seq_cst) != nullptr) run_continuations();
}

// ---- continuations
//
// A stack of nodes. attach() pushes with one compare-and-swap; detach() locks the stack for the few steps that
// unlinking takes; the completing thread closes it, but only if it sees a node: that saves it an atomic operation for
// calls that have none. So attach() looks at the phase again after its push. Both the push and the phase change are
// sequentially consistent, hence at least one of the two threads sees the other's step; if both do, closing gives each
// node to one of them.

bool StateBase::attach(Continuation& continuation) noexcept {
    if (done()) return false;
    Continuation* head = continuations_.load(std::memory_order_acquire);
    int rounds = 0;
    for (;;) {
        if (head == closed) return false;
        if (head == locked) {
            relax(rounds);
            head = continuations_.load(std::memory_order_acquire);
            continue;
        }
        continuation.next_ = head;
        if (continuations_.compare_exchange_weak(head, &continuation, std::memory_order_seq_cst,
                                                 std::memory_order_acquire))
            break;
    }
    if (phase_of(word_.load(std::memory_order_seq_cst)) == Phase::done) run_continuations();
    return true;
}

bool StateBase::detach(Continuation& continuation) noexcept {
    Continuation* head = continuations_.load(std::memory_order_acquire);
    int rounds = 0;
    for (;;) {
        if (head == closed || head == nullptr) return false;
        if (head != locked &&
            continuations_.compare_exchange_weak(head, locked, std::memory_order_acq_rel, std::memory_order_acquire))
            break;
        relax(rounds);
        head = continuations_.load(std::memory_order_acquire);
    }
    bool found = false;
    for (Continuation** link = &head; *link; link = &(*link)->next_) {
        if (*link != &continuation) continue;
        *link = continuation.next_;
        found = true;
        break;
    }
    continuations_.store(head, std::memory_order_seq_cst);
    // Who completed the state meanwhile saw a node and waits in close_continuations(), or none; then nobody else closes
    // it.
    if (head && phase_of(word_.load(std::memory_order_seq_cst)) == Phase::done) run_continuations();
    return found;
}

Continuation* StateBase::close_continuations() noexcept {
    Continuation* head = continuations_.load(std::memory_order_acquire);
    int rounds = 0;
    for (;;) {
        if (head == closed) return nullptr;
        if (head != locked &&
            continuations_.compare_exchange_weak(head, closed, std::memory_order_acq_rel, std::memory_order_acquire))
            return head;
        relax(rounds);
        head = continuations_.load(std::memory_order_acquire);
    }
}

void StateBase::run_continuations() noexcept {
    Continuation* list = close_continuations();
    if (!list) return;
    ReadyQueue& queue = ReadyQueue::of_this_thread();
    queue.add(list, *this, (word_.load(std::memory_order_relaxed) & by_other_flag) != 0);
    queue.run();
}

// ---- waiting

bool StateBase::wait_long(TimePoint deadline) {
    if (made_before_fork())
        throw ForkedHandleError("a future that was made before a fork cannot be waited for in the child");
    run_ready_continuations();
    if (deadline != no_deadline && clock_->now() >= deadline) return done();

    thread_local SpinHistory history;
    for (Spin spin(history, Waiter::caller); spin.go_on();) {
        if (!done()) continue;
        spin.succeeded();
        return true;
    }

    const RuntimeWait spare_thread;
    std::optional<BlockedThread> blocked;
    StateBase* const self = this;
    if (deadline == no_deadline) blocked.emplace(std::span(&self, 1), BlockedThread::Until::all);
    std::uint32_t word = word_.load(std::memory_order_acquire);
    while (phase_of(word) != Phase::done) {
        if (!(word & parked_flag)) {
            // Release is not needed: the flag publishes nothing.
            if (!word_.compare_exchange_weak(word, word | parked_flag, std::memory_order_acquire)) continue;
            word |= parked_flag;
        }
        if (deadline != no_deadline && clock_->now() >= deadline) return false;
        clock_->park(word_, word, deadline);
        word = word_.load(std::memory_order_acquire);
    }
    return true;
}

// ---- cancelling

bool StateBase::cancel(Cancel how) {
    if (made_before_fork())
        throw ForkedHandleError("a future that was made before a fork cannot be cancelled in the child");
    const IntrusivePtr<StateBase> before = source();
    if (before && phase() == Phase::waiting) return before->cancel(how);

    const IntrusivePtr<StateBase> keep(this);
    bool withdrawn = false;
    if (const Claim claim = this->claim(Phase::pending, Phase::queued, Phase::waiting)) {
        complete(claim,
                 std::make_exception_ptr(CancelledError(std::string(method_name()) + " was cancelled before it ended")),
                 StopReason::cancelled, CompletedBy::other);
        static_cast<void>(see_error());  // whoever cancels knows
        withdrawn = true;
    } else if (claim.from == Phase::running) {
        if (!(word_.fetch_or(stop_flag, std::memory_order_seq_cst) & stop_flag)) on_stop_requested();
    }
    if (how == Cancel::sources && before) before->cancel(how);
    return withdrawn;
}

// ---- following another state

/// Ends its target in what the source ends in.
class Adoption final : public Continuation {
public:
    explicit Adoption(StateBase& target) noexcept : Continuation(Code::library), target_{&target} {}
    void run(StateBase&) noexcept override {
        const IntrusivePtr<StateBase> target = std::move(target_);
        delete this;
        resume(*target);
    }
    static void resume(StateBase& target) noexcept {
        StateBase* source = target.take_source();
        if (!source) return;
        if (!target.advance(Phase::waiting, Phase::running)) return source->drop_handle();
        target.follow(source);
        // Still waiting, for a future inside: then it ends later.
        if (target.done()) target.ended(Phase::waiting);
    }

private:
    IntrusivePtr<StateBase> target_;
};

void StateBase::follow(StateBase* source) noexcept {
    for (;;) {
        std::exception_ptr error;
        StopReason reason = StopReason::retries_exhausted;
        if (source->done()) {
            if (StateBase* inside = source->error() ? nullptr : source->nested()) {
                inside->add_handle();
                source->drop_handle();
                source = inside;
                continue;
            }
            error = source->see_error();
            reason = source->stop_reason();
            if (!error) {
                try {
                    adopt_value(*source);
                } catch (...) {
                    error = std::current_exception();
                    reason = StopReason::retries_exhausted;
                }
            }
        } else if (closes_ring(*this, *source)) {
            error = std::make_exception_ptr(
                DeadlockError(std::string(method_name()) + " returned a future that waits for this very call"));
        } else {
            const IntrusivePtr<StateBase> keep(this);
            set_source(source);
            if (!advance(Phase::running, Phase::waiting)) {
                if (StateBase* left = take_source()) left->drop_handle();
                return;
            }
            auto* adoption = new Adoption(*this);
            if (source->attach(*adoption)) return;
            delete adoption;
            source = take_source();
            if (!source) return;
            if (!advance(Phase::waiting, Phase::running)) return source->drop_handle();
            continue;
        }
        source->drop_handle();
        if (!error) {
            static_cast<void>(publish(Phase::running));
        } else if (const Claim claim = this->claim(Phase::running)) {
            complete(claim, std::move(error), reason, CompletedBy::owner);
        }
        return;
    }
}

void StateBase::dependencies(Dependencies& dependencies) {
    if (const IntrusivePtr<StateBase> before = source()) dependencies.on(before);
}

// The source is replaced and read by few, for a few instructions: a bit of the word is its lock.
void StateBase::lock_source() const noexcept {
    int rounds = 0;
    while (word_.fetch_or(source_flag, std::memory_order_acquire) & source_flag) relax(rounds);
}

void StateBase::unlock_source() const noexcept { word_.fetch_and(~source_flag, std::memory_order_release); }

void StateBase::set_source(StateBase* source) noexcept {
    lock_source();
    source_ = source;
    unlock_source();
}

IntrusivePtr<StateBase> StateBase::source() const noexcept {
    lock_source();
    IntrusivePtr<StateBase> result(source_);
    unlock_source();
    return result;
}

StateBase* StateBase::take_source() noexcept {
    lock_source();
    StateBase* result = std::exchange(source_, nullptr);
    unlock_source();
    return result;
}

// ---- reports

void StateBase::report_unseen_failure() noexcept {
    CallEvent event;
    event.worker = failure_->failure.worker;
    event.method = failure_->failure.method;
    event.id = id();
    event.attempt = failure_->failure.attempt;
    event.error = error_;
    event.pid = failure_->failure.pid;
    tell_unobserved_failure(failure_->observer.get(), event);
}

void report_callback_error(std::exception_ptr error, std::string_view method_name) noexcept {
    CallEvent event;
    event.method = method_name;
    event.error = std::move(error);
    event.pid = static_cast<int>(::getpid());
    tell_unobserved_failure(nullptr, event);
}

}  // namespace detail
}  // namespace concur

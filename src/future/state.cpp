#include "concur/future/state.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <thread>
#include <unordered_set>

#include "blocking_wait.hpp"
#include "concur/core/errors.hpp"
#include "concur/future/wait_graph.hpp"
#include "concur/observe/observer.hpp"
#include "core/runtime.hpp"
#include "core/spin.hpp"
#include "ready_queue.hpp"

namespace concur {

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

std::exception_ptr forked_error() {
    return std::make_exception_ptr(
        ForkedHandleError("this future was made before a fork; nobody will end it in the child, so it cannot be waited "
                          "for or cancelled there"));
}

void relax(int& rounds) noexcept {
    if (++rounds > 64) std::this_thread::yield();
}

}  // namespace

StateBase::Extras& StateBase::extras() {
    Extras* extras = extras_.load(std::memory_order_acquire);
    if (extras) return *extras;
    auto fresh = std::make_unique<Extras>();
    // Release: who finds the pointer sees the object. Whoever comes second uses the first one's.
    if (extras_.compare_exchange_strong(extras, fresh.get(), std::memory_order_acq_rel)) extras = fresh.release();
    return *extras;
}

void StateBase::delete_extras() noexcept { delete extras_.load(std::memory_order_relaxed); }

Clock& StateBase::clock() const noexcept {
    const Extras* extras = extras_.load(std::memory_order_acquire);
    return extras && extras->clock ? *extras->clock : steady_clock();
}

void StateBase::destroy_with_care() noexcept {
    // Made before a fork: what it holds belongs to the parent, and destroying it here would do the work twice.
    if (made_before_fork()) return;
    if (error_ && !(word_.load(std::memory_order_relaxed) & seen_flag)) report_unseen_failure();
    if (StateBase* source = take_source()) source->drop_handle();
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

const Failure* StateBase::failure() const noexcept {
    const Extras* extras = extras_.load(std::memory_order_acquire);
    return extras && extras->failed ? &extras->failure : nullptr;
}

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

StateBase::Claim StateBase::claim_any(std::uint32_t phases) noexcept {
    std::uint32_t word = word_.load(std::memory_order_relaxed);
    do {
        if ((phases >> (word & phase_mask) & 1u) == 0) return {false, phase_of(word)};
    } while (!word_.compare_exchange_weak(word, with_phase(word, Phase::finishing), std::memory_order_acq_rel,
                                          std::memory_order_relaxed));
    return {true, phase_of(word)};
}

void StateBase::complete(Claim claim, std::exception_ptr error, StopReason reason, CompletedBy by,
                         const StateBase* origin) noexcept {
    error_ = std::move(error);
    reason_ = reason;
    Extras& record = extras();
    record.failed = true;
    if (origin && origin->failure()) {
        record.failure = *origin->failure();
        record.observer = origin->extras_.load(std::memory_order_acquire)->observer;
    } else {
        record.failure.attempt = attempts();
        record.failure.pid = static_cast<int>(::getpid());
        record.failure.time = clock().now();
        describe_failure(record.failure, record.observer);
    }
    if (claim.from == Phase::queued || by == CompletedBy::other)
        word_.fetch_or(described_flag, std::memory_order_release);
    if (claim.from != Phase::running) claimed(claim.from);
    const std::uint32_t other = by == CompletedBy::other ? by_other_flag : 0;
    std::uint32_t word = word_.load(std::memory_order_relaxed);
    while (!word_.compare_exchange_weak(word, with_phase(word, Phase::done) | other, std::memory_order_seq_cst,
                                        std::memory_order_relaxed)) {
    }
    done_now(word);
    if (claim.from != Phase::running) ended(claim.from, by);
}

void StateBase::await_description() const noexcept {
    int rounds = 0;
    for (;;) {
        const std::uint32_t word = word_.load(std::memory_order_acquire);
        if (phase_of(word) != Phase::finishing || (word & described_flag)) return;
        relax(rounds);
    }
}

void StateBase::done_now(std::uint32_t word_before) noexcept {
    if (word_before & parked_flag) wake_all(word_);
    if (continuations_.load(std::memory_order_seq_cst) != nullptr) run_continuations();
}

// ---- continuations
//
// A stack of nodes. attach() pushes with one compare-and-swap, which links a node to the older one only. detach() locks
// the stack, links what was pushed since it was last here in the other direction, too, and can then unlink any node at
// once: each node is passed once, however many are detached and in whichever order. The completing thread closes it,
// but only if it sees a node: that saves it an atomic operation for calls that have none. So attach() looks at the
// phase again after its push. Both the push and the phase change are sequentially consistent, hence at least one of the
// two threads sees the other's step; if both do, closing gives each node to one of them.

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
    if (phase_of(word_.load(std::memory_order_seq_cst)) != Phase::done) return true;
    // The completing thread may have looked before the push. Only the own node is taken back: what others attached runs
    // on the completing thread, which saw theirs.
    return !detach(continuation);
}

bool StateBase::detach(Continuation& continuation) noexcept {
    Continuation* head = lock_continuations();
    if (!head) return false;
    for (Continuation* node = head; node && node->next_ && node->next_->newer_ != node; node = node->next_)
        node->next_->newer_ = node;
    const bool found = head == &continuation || continuation.newer_ != nullptr;
    if (found) {
        Continuation* const newer = std::exchange(continuation.newer_, nullptr);
        Continuation* const older = continuation.next_;
        (newer ? newer->next_ : head) = older;
        if (older) older->newer_ = newer;
    }
    continuations_.store(head, std::memory_order_seq_cst);
    return found;
}

bool StateBase::is_awaited() noexcept {
    if (word_.load(std::memory_order_seq_cst) & parked_flag) return true;
    if (Continuation* head = lock_continuations()) {
        bool found = false;
        for (const Continuation* node = head; node && !found; node = node->next_)
            found = node->code_ != Continuation::Code::callback;
        continuations_.store(head, std::memory_order_seq_cst);
        if (found) return true;
    }
    const Workload* all = workload();
    return all && all->is_awaited();
}

// Null if there are none, or none any more. Else who called gives the list back by storing its head.
Continuation* StateBase::lock_continuations() noexcept {
    Continuation* head = continuations_.load(std::memory_order_seq_cst);
    int rounds = 0;
    for (;;) {
        if (head == closed || head == nullptr) return nullptr;
        if (head != locked &&
            continuations_.compare_exchange_weak(head, locked, std::memory_order_acq_rel, std::memory_order_acquire))
            return head;
        relax(rounds);
        head = continuations_.load(std::memory_order_acquire);
    }
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
    const bool for_other = (word_.load(std::memory_order_relaxed) & by_other_flag) != 0 || queue.runs_for_other();
    queue.run_all(list, *this, for_other);
}

// ---- waiting

void StateBase::refuse_if_forked() const {
    if (made_before_fork() && !done()) std::rethrow_exception(forked_error());
}

bool StateBase::wait_long(TimePoint deadline) {
    refuse_if_forked();
    make_way_for_wait();
    if (deadline != no_deadline && clock().now() >= deadline) return done();

    thread_local SpinHistory history;
    for (Spin spin(history, Waiter::caller); spin.go_on();) {
        if (!done()) continue;
        spin.succeeded();
        return true;
    }

    // First the flag, then the look for a ring: a state that begins to follow another one shows that, and then looks at
    // the flag; one of the two sees the other.
    word_.fetch_or(parked_flag, std::memory_order_seq_cst);
    std::optional<BlockingWait> blocking;
    if (deadline == no_deadline)
        blocking.emplace(*this);
    else
        blocking.emplace();
    std::uint32_t word = word_.load(std::memory_order_acquire);
    while (phase_of(word) != Phase::done) {
        if (deadline != no_deadline && clock().now() >= deadline) return false;
        clock().park(word_, word, deadline);
        word = word_.load(std::memory_order_acquire);
    }
    return true;
}

void StateBase::park_while_waiting(TimePoint deadline) noexcept {
    std::uint32_t word = word_.fetch_or(parked_flag, std::memory_order_seq_cst) | parked_flag;
    while (phase_of(word) == Phase::waiting && (deadline == no_deadline || clock().now() < deadline)) {
        clock().park(word_, word, deadline);
        word = word_.load(std::memory_order_acquire);
    }
}

void StateBase::wake_parked() noexcept {
    if (word_.load(std::memory_order_seq_cst) & parked_flag) wake_all(word_);
}

// ---- cancelling

namespace {

// All are found before the first one is cancelled: one that fails because a source of it was cancelled forgets its
// other sources. And each comes before its sources, so that it is not left to the runtime to end it.
std::vector<IntrusivePtr<StateBase>> all_sources(StateBase& derived) {
    struct Step {
        IntrusivePtr<StateBase> state;
        bool is_way_back = false;
    };
    std::vector<IntrusivePtr<StateBase>> sources;
    std::vector<IntrusivePtr<StateBase>> found;
    std::vector<Step> way;
    std::unordered_set<const StateBase*> met;
    const auto go_on_from = [&](StateBase& state) {
        sources.clear();
        state.add_sources(sources);
        for (IntrusivePtr<StateBase>& source : sources) way.push_back({std::move(source)});
    };
    go_on_from(derived);
    while (!way.empty()) {
        if (Step& step = way.back(); step.is_way_back) {
            found.push_back(std::move(step.state));
            way.pop_back();
        } else if (met.insert(step.state.get()).second) {
            step.is_way_back = true;
            go_on_from(*step.state);
        } else {
            way.pop_back();
        }
    }
    std::reverse(found.begin(), found.end());
    return found;
}

}  // namespace

bool StateBase::cancel(Cancel how) {
    refuse_if_forked();
    // A state that waits for another one is ended through it. A loop, because the way there may be long.
    IntrusivePtr<StateBase> target(this);
    IntrusivePtr<StateBase> behind;
    for (;;) {
        const std::uint32_t word = target->word_.load(std::memory_order_acquire);
        if (phase_of(word) != Phase::waiting) break;
        IntrusivePtr<StateBase> source = target->source();
        if (!source) break;
        if (word & judges_flag) {
            behind = std::move(source);
            break;
        }
        if (!(target->word_.fetch_or(stop_flag, std::memory_order_seq_cst) & stop_flag)) target->on_stop_requested();
        target = std::move(source);
    }
    const auto sources = how == Cancel::sources ? all_sources(*target) : std::vector<IntrusivePtr<StateBase>>();
    const bool withdrawn = target->cancel_this();
    // Inside a continuation what follows the target does so later: but who cancelled this one finds it done.
    if (withdrawn && target.get() != this) cancel_this();
    if (behind) behind->cancel(Cancel::only_this);
    for (const IntrusivePtr<StateBase>& state : sources) state->cancel_this();
    return withdrawn;
}

void StateBase::add_sources(std::vector<IntrusivePtr<StateBase>>& sources) {
    if (IntrusivePtr<StateBase> before = source()) sources.push_back(std::move(before));
}

bool StateBase::end_as_cancelled(Claim claim) {
    if (!claim) return false;
    complete(claim,
             std::make_exception_ptr(CancelledError(
                 fmt::format("{} was cancelled before it ended", method_name().empty() ? "the call" : method_name()))),
             StopReason::cancelled, CompletedBy::other);
    static_cast<void>(see_error());  // whoever cancels knows
    return true;
}

bool StateBase::cancel_this() {
    for (bool asked = false;;) {
        if (const Claim claim = this->claim(Phase::pending, Phase::queued, Phase::waiting)) {
            return end_as_cancelled(claim);
        } else if (claim.from != Phase::running) {
            return false;
        } else if (withdraw()) {
            return end_as_cancelled(this->claim(Phase::running));
        }
        const std::uint32_t before = word_.fetch_or(stop_flag, std::memory_order_seq_cst);
        asked |= !(before & stop_flag);
        // It began to wait in between, without having seen the flag.
        if (phase_of(before) == Phase::waiting) return cancel(Cancel::only_this);
        if (phase_of(before) != Phase::running) continue;
        if (asked) on_stop_requested();
        return false;
    }
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
        if (!target.follow(source)) target.ended(Phase::waiting, CompletedBy::owner);
    }

private:
    IntrusivePtr<StateBase> target_;
};

bool StateBase::follow(StateBase* source) noexcept {
    for (;;) {
        // The handle in the source's place goes to whoever completes this state, at any moment from then on.
        const IntrusivePtr<StateBase> keep_source(source);
        std::exception_ptr error;
        StopReason reason = StopReason::retries_exhausted;
        if (source->done()) {
            error = source->see_error();
            reason = source->stop_reason();
            if (!error) {
                const Nested inside = source->nested();
                if (inside.state) {
                    inside.state->add_handle();
                    source->drop_handle();
                    source = inside.state;
                    continue;
                }
                try {
                    if (inside.is_future) throw_no_state();
                    adopt_value(*source);
                } catch (...) {
                    error = std::current_exception();
                    reason = StopReason::retries_exhausted;
                }
            }
        } else if (source->made_before_fork()) {
            error = forked_error();
        } else {
            const IntrusivePtr<StateBase> keep(this);
            set_source(source);
            if (!advance(Phase::running, Phase::waiting)) {
                if (StateBase* left = take_source()) left->drop_handle();
                return false;
            }
            began_to_wait();
            // First the edge and the continuation, then the look for a ring: of states that begin to follow each other
            // at the same moment, the one that looks last sees that it is followed itself, and sees all edges.
            auto* adoption = new Adoption(*this);
            const bool attached = source->attach(*adoption);
            const bool ring = attached && closes_ring(*this);
            if (attached && !(ring && source->detach(*adoption))) return true;
            delete adoption;
            source = take_source();
            if (!source) return true;
            if (!advance(Phase::waiting, Phase::running)) {
                source->drop_handle();
                return true;
            }
            if (!ring) continue;
            error = std::make_exception_ptr(
                DeadlockError(fmt::format("{} returned a future that waits for this very call",
                                          method_name().empty() ? "a continuation" : method_name())));
        }
        if (!error) {
            static_cast<void>(publish(Phase::running));
        } else if (const Claim claim = this->claim(Phase::running)) {
            complete(claim, std::move(error), reason, CompletedBy::owner, source->done() ? source : nullptr);
        }
        source->drop_handle();
        return false;
    }
}

void StateBase::dependencies(Dependencies& dependencies) {
    if (const IntrusivePtr<StateBase> before = source()) dependencies.on(before);
}

void StateBase::lock_source() const noexcept {
    int rounds = 0;
    while (word_.fetch_or(source_flag, std::memory_order_acquire) & source_flag) relax(rounds);
}

void StateBase::unlock_source() const noexcept { word_.fetch_and(~source_flag, std::memory_order_release); }

void StateBase::set_source(StateBase* source) {
    StateBase** slot = source_slot();
    if (!slot) slot = make_source_slot();
    lock_source();
    *slot = source;
    unlock_source();
}

IntrusivePtr<StateBase> StateBase::source() noexcept {
    StateBase** slot = source_slot();
    if (!slot) return {};
    lock_source();
    IntrusivePtr<StateBase> result(*slot);
    unlock_source();
    return result;
}

StateBase* StateBase::take_source() noexcept {
    StateBase** slot = source_slot();
    if (!slot) return nullptr;
    lock_source();
    StateBase* result = std::exchange(*slot, nullptr);
    unlock_source();
    return result;
}

// ---- reports

void StateBase::report_unseen_failure() noexcept {
    const Extras& record = *extras_.load(std::memory_order_acquire);
    CallEvent event;
    event.worker = record.failure.worker;
    event.method = record.failure.method;
    event.id = id();
    event.attempt = record.failure.attempt;
    event.error = error_;
    event.pid = record.failure.pid;
    tell_unobserved_failure(record.observer.get(), event);
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

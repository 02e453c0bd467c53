#include "call/policy_run.hpp"

#include <fmt/format.h>

#include "concur/core/errors.hpp"
#include "future/blocking_wait.hpp"

namespace concur::detail {

PolicyRun::PolicyRun(CallHost& host, CallBase& call, void* object, const CallPolicy& policy, TimePoint begin)
    : host_{host}, call_{call}, object_{object}, policy_{policy} {
    regain();
    if (!kept_) attempts_ = &fresh_.emplace(host, call, policy, begin);
}

void PolicyRun::go() noexcept {
    Outcome outcome;
    if (attempts_->follows)
        outcome = outcome_of_returned();
    else if (!attempt(outcome))
        return;
    go_on(std::move(outcome));
}

void PolicyRun::go_on(Outcome outcome) noexcept {
    for (;;) {
        if (outcome.returned && !take_returned(outcome)) return;
        end_attempt(outcome);
        if (call_.phase() != Phase::running) return give_up();
        RetryDecision decision = judge(outcome);
        if (std::exception_ptr error = keep_rejected_result()) return fail(std::move(error), StopReason::not_retryable);
        if (decision.again) {
            if (call_.phase() != Phase::running) return give_up();
            decision = look_again(decision);
        }
        if (!decision.again) return conclude(decision);
        if (!await_next_attempt(decision) || !attempt(outcome)) return;
    }
}

// ---- an attempt

bool PolicyRun::attempt(Outcome& outcome) noexcept {
    outcome = {};
    course().set_deadline(call_.deadline());
    if (policy_.takes_limits(charged_as()) && !take_permits(outcome)) return false;
    course().begin_attempt(now());
    call_.set_attempts(course().attempt().number);
    if (outcome.error || outcome.is_late) return true;
    attempts_->is_charged = true;
    run_attempt(outcome);
    return true;
}

void PolicyRun::run_attempt(Outcome& outcome) noexcept {
    policy_.rules.functions.note_type(call_.value_type());
    const int number = course().attempt().number;
    if (course().attempt_deadline() != no_deadline && !host_.runs_in_caller()) {
        attempts_->attempt_timer = IntrusivePtr(new AttemptTimer(host_.clock(), number, call_.is_repeatable(),
                                                                 policy_.rules.numbers, course().attempt_deadline()));
        attempts_->attempt_timer->start(call_, course().attempt_deadline());
    }
    const bool keeps_arguments = call_.is_repeatable() && (number <= policy_.rules.numbers.num_retries ||
                                                           policy_.rules.functions.ask_for_attempt());
    attempts_->gave_arguments_away = !keeps_arguments;
    CallContext context(call_, host_, object_, &course(), keeps_arguments);
    attempts_->permits.held_by(LimitCaller::innermost());
    outcome = Runner::invoke(host_, call_, object_, context);
    if (outcome.returned)
        attempts_->permits.held_by(nullptr);
    else
        give_back_permits(outcome);
}

void PolicyRun::end_attempt(const Outcome& outcome) noexcept {
    give_back_permits(outcome);
    if (attempts_->attempt_timer) {
        attempts_->attempt_timer->retire();
        attempts_->attempt_timer = {};
    }
    call_.retire_stop_state();
}

RetryDecision PolicyRun::judge(const Outcome& outcome) noexcept {
    course().set_deadline(call_.deadline());
    course().set_arguments(this);
    const std::type_info& type = call_.value_type();
    RetryDecision decision;
    if (outcome.error || outcome.is_late) {
        decision = course().failed(outcome.error, now(), stop_asked(), call_.is_repeatable());
    } else {
        const void* const value = type == typeid(void) ? nullptr : call_.value_address();
        decision = course().returned_bare(value, type, now(), stop_asked(), call_.is_repeatable());
    }
    course().set_arguments(nullptr);
    return decision;
}

const void* PolicyRun::find(std::size_t index, const std::type_info& type) const {
    return attempts_->gave_arguments_away || !call_.is_repeatable() ? nullptr : call_.argument(index, type);
}

// The functions of the application may have taken their time.
RetryDecision PolicyRun::look_again(const RetryDecision& decision) noexcept {
    if (now() >= course().deadline()) return {.end = CallEnd::timeout_error, .reason = StopReason::deadline};
    const StopAsked stop = stop_asked();
    return stop == StopAsked::no ? decision : course().stopped_while_waiting(stop);
}

// A call that runs in its caller, inside of another call, cannot be found by whoever stops that one.
StopAsked PolicyRun::stop_asked() const noexcept {
    const StopAsked asked = detail::stop_asked(call_);
    if (asked != StopAsked::no || !host_.runs_in_caller()) return asked;
    const CallContext* const outer = context_to_inherit();
    return outer && outer->stop_token().stop_requested() ? StopAsked::by_cancel : StopAsked::no;
}

std::exception_ptr PolicyRun::keep_rejected_result() noexcept {
    if (!course().rejected()) return nullptr;
    try {
        if (!attempts_->rejected) attempts_->rejected = policy_.rules.make_history(call_.value_type());
        attempts_->rejected->add_bare(call_.value_address(), course().last_messages());
    } catch (...) {
        return std::current_exception();
    }
    call_.drop_result();
    return nullptr;
}

bool PolicyRun::await_next_attempt(const RetryDecision& decision) noexcept {
    if (call_.deadline() != no_deadline) call_.set_last_error(course().attempt().last_error);
    if (puts_aside()) {
        put_aside_until(decision.until);
        return false;
    }
    return decision.wait == Duration() || (begin_wait_or_fail() && sleep_in_place(decision.until));
}

void PolicyRun::conclude(const RetryDecision& decision) noexcept {
    if (decision.end == CallEnd::value) {
        leave();
        if (!call_.publish(Phase::running)) give_up();
    } else if (decision.end == CallEnd::validation_error) {
        fail(attempts_->rejected->take_error(course()), decision.reason);
    } else {
        fail(course().error_of(decision, now()), decision.reason);
    }
}

void PolicyRun::fail(std::exception_ptr error, StopReason reason) noexcept {
    leave();
    call_.drop_result();
    if (const auto claim = call_.claim(Phase::running))
        call_.complete(claim, std::move(error), reason, CompletedBy::owner);
    else
        give_up();
}

// Somebody else has ended the call, or is about to, and may still read this worker's name.
void PolicyRun::give_up() noexcept {
    leave();
    call_.drop_result();
    call_.await_description();
}

void PolicyRun::leave() noexcept {
    call_.disarm_deadline();
    call_.drop_arguments();
}

// ---- limits

bool PolicyRun::take_permits(Outcome& outcome) noexcept {
    try {
        for (;;) {
            if (!attempts_->permit_wait) {
                const LimitRequests requests = requests_of(policy_, call_, charged_as());
                LimitCore* const core = host_.limits()->take_or_choose(requests, attempts_->permits);
                if (!core) return true;
                if (!await_permits(*core)) return false;
            }
            const IntrusivePtr<PermitWait> wait = std::exchange(attempts_->permit_wait, {});
            attempts_->permits = wait->take();
            if (attempts_->permits.acquired()) return true;
            wait->let_go();
            if (wait->has_stepped_back()) continue;
            outcome.is_late = true;
            return true;
        }
    } catch (...) {
        outcome.error = std::current_exception();
    }
    return true;
}

bool PolicyRun::await_permits(LimitCore& core) noexcept {
    const auto waits = puts_aside() ? PermitWait::Waits::aside : PermitWait::Waits::in_place;
    const IntrusivePtr<PermitWait> wait(new PermitWait(call_, core, attempts_->permits, waits));
    attempts_->permit_wait = wait;
    if (puts_aside()) {
        put_aside([&] {
            if (wait->start()) bring_back(call_);
            const Phase phase = call_.phase();
            if (phase == Phase::finishing || phase == Phase::done) wait->let_go();  // ended before it was in the queue
        });
        return false;
    }
    let_this_thread_go_first(core, &host_);
    if (!begin_wait_or_fail()) return false;
    // On a thread of its own a timer ends the call in time, if its deadline is still the same then.
    const TimePoint until = host_.runs_in_caller() ? course().deadline() : no_deadline;
    const bool goes_on = wait->start() ? end_wait() : sleep_in_place(until);
    if (goes_on) return true;
    wait->let_go();
    call_.await_description();
    return false;
}

void PolicyRun::give_back_permits(const Outcome& outcome) noexcept {
    if (!attempts_->permits.acquired()) return;
    if (!outcome.error && !outcome.is_late) report_used(policy_, call_, attempts_->permits);
    attempts_->permits.release();
}

// ---- a future that the method returned

bool PolicyRun::take_returned(Outcome& outcome) noexcept {
    while (StateBase* returned = std::exchange(outcome.returned, nullptr)) {
        if (returned->made_before_fork() || !returned->done()) {
            if (!await_returned(returned, outcome)) return false;
            continue;
        }
        if (returned->error()) {
            outcome.error = returned->see_error();
        } else if (StateBase* inside = returned->nested().state) {
            inside->add_handle();
            outcome.returned = inside;
        } else {
            try {
                if (returned->nested().is_future) throw_no_state();
                call_.adopt_value(*returned);
            } catch (...) {
                outcome.error = std::current_exception();
            }
        }
        returned->drop_handle();
    }
    return true;
}

// The handle on what was returned is the call's from now on: whoever cancels the call cancels that.
bool PolicyRun::await_returned(StateBase* returned, Outcome& outcome) noexcept {
    const IntrusivePtr<StateBase> keep_returned(returned);
    const IntrusivePtr<CallBase> keep(&call_);
    const bool in_caller = host_.runs_in_caller();
    attempts_->follows = true;
    call_.set_judges_source();
    call_.set_source(returned);
    if (!in_caller) hand_over();
    Attempts& attempts = in_caller ? *attempts_ : *call_.rare().attempts;
    const IntrusivePtr<Arrival> arrival(new Arrival(call_, attempts));
    attempts.arrival = arrival;
    const IntrusivePtr<AttemptTimer> timer = attempts.attempt_timer;
    const bool waits = begin_wait();
    // First the edge and the continuation, then the look for a ring: see StateBase::follow.
    if (waits) arrival->add_ref();  // the continuation's
    const bool attached = waits && returned->attach(*arrival);
    const bool in_ring = attached && closes_ring(call_) && returned->detach(*arrival);
    if (waits && !in_ring) {
        if (!attached) arrival->run(*returned);  // it is done meanwhile
        if (timer) timer->look_again(call_);
        return in_caller && await_in_caller(outcome);
    }
    if (in_ring) {
        arrival->release();
        if (!call_.advance(Phase::waiting, Phase::running)) return false;
        host_.release_held(call_);
    }
    if (!in_caller) regain();
    const Outcome unseen = outcome_of_returned();
    if (unseen.returned) unseen.returned->drop_handle();
    if (!in_ring) {
        call_.on_stop_requested();
        end_attempt({.is_late = true});
    }
    if (in_ring)
        outcome = {.error = std::make_exception_ptr(DeadlockError(
                       fmt::format("{} returned a future that waits for this very call", call_.method_name())))};
    else
        fail(stopped_error(host_.name(), call_.method_name()), StopReason::worker_stopped);
    return in_ring;
}

bool PolicyRun::await_in_caller(Outcome& outcome) noexcept {
    const TimePoint until = std::min(course().deadline(), course().attempt_deadline());
    std::exception_ptr deadlock;
    bool came_back = true;
    host_.leave_for_wait();
    try {
        std::optional<BlockingWait> blocking;
        if (until == no_deadline)
            blocking.emplace(call_);
        else
            blocking.emplace();
        call_.park_while_waiting(until);
    } catch (...) {
        deadlock = std::current_exception();
    }
    try {
        came_back = host_.come_back(course().deadline());
    } catch (...) {
        deadlock = std::current_exception();
    }
    // From waiting a call only ever comes to queued: the future may be done in between.
    const bool goes_on = call_.advance(Phase::waiting, Phase::running) || call_.advance(Phase::queued, Phase::running);
    if (!goes_on) {  // whoever ended it lets the host go
        attempts_->arrival->withdraw();
        call_.stop_what_it_began();
        return false;
    }
    outcome = outcome_of_returned();
    host_.release_held(call_);
    if (!deadlock && came_back) return true;
    if (outcome.returned) outcome.returned->drop_handle();
    outcome = {.error = std::move(deadlock), .is_late = !came_back};
    return true;
}

PolicyRun::Outcome PolicyRun::outcome_of_returned() noexcept {
    attempts_->follows = false;
    if (const IntrusivePtr<Arrival> arrival = std::move(attempts_->arrival)) arrival->withdraw();
    StateBase* const returned = call_.take_source();
    if (returned && returned->done()) return {.returned = returned};
    if (returned) returned->drop_handle();
    return {.is_late = true};
}

// ---- waiting

bool PolicyRun::begin_wait() noexcept {
    if (!host_.hold(call_)) return false;
    if (!call_.advance(Phase::running, Phase::waiting)) {
        host_.release_held(call_);
        return false;
    }
    call_.began_to_wait();
    return true;
}

bool PolicyRun::begin_wait_or_fail() noexcept {
    const bool waits = begin_wait();
    if (waits)
        end_if_cancelled();
    else
        fail(stopped_error(host_.name(), call_.method_name()), StopReason::worker_stopped);
    return waits;
}

// Who cancels sees that the call waits, or has left a mark before it did.
void PolicyRun::end_if_cancelled() noexcept {
    if (call_.stop_requested()) call_.cancel(Cancel::only_this);
}

// Whoever takes the call out of the wait makes its host let it go.
bool PolicyRun::end_wait() noexcept {
    if (call_.advance(Phase::waiting, Phase::running)) {
        host_.release_held(call_);
        return true;
    }
    if (call_.phase() != Phase::running) return false;
    attempts_->permit_wait->await_release();
    return true;
}

// Only where nothing else could run on this thread meanwhile: calls keep their order, or the thread is the caller's.
bool PolicyRun::sleep_in_place(TimePoint until) noexcept {
    // Made inside of another call: a stop of that one ends the wait.
    std::optional<StopToken> outer;
    if (CallContext* context = context_to_inherit(); context && host_.runs_in_caller()) outer = context->stop_token();
    const auto cancel = outer.value_or(StopToken()).on_stop([this] { call_.cancel(Cancel::only_this); });
    const bool leaves = policy_.order == RetryOrder::overtake;
    std::exception_ptr deadlock;
    bool came_back = true;
    if (leaves) host_.leave_for_wait();
    try {
        const BlockingWait blocking;
        call_.park_while_waiting(until);
    } catch (...) {
        deadlock = std::current_exception();
    }
    try {
        if (leaves) came_back = host_.come_back(course().deadline());
    } catch (...) {
        deadlock = std::current_exception();
    }
    const bool goes_on = end_wait();
    if (!goes_on || (!deadlock && came_back)) return goes_on;
    if (deadlock)
        fail(std::move(deadlock), StopReason::not_retryable);
    else
        conclude({.end = CallEnd::timeout_error, .reason = StopReason::deadline});
    return false;
}

template <class Start>
void PolicyRun::put_aside(Start start) noexcept {
    const IntrusivePtr<CallBase> keep(&call_);
    hand_over();
    if (begin_wait()) {
        end_if_cancelled();
        return start();
    }
    regain();
    fail(stopped_error(host_.name(), call_.method_name()), StopReason::worker_stopped);
}

void PolicyRun::put_aside_until(TimePoint until) noexcept {
    const IntrusivePtr<BackoffTimer> timer(new BackoffTimer(host_.clock()));
    attempts_->backoff_timer = timer;
    put_aside([&] {
        timer->start(call_, until);
        if (call_.phase() != Phase::waiting) timer->let_go();  // ended before it was set
    });
}

void PolicyRun::hand_over() noexcept {
    if (!kept_) kept_ = std::make_unique<Attempts>(std::move(*fresh_));
    call_.rare().attempts = std::move(kept_);
}

void PolicyRun::regain() noexcept {
    if (CallBase::Rare* rare = call_.rare_.load(std::memory_order_acquire)) kept_ = std::move(rare->attempts);
    if (!kept_) return;
    attempts_ = kept_.get();
    attempts_->backoff_timer = {};
}

}  // namespace concur::detail

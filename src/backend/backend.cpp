#include "concur/backend/backend.hpp"

#include <fmt/format.h>

#include <optional>

#include "concur/call/inputs.hpp"
#include "concur/core/errors.hpp"
#include "concur/observe/observer.hpp"
#include "core/process_exit.hpp"
#include "core/process_wide.hpp"
#include "core/thread.hpp"
#include "future/blocking_wait.hpp"

namespace concur::detail {
namespace {

// How long each step of ending a worker may take while the process exits. W24
constexpr Duration exit_patience = std::chrono::seconds(1);

}  // namespace

/// All workers whose object lives, for the end of the process.
class LiveBackends {
public:
    static void add(Backend& backend) {
        watch_exit();
        set_exit_action(ExitStage::workers, [] { stop_all(); });
        const std::lock_guard lock(list().mutex);
        backend.next_live_ = list().first;
        if (list().first) list().first->previous_live_ = &backend;
        list().first = &backend;
        backend.live_ = true;
    }

    static void remove(Backend& backend) noexcept {
        const std::lock_guard lock(list().mutex);
        if (!backend.live_) return;
        backend.live_ = false;
        if (backend.next_live_) backend.next_live_->previous_live_ = backend.previous_live_;
        (backend.previous_live_ ? backend.previous_live_->next_live_ : list().first) = backend.next_live_;
    }

    /// W24: stop, after a second stop now, and after another one leave alone what does not end.
    static void stop_all() noexcept {
        std::vector<IntrusivePtr<Backend>> all;
        {
            const std::lock_guard lock(list().mutex);
            for (Backend* backend = list().first; backend; backend = backend->next_live_) all.emplace_back(backend);
        }
        for (const Backend::StopLevel level : {Backend::StopLevel::drain, Backend::StopLevel::now}) {
            for (const auto& backend : all) backend->raise_stop_level(level);
            const TimePoint deadline = deadline_after(steady_clock().now(), exit_patience);
            for (const auto& backend : all) backend->await_end_at_exit(deadline);
        }
        for (const auto& backend : all) {
            if (backend->has_ended()) {
                backend->join();
            } else {
                backend->abandon_running_call();
                backend->orphan();
                static_cast<void>(IntrusivePtr(backend).detach());  // its thread may still use it
            }
        }
        join_retired_threads();
    }

private:
    struct List {
        std::mutex mutex;
        Backend* first = nullptr;
    };
    static List& list() { return ProcessWide<List>::get(); }
};

/// The rest of a stop that nobody waits for: it was begun inside the worker.
class StopEscalation final : public Timer {
public:
    explicit StopEscalation(Backend& backend) noexcept : backend_{backend} { backend_.add_ref(); }
    ~StopEscalation() override { backend_.release(); }

    void expired() noexcept override {
        if (backend_.has_ended()) return;
        if (backend_.stop_level() != Backend::StopLevel::now) {
            backend_.raise_stop_level(Backend::StopLevel::now);
            backend_.escalate_again();
        } else if (backend_.abandon_running_call()) {
            backend_.warn(
                WarningKind::stuck,
                fmt::format("the worker {} does not end: a method runs on that stops its own worker", backend_.name()));
        }
    }

private:
    Backend& backend_;
};

Backend::Backend(WorkerConfig config, std::unique_ptr<ObjectFactory> factory)
    : CallHost(std::string(config.settings.name.value().view()), config.clock.get(), std::move(config.observer),
               std::move(config.instruments), std::move(config.policies), std::move(config.limits)),
      settings_{config.settings},
      factory_{std::move(factory)} {}

void* Backend::build_object() {
    const Construction construction(*this);
    return factory_->build();
}

Backend::~Backend() { LiveBackends::remove(*this); }

IntrusivePtr<Backend> Backend::start(WorkerConfig config, std::unique_ptr<ObjectFactory> factory) {
    IntrusivePtr<Backend> backend = make_backend(std::move(config), std::move(factory));
    backend->start_object();
    LiveBackends::add(*backend);
    return backend;
}

// ---- calls

void Backend::submit_with_care(CallBase& call, const CallOptions* options) {
    if (generation_ != fork_generation())
        throw ForkedHandleError(
            fmt::format("the worker {} was made before a fork, and does not exist in the child", name()));
    const StopLevel level = stop_level();
    // While the worker drains, its own running calls may still need it.
    if (level != StopLevel::none && (level == StopLevel::now || !is_inside())) throw_stopped(call);
    set_timing(call, options);
    if (call.phase() == Phase::pending)
        accept_with_inputs(call);
    else
        accept(call);
    call.arm_deadline();
    call.inherit_stop();
}

void Backend::set_timing(CallBase& call, const CallOptions* options) const {
    const CallPolicy& policy = policy_of(call.method());
    std::shared_ptr<CallPolicy> own;
    if (options && (options->num_retries || options->call_timeout || options->attempt_timeout)) {
        own = std::make_shared<CallPolicy>(policy);
        RetryNumbers& numbers = own->rules.numbers;
        numbers.num_retries = options->num_retries.value_or(numbers.num_retries);
        numbers.call_timeout = options->call_timeout.value_or(numbers.call_timeout);
        numbers.attempt_timeout = options->attempt_timeout.value_or(numbers.attempt_timeout);
        own->settle();
    }
    const Duration timeout = (own ? *own : policy).rules.numbers.call_timeout;
    CallContext* const outer = context_to_inherit();
    if (!own && timeout == never && !outer) return;
    CallBase::Timing timing{.submitted = clock().now()};
    timing.deadline = deadline_after(timing.submitted, timeout);
    if (outer) {
        if (const auto end = outer->deadline())
            timing.inherited_deadline = deadline_after(timing.submitted, *end - outer->now());
        // In its caller a call ends before the one that it was made in.
        if (!runs_in_caller()) timing.outer = outer->stop_token().state();
    }
    if (own || timing.outer || timing.deadline != no_deadline || timing.inherited_deadline != no_deadline)
        call.set_timing(std::move(timing), std::move(own));
}

void Backend::accept_with_inputs(CallBase& call) {
    if (!Inputs::start(call)) throw_stopped(call);
}

void Backend::throw_stopped(const CallBase& call) const {
    throw WorkerStoppedError(
        fmt::format("{} was not called: the worker {} has been stopped", call.method_name(), name()));
}

// ---- stopping

void Backend::drop_handle() noexcept {
    // Made before a fork: the worker lives in the parent.
    if (generation_ != fork_generation()) return;
    if (handles_.fetch_sub(1, std::memory_order_acq_rel) == 1) stop_as_last_handle();
    release();
}

void Backend::stop_as_last_handle() noexcept {
    if (exit_leaves_threads_alone() && !runs_in_caller()) return orphan();
    if (exit_has_begun()) return stop_at_exit();
    try {
        if (!is_inside()) return stop_and_wait(Stop::drain);
        raise_stop_level(StopLevel::drain);
    } catch (const Error&) {
        // A wait that could never end: the stop has begun, and the worker ends when what it waits for does.
    }
    escalate_later();
    orphan();
}

// Nobody waits for long while the process exits, and not twice. A worker that drains already is given its time: the
// exit drains all of them at once, those that belong to the object of another one too.
void Backend::stop_at_exit() noexcept {
    if (stop_level() != StopLevel::now)
        for (const StopLevel level : {StopLevel::drain, StopLevel::now}) {
            raise_stop_level(level);
            await_end_at_exit(deadline_after(steady_clock().now(), exit_patience));
        }
    if (has_ended())
        join();
    else
        orphan();
}

void Backend::stop(Stop how) {
    if (generation_ != fork_generation())
        throw ForkedHandleError(
            fmt::format("the worker {} was made before a fork, and cannot be stopped in the child", name()));
    if (is_inside()) {
        raise_stop_level(how == Stop::now ? StopLevel::now : StopLevel::drain);
        return escalate_later();
    }
    stop_and_wait(how);
}

void Backend::stop_and_wait(Stop how) {
    raise_stop_level(how == Stop::now ? StopLevel::now : StopLevel::drain);
    if (!has_ended()) {
        const BlockingWait blocking(static_cast<const Workload&>(*this));
        const Duration timeout = *settings_.stop_timeout;
        if (how == Stop::drain && !await_end(clock(), deadline_after(clock().now(), timeout)))
            raise_stop_level(StopLevel::now);
        if (!await_end(clock(), deadline_after(clock().now(), timeout))) {
            abandon_running_call();
            warn(WarningKind::stuck,
                 fmt::format("the worker {} does not end: what it runs does not react to being asked to stop, {}",
                             name(),
                             leaves_stuck_object() ? "or its event loop stands still; the object stays until it ends"
                                                   : "and a thread cannot be killed"));
            if (leaves_stuck_object()) return orphan();
            await_end(clock(), no_deadline);
        }
    }
    join();
}

void Backend::raise_stop_level(StopLevel level) noexcept {
    StopLevel before = stop_level_.load(std::memory_order_relaxed);
    do {
        if (before >= level) return;
    } while (!stop_level_.compare_exchange_weak(before, level, std::memory_order_seq_cst, std::memory_order_relaxed));
    const IntrusivePtr<Backend> keep(this);
    if (level == StopLevel::now) {
        // The user's listeners come last: they may wait for calls that fail here.
        fail_held_calls();
        fail_queued_calls();
        request_stop_of_calls();
    }
    stop_level_raised();
}

void Backend::escalate_later() noexcept {
    IntrusivePtr<Timer> timer(new StopEscalation(*this));
    {
        const std::lock_guard lock(mutex_);
        if (has_ended() || escalation_) return;
        escalation_ = timer;
    }
    clock().schedule(timer, deadline_after(clock().now(), *settings_.stop_timeout));
    if (has_ended()) clock().unschedule(*timer);  // report_ended() may have come before the schedule
}

void Backend::escalate_again() noexcept {
    {
        const std::lock_guard lock(mutex_);
        escalation_ = {};
    }
    escalate_later();
}

void Backend::destroy_object(void* object) noexcept {
    try {
        factory_->destroy(object);
    } catch (...) {
        warn(WarningKind::destructor_error, fmt::format("the destructor of the object of {} threw", name()),
             std::current_exception());
    }
}

// Nobody else would ever notice that such a validator checks nothing. R6
void Backend::warn_of_idle_validators() noexcept {
    if (!called_ || !policies()) return;
    for (const auto& validator : policies()->of_worker().rules.functions.validators)
        if (!validator->was_asked())
            warn(WarningKind::idle_validator,
                 fmt::format("a validator of retry_until of the worker {} was never asked: no method that was called "
                             "returns its parameter's type",
                             name()));
}

void Backend::report_ended() noexcept {
    warn_of_idle_validators();
    LiveBackends::remove(*this);
    IntrusivePtr<Timer> escalation;
    {
        const std::lock_guard lock(mutex_);
        ended_.store(1, std::memory_order_release);
        std::swap(escalation, escalation_);
    }
    if (escalation) clock().unschedule(*escalation);
    wake_all(ended_);
    wake_drainers();
}

bool Backend::await_end(Clock& clock, TimePoint deadline) noexcept {
    while (!has_ended()) {
        if (deadline != no_deadline && clock.now() >= deadline) return false;
        clock.park(ended_, 0, deadline);
    }
    return true;
}

// A worker whose method called exit() on this very thread does not end before the process does.
void Backend::await_end_at_exit(TimePoint deadline) noexcept {
    if (!is_inside()) await_end(steady_clock(), deadline);
}

void Backend::note_first_call() noexcept {
    called_ = true;
    take_exit_turn();
}

// ---- draining

// A drainer counts itself before it looks, the worker counts drainers after it became idle: one of them sees the other.
bool Backend::drain(Duration timeout) {
    if (generation_ != fork_generation())
        throw ForkedHandleError(
            fmt::format("the worker {} was made before a fork, and cannot be waited for in the child", name()));
    if (is_inside()) throw DeadlockError(fmt::format("the worker {} would wait for itself in drain()", name()));
    const TimePoint deadline = timeout == never ? no_deadline : deadline_after(clock().now(), timeout);
    struct Drainer {
        std::atomic<std::uint32_t>& count;
        explicit Drainer(std::atomic<std::uint32_t>& drainers) : count{drainers} {
            count.fetch_add(1, std::memory_order_seq_cst);
        }
        ~Drainer() { count.fetch_sub(1, std::memory_order_relaxed); }
    } const drainer(drainers_);
    make_way_for_wait();
    std::optional<BlockingWait> blocking;
    for (;;) {
        const std::uint32_t idle_count = idle_count_.load(std::memory_order_acquire);
        if (has_ended() || is_idle()) return true;
        if (deadline != no_deadline && clock().now() >= deadline) return false;
        if (!blocking) {
            if (deadline == no_deadline)
                blocking.emplace(static_cast<const Workload&>(*this));
            else
                blocking.emplace();
            continue;
        }
        clock().park(idle_count_, idle_count, deadline);
    }
}

void Backend::wake_drainers() noexcept {
    idle_count_.fetch_add(1, std::memory_order_seq_cst);
    wake_all(idle_count_);
}

void Backend::warn(WarningKind kind, std::string_view message, std::exception_ptr error) noexcept {
    tell_warning(observer().get(), {kind, name(), {}, message, std::move(error)});
}

void WorkerHandle::throw_empty() {
    throw NoStateError("this proxy is empty: it was default-constructed or moved from");
}

}  // namespace concur::detail

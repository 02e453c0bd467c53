/// What a running method can learn about its own call.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>

#include "concur/core/stop_token.hpp"
#include "concur/limits/limit_caller.hpp"
#include "concur/limits/limit_pool.hpp"
#include "concur/retry/attempt.hpp"

namespace concur {

class CallContext;

namespace detail {

class CallBase;
class CallHost;
class CoroutineState;
class LimitCore;
class PolicyRun;
class RetryCourse;
class Runner;

void let_this_thread_go_first(const LimitCore& core, CallHost* between_calls);

/// The context of the call that runs on this thread; null where none does.
[[nodiscard]] CallContext* current_context_if_any() noexcept;
/// The context of the call that runs on this thread; throws NotOnWorkerError where none does.
[[nodiscard]] CallContext& current_context();

/// The limits of the worker that the calling code runs on, also in its object's constructor. Throws NotOnWorkerError
/// elsewhere.
[[nodiscard]] LimitPool current_limits();

/// Where the code runs that asks.
struct Whereabouts {
    CallHost& host;
    void* object;
};
/// Throws NotOnWorkerError where no call runs.
[[nodiscard]] Whereabouts current_whereabouts();

/// The call that a call which is made now belongs to; null outside of workers, and where that was given up.
[[nodiscard]] CallContext* context_to_inherit() noexcept;
[[nodiscard]] bool is_detached(const CallContext& context) noexcept;

/// Passes a request to stop on to a call.
class StopRelay {
public:
    explicit StopRelay(CallBase& call) noexcept : call_{&call} {}
    void operator()() const noexcept;

private:
    CallBase* call_;
};

}  // namespace detail

/// Filled in for a method whose first parameter is `CallContext&`; callers do not pass it. `this_worker::context()`
/// gives the same without a parameter. Valid until the call ends, on the thread that runs it.
class CallContext : private detail::LimitCaller {
public:
    CallContext(const CallContext&) = delete;
    CallContext& operator=(const CallContext&) = delete;

    [[nodiscard]] const Attempt& attempt() const;
    /// Asked to stop by `Future::cancel`, by a stop of the worker, and when the time of the call or of the attempt is
    /// over. For this attempt; the token may be kept.
    [[nodiscard]] StopToken stop_token() const;
    /// When this attempt has to be over, by `call_timeout`, `attempt_timeout` or the deadline of the call that made
    /// this one; on the worker's clock.
    [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> deadline() const noexcept;
    [[nodiscard]] std::string_view method_name() const noexcept;
    [[nodiscard]] std::string_view worker_name() const noexcept;
    /// What `options().limits(...)` gave to the worker; without, every request is granted. A wait for them, as for all
    /// others that the method acquires, ends when the call is asked to stop.
    [[nodiscard]] LimitPool limits() const;

    // For the library.

    /// Whether another attempt may need the arguments.
    [[nodiscard]] bool keeps_arguments() const noexcept { return keeps_arguments_; }
    [[nodiscard]] std::chrono::steady_clock::time_point now() const noexcept;
    [[nodiscard]] detail::LimitCaller& caller() noexcept { return *this; }

private:
    friend CallContext* detail::context_to_inherit() noexcept;
    friend class detail::CoroutineState;
    friend class detail::PolicyRun;
    friend class detail::Runner;
    friend CallContext* detail::current_context_if_any() noexcept;
    friend detail::Whereabouts detail::current_whereabouts();
    friend void detail::let_this_thread_go_first(const detail::LimitCore& core, detail::CallHost* between_calls);

    CallContext(detail::CallBase& call, detail::CallHost& host, void* object,
                const detail::RetryCourse* course = nullptr, bool keeps_arguments = false) noexcept
        : call_{call}, host_{host}, object_{object}, course_{course}, keeps_arguments_{keeps_arguments} {}
    // The same for a coroutine, which goes on when this context of its attempt has gone.
    CallContext(const CallContext& of_attempt, InSteps in_steps) noexcept
        : LimitCaller(in_steps),
          call_{of_attempt.call_},
          host_{of_attempt.host_},
          object_{of_attempt.object_},
          course_{of_attempt.course_},
          keeps_arguments_{of_attempt.keeps_arguments_} {}
    ~CallContext() = default;

    detail::CallBase& call_;
    detail::CallHost& host_;
    void* object_;
    const detail::RetryCourse* course_;  // null if the call has no policy
    bool keeps_arguments_;
    // Made when it is first asked for: most methods never do.
    mutable std::unique_ptr<Attempt> attempt_;
    mutable std::unique_ptr<StopCallback<detail::StopRelay>> outer_stop_;
};

/// While alive, calls that are made on this thread do not belong to the call that runs here: they do not get its
/// deadline, and go on when it is asked to stop. For work that is to outlive it.
///
///     const auto scope = concur::detached_context();
///     audit.call<&Audit::write>(entry);
class [[nodiscard("it ends with this object")]] DetachedContext {
public:
    DetachedContext() noexcept;
    DetachedContext(const DetachedContext&) = delete;
    DetachedContext& operator=(const DetachedContext&) = delete;
    ~DetachedContext();

private:
    CallContext* outer_;
};
[[nodiscard]] inline DetachedContext detached_context() noexcept { return DetachedContext(); }

}  // namespace concur

/// What a running method can learn about its own call.
#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include "concur/core/stop_token.hpp"
#include "concur/retry/attempt.hpp"

namespace concur {

class CallContext;

namespace detail {

class CallBase;
class CallHost;
class Runner;

extern constinit thread_local CallContext* context_of_this_thread;

/// The context of the call that runs on this thread; throws NotOnWorkerError where none does.
[[nodiscard]] CallContext& current_context();

/// Where the code runs that asks.
struct Whereabouts {
    CallHost& host;
    void* object;
};
/// Throws NotOnWorkerError where no call runs.
[[nodiscard]] Whereabouts current_whereabouts();

}  // namespace detail

/// Filled in for a method whose first parameter is `CallContext&`; callers do not pass it. `this_worker::context()`
/// gives the same without a parameter. Valid until the call ends, on the thread that runs it.
class CallContext {
public:
    CallContext(const CallContext&) = delete;
    CallContext& operator=(const CallContext&) = delete;

    [[nodiscard]] const Attempt& attempt() const;
    /// Asked to stop by `Future::cancel` or by a stop of the worker. The token may be kept.
    [[nodiscard]] StopToken stop_token() const;
    [[nodiscard]] std::string_view method_name() const noexcept;
    [[nodiscard]] std::string_view worker_name() const noexcept;

private:
    friend class detail::Runner;
    friend CallContext& detail::current_context();
    friend detail::Whereabouts detail::current_whereabouts();

    CallContext(detail::CallBase& call, detail::CallHost& host, void* object) noexcept
        : call_{call}, host_{host}, object_{object}, outer_{std::exchange(detail::context_of_this_thread, this)} {}
    ~CallContext() { detail::context_of_this_thread = outer_; }

    detail::CallBase& call_;
    detail::CallHost& host_;
    void* object_;
    CallContext* outer_;  // of a call further up on this thread's stack
    // Made when it is first asked for: most methods never do.
    mutable std::optional<Attempt> attempt_;
};

}  // namespace concur

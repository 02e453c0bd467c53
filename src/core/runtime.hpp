/// The library's own event loop: where callbacks run that nobody else can run, and where timers expire.
#pragma once

#include "concur/core/clock.hpp"

namespace boost::asio {
class io_context;
}

namespace concur::detail {

/// Work for the runtime. Runs once, and frees itself.
class RuntimeTask {
public:
    virtual void run() noexcept = 0;

protected:
    ~RuntimeTask() = default;
};

/// Runs `task` on a thread of the runtime. Starts the runtime, as many threads as usable cores, when it is first
/// needed; after the end of the process has begun and the runtime is gone, the task runs at once.
void runtime_post(RuntimeTask& task);

/// The same, as an activity of `clock`.
void runtime_post(RuntimeTask& task, Clock& clock);

/// The loop itself, as the place of sockets and timers. Throws std::system_error without a thread for it, and at the
/// end of the process.
[[nodiscard]] boost::asio::io_context& runtime_loop();

void runtime_schedule(IntrusivePtr<Timer> timer, TimePoint when);
void runtime_unschedule(Timer& timer) noexcept;

/// A wait on a thread of the runtime: while it lives a spare thread takes its place, so that the runtime never stands
/// still. Does nothing on other threads. Throws DeadlockError when 64 spare threads wait already.
class RuntimeWait {
public:
    RuntimeWait();
    ~RuntimeWait();
    RuntimeWait(const RuntimeWait&) = delete;
    RuntimeWait& operator=(const RuntimeWait&) = delete;

private:
    bool waits_ = false;
};

/// Finishes what was posted, forgets timers and joins the threads; waits for at most `patience`, and leaves alone what
/// does not end by then.
void runtime_shut_down(Duration patience) noexcept;

}  // namespace concur::detail

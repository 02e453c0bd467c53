/// The application's own event loop, as a worker that lives there knows it. Without Asio's types.
#pragma once

#include <memory>

#include "concur/core/awaitable.hpp"

namespace concur::detail {

/// Runs once, or is destroyed without that when the loop ends before.
class LoopTask {
public:
    virtual ~LoopTask() = default;
    virtual void run() noexcept = 0;
};

/// All members may be called by any thread.
class ApplicationLoop {
public:
    ApplicationLoop() = default;
    ApplicationLoop(const ApplicationLoop&) = delete;
    ApplicationLoop& operator=(const ApplicationLoop&) = delete;
    virtual ~ApplicationLoop() = default;

    /// False if the loop does not exist any more: the task is destroyed then, too.
    virtual bool post(std::unique_ptr<LoopTask> task) = 0;
    /// Whether it runs nothing from now on: it has been stopped, or does not exist any more.
    [[nodiscard]] virtual bool is_over() const noexcept = 0;
    [[nodiscard]] virtual boost::asio::execution_context& context() const noexcept = 0;
    /// Something is under way that will come back to the loop.
    virtual void work_began() noexcept = 0;
    virtual void work_ended() noexcept = 0;
};

/// Makes one of an Asio executor. <concur/asio.hpp> defines it.
template <class Executor>
struct ExecutorOption;

}  // namespace concur::detail

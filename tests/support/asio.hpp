// Event loops for tests.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <optional>
#include <thread>
#include <vector>

namespace concur::test {

/// A loop with threads of its own, which end with it.
class RunningLoop {
public:
    explicit RunningLoop(int threads = 1) {
        for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { io_.run(); });
    }
    RunningLoop(const RunningLoop&) = delete;
    RunningLoop& operator=(const RunningLoop&) = delete;
    ~RunningLoop() { finish(); }

    [[nodiscard]] boost::asio::io_context& io() noexcept { return io_; }
    [[nodiscard]] auto executor() noexcept { return io_.get_executor(); }
    /// Returns when all is done that the loop has to do.
    void finish() {
        work_.reset();
        for (std::thread& thread : threads_)
            if (thread.joinable()) thread.join();
    }

private:
    boost::asio::io_context io_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
    std::vector<std::thread> threads_;
};

/// Runs a coroutine to its end on a loop of its own, with all that it leaves there, and gives its exception.
inline std::exception_ptr failure_of(boost::asio::awaitable<void> coroutine) {
    boost::asio::io_context io;
    std::exception_ptr failure;
    boost::asio::co_spawn(io, std::move(coroutine), [&](std::exception_ptr error) { failure = error; });
    io.run();
    return failure;
}
/// The same, and rethrows it.
inline void run(boost::asio::awaitable<void> coroutine) {
    if (const std::exception_ptr failure = failure_of(std::move(coroutine))) std::rethrow_exception(failure);
}

inline bool is_aborted(const std::exception_ptr& error) {
    if (!error) return false;
    try {
        std::rethrow_exception(error);
    } catch (const boost::system::system_error& thrown) {
        return thrown.code() == boost::asio::error::operation_aborted;
    } catch (...) {
        return false;
    }
}

}  // namespace concur::test

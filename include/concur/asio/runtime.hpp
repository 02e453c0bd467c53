/// `runtime()`: the library's own event loop, for coroutines of the application.
#pragma once

#include <boost/asio/io_context.hpp>

namespace concur {

/// The event loop that asio workers without `.executor(ex)` live on: as many threads as usable cores, started on first
/// use and joined at the end of the process. Copies are the same loop.
class Runtime {
public:
    using executor_type = boost::asio::io_context::executor_type;

    /// Runs what it is given on any of the loop's threads: what must not run at the same time needs a strand. After the
    /// end of the process has begun it runs nothing.
    [[nodiscard]] executor_type get_executor() const noexcept { return loop_->get_executor(); }

private:
    friend Runtime runtime();
    explicit Runtime(boost::asio::io_context& loop) noexcept : loop_{&loop} {}

    boost::asio::io_context* loop_;
};

/// Starts the loop if it does not run. Throws std::system_error if there is no thread for it.
[[nodiscard]] Runtime runtime();

}  // namespace concur

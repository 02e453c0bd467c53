/// `options().executor(ex)`: asio workers on the application's own event loop.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <type_traits>

#include "concur/backend/application_loop.hpp"

namespace concur::detail {

[[nodiscard]] std::shared_ptr<ApplicationLoop> make_application_loop(boost::asio::any_io_executor executor);

template <class Executor>
    requires std::is_convertible_v<Executor, boost::asio::any_io_executor>
struct ExecutorOption<Executor> {
    static std::shared_ptr<ApplicationLoop> make(const Executor& executor) { return make_application_loop(executor); }
};

}  // namespace concur::detail

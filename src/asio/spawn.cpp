#include "concur/asio/spawn.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include "concur/core/errors.hpp"

namespace concur::detail {

bool is_operation_aborted(const std::exception_ptr& error) noexcept {
    try {
        std::rethrow_exception(error);
    } catch (const boost::system::system_error& thrown) {
        return thrown.code() == net::error::operation_aborted;
    } catch (...) {
        return false;
    }
}

std::exception_ptr cancelled_around(const std::exception_ptr& thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (...) {
        try {
            std::throw_with_nested(CancelledError("the coroutine was cancelled before it ended"));
        } catch (...) {
            return std::current_exception();
        }
    }
}

std::exception_ptr loop_gone_error() {
    return std::make_exception_ptr(
        WorkerStoppedError("the coroutine's event loop was destroyed, or dropped it, before it ended"));
}

}  // namespace concur::detail

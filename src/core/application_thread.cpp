#include "core/application_thread.hpp"

#include "concur/core/errors.hpp"

namespace concur::detail {
namespace {

constinit thread_local int turns_on_this_thread = 0;

}  // namespace

ApplicationThread::ApplicationThread() noexcept { ++turns_on_this_thread; }
ApplicationThread::~ApplicationThread() { --turns_on_this_thread; }

void refuse_on_application_thread() {
    if (turns_on_this_thread > 0)
        throw WouldBlockError(
            "this wait would block the application's own event loop; co_await async_result(), or use then()");
}

}  // namespace concur::detail

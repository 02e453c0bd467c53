/// The door to coroutines: methods that return `boost::asio::awaitable<R>`, the application's own event loop, and
/// futures in Asio's coroutines.
#pragma once

#include "concur/asio/async_gather.hpp"
#include "concur/asio/async_result.hpp"
#include "concur/asio/async_retry.hpp"
#include "concur/asio/coroutine.hpp"
#include "concur/asio/executor_option.hpp"
#include "concur/asio/runtime.hpp"
#include "concur/asio/spawn.hpp"

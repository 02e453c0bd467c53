/// The door to coroutines: methods that return `boost::asio::awaitable<R>`, and futures in Asio's coroutines.
#pragma once

#include "concur/asio/coroutine.hpp"
#include "concur/asio/executor_option.hpp"
#include "concur/asio/worker_executor.hpp"

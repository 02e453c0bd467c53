/// Coroutines and other users of Asio: the opt-in door.
#pragma once

#include "concur/asio/async_gather.hpp"
#include "concur/asio/async_result.hpp"
#include "concur/asio/async_retry.hpp"
#include "concur/asio/spawn.hpp"

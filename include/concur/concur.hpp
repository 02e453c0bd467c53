/// Everything but the opt-in doors.
#pragma once

#include "concur/core/duration.hpp"
#include "concur/core/errors.hpp"
#include "concur/core/mode.hpp"
#include "concur/core/stop_token.hpp"
#include "concur/core/version.hpp"
#include "concur/future/combine.hpp"
#include "concur/future/future.hpp"
#include "concur/future/outcome.hpp"
#include "concur/future/promise.hpp"
#include "concur/observe/observer.hpp"
#include "concur/worker/worker.hpp"

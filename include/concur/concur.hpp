/// Everything but the opt-in doors.
#pragma once

#include "concur/core/duration.hpp"
#include "concur/core/errors.hpp"
#include "concur/core/mode.hpp"
#include "concur/core/stop_token.hpp"
#include "concur/core/version.hpp"
#include "concur/future/as_completed.hpp"
#include "concur/future/future.hpp"
#include "concur/future/gather.hpp"
#include "concur/future/list.hpp"
#include "concur/future/outcome.hpp"
#include "concur/future/promise.hpp"
#include "concur/future/wait.hpp"
#include "concur/future/when_all.hpp"
#include "concur/future/when_any.hpp"
#include "concur/observe/observer.hpp"
#include "concur/worker/worker.hpp"

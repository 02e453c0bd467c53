/// The door for tests: a clock by hand, faults on order, and workers without an object.
#pragma once

#include "concur/testing/fake_worker.hpp"
#include "concur/testing/inject.hpp"
#include "concur/testing/manual_clock.hpp"

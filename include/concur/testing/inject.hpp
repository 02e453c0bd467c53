/// Faults on order: `.inject(FailNth(...))`, `.inject(Delay(...))`.
#pragma once

#include <exception>
#include <type_traits>
#include <utility>

#include "concur/call/instruments.hpp"
#include "concur/core/duration.hpp"

namespace concur::testing {

/// The worker's nth attempt, from 1 and over all its calls, fails with `error` (an exception object or a
/// std::exception_ptr) instead of running the method. ConfigError for n < 1.
///
///     auto worker = concur::Worker<Api>::options().inject(concur::testing::FailNth(2,
///     std::runtime_error("lost"))).init();
class FailNth : public Injected {
public:
    FailNth(int n, std::exception_ptr error);
    template <class E>
        requires(!std::is_convertible_v<E, std::exception_ptr>)
    FailNth(int n, E&& error) : FailNth(n, std::make_exception_ptr(std::forward<E>(error))) {}
};

/// The worker's nth attempt, from 1 and over all its calls, waits for `time` on the worker's clock before it runs the
/// method; a stop that is asked for ends the wait. ConfigError for n < 1 and a negative time.
class Delay : public Injected {
public:
    Delay(int n, Duration time);
};

}  // namespace concur::testing

/// Start reading here.
///
/// `Worker<T>::options()...init(args...)` puts an object of an existing class behind a proxy. Calls on the proxy run
/// where the object lives, one at a time, and give futures:
///
///     struct Counter {                                  // any class: no base class, no macro
///         explicit Counter(int start) : value{start} {}
///         int add(int amount) { return value += amount; }
///         int value;
///     };
///
///     auto counter = concur::Worker<Counter>::options().mode("thread").init(10);
///     concur::Future<int> sum = counter.call<&Counter::add>(5);
///     sum.result();                                     // 15
///
/// From here: options.hpp (the builder), defaults.hpp (options of many workers), proxy.hpp (calling and stopping),
/// valid.hpp (parameters with rules), ../future/future.hpp (results), ../call/call.hpp (one call's life),
/// ../backend/backend.hpp (what a mode is).
#pragma once

#include "concur/worker/defaults.hpp"
#include "concur/worker/options.hpp"
#include "concur/worker/options_from_json.hpp"
#include "concur/worker/proxy.hpp"
#include "concur/worker/retry.hpp"
#include "concur/worker/retry_policy.hpp"
#include "concur/worker/task_worker.hpp"
#include "concur/worker/this_worker.hpp"
#include "concur/worker/valid.hpp"

namespace concur {

/// The way to a worker whose object is a T: any object type with any constructor, aggregates too. T is built in place
/// and destroyed where it lives, so it need be neither copyable nor movable.
template <class T>
class Worker {
public:
    [[nodiscard]] static Options<T> options() { return {}; }
    /// With options as data: from a configuration file (`options_from_json`), say, or from another worker's
    /// `settings()`.
    [[nodiscard]] static Options<T> options(const Settings& settings) { return Options<T>(settings); }
};

}  // namespace concur

/// What every handle on a worker can do, whatever is called through it: stop the worker, wait for it, tell about it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "concur/backend/backend.hpp"
#include "concur/worker/with.hpp"

namespace concur {

/// Stops a worker at the end of a scope, whatever other handles live; made by `stop_on_exit`.
class [[nodiscard("the worker is stopped when this object goes away")]] StopScope {
public:
    StopScope(detail::WorkerHandle worker, Stop how) noexcept : worker_{std::move(worker)}, how_{how} {}
    StopScope(const StopScope&) = delete;
    StopScope& operator=(const StopScope&) = delete;
    ~StopScope();

private:
    detail::WorkerHandle worker_;
    Stop how_;
};

/// The part that `Proxy`, `TaskProxy` and `BoundTask` share.
///
/// Copies are handles on the same worker; the last one stops it, and so finishes what is queued. All members may be
/// called by any thread. An empty handle (default-constructed or moved from) throws NoStateError.
class ProxyBase {
public:
    ProxyBase() noexcept = default;
    explicit ProxyBase(detail::WorkerHandle worker) noexcept : worker_{std::move(worker)} {}

    /// Takes no more calls, finishes those that were accepted (`Stop::drain`, at most for `stop_timeout`) or fails them
    /// (`Stop::now`), destroys the object where it lives, and returns. Inside the worker it only begins that.
    ///
    /// May be called again, and by several threads. Throws DeadlockError where it would wait for itself through other
    /// workers.
    void stop(Stop how = Stop::drain) const { worker_.get().stop(how); }
    [[nodiscard]] bool stopped() const { return worker_.get().stopped(); }
    /// `auto scope = worker.stop_on_exit();` stops the worker at the end of the scope, whatever other handles live.
    [[nodiscard]] StopScope stop_on_exit(Stop how = Stop::drain) const {
        static_cast<void>(worker_.get());
        return StopScope(worker_, how);
    }
    /// Waits until nothing is queued, running or waiting, counting what calls submit meanwhile: true. New calls stay
    /// welcome. False if `timeout` comes first.
    bool drain(Duration timeout = never) const { return worker_.get().drain(timeout); }

    /// What the options resolved to.
    [[nodiscard]] Settings settings() const { return worker_.get().settings(); }
    [[nodiscard]] Mode mode() const { return *worker_.get().settings().mode; }
    /// Good while a handle lives.
    [[nodiscard]] std::string_view name() const { return worker_.get().name(); }

protected:
    [[nodiscard]] const detail::WorkerHandle& worker() const noexcept { return worker_; }
    [[nodiscard]] detail::Addressee addressee() const { return {worker_.get()}; }
    [[nodiscard]] bool same_worker(const ProxyBase& other) const noexcept { return worker_ == other.worker_; }
    [[nodiscard]] detail::CallHandle with_options(const CallOptions& options) const {
        detail::check_call_options(options);
        static_cast<void>(worker_.get());
        return {worker_, options, std::nullopt};
    }
    [[nodiscard]] detail::CallHandle with_hash(std::uint64_t key) const {
        static_cast<void>(worker_.get());
        return {worker_, {}, key};
    }

private:
    detail::WorkerHandle worker_;
};

}  // namespace concur

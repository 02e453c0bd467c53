/// Watching what workers do: events for a log, a metric or a test.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

namespace concur {

namespace detail {
class Telling;
}

/// What happened to a call. The texts live as long as the event.
struct CallEvent {
    std::string_view worker;
    std::string_view method;
    std::uint64_t id = 0;
    int attempt = 0;
    std::exception_ptr error;
    int pid = 0;

    [[nodiscard]] bool ok() const noexcept { return error == nullptr; }
};

enum class WarningKind : unsigned char {
    stuck,             ///< a thread does not react to a stop; it cannot be killed
    hook_error,        ///< a callback or an observer threw
    destructor_error,  ///< the object's destructor threw
    idle_validator,    ///< a retry_until for results that no called method returns
    unknown_limit,     ///< a request names a limit that its set does not have, and the set skips those
};

/// Something is wrong that no caller can be told by an exception.
struct Warning {
    WarningKind kind;
    std::string_view worker;
    std::string_view method;
    std::string_view message;
    std::exception_ptr error;
};

/// Override what you need, and give it to one worker (`.observer(o)`) or to all (`observe_all(o)`).
///
/// Called outside of all locks, on the thread where it happened. An observer that throws is switched off; that is
/// reported as a warning to the others.
class Observer {
public:
    Observer() = default;
    Observer(const Observer&) = delete;
    Observer& operator=(const Observer&) = delete;
    virtual ~Observer() = default;

    /// A call failed, and its last future went away before anybody looked at it; or a callback threw. Once each.
    virtual void on_unobserved_failure(const CallEvent&) {}
    /// Without an observer a warning is one line on stderr, at most once for each cause.
    virtual void on_warning(const Warning&) {}

private:
    friend class detail::Telling;
    std::atomic<bool> switched_off_{false};
};

/// From now on tells `observer` what happens to all workers of this process; null: nobody any more. It is kept alive.
void observe_all(std::shared_ptr<Observer> observer);

namespace detail {

/// Tells the worker's observer, if it has one, and the one for all.
void tell_unobserved_failure(Observer* of_worker, const CallEvent& event) noexcept;
void tell_warning(Observer* of_worker, const Warning& warning) noexcept;

}  // namespace detail
}  // namespace concur

/// Every error that the library throws or puts into a future. One hierarchy: `catch (const concur::Error&)` gets them
/// all.
///
/// `what()` names the worker, the method and what to do; a `ConfigError` names the option, its value and what is
/// allowed. The members say the same to a program.
#pragma once

#include <chrono>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <vector>

#include "concur/core/mode.hpp"

namespace concur {

/// The base of all errors of the library.
class Error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// An option, a setting or a limit has a value that is not allowed.
class ConfigError : public Error {
public:
    ConfigError(std::string option, const std::string& problem)
        : Error(option + ": " + problem), option_{std::move(option)} {}

    /// The option's name, as its setter is spelled.
    [[nodiscard]] const std::string& option() const noexcept { return option_; }

private:
    std::string option_;
};

/// An argument breaks a rule of its `Valid<T, Rules...>` parameter.
class ValidationError : public Error {
public:
    ValidationError(const std::string& text, std::string value, std::string rule, int position, std::string method_name)
        : Error(text),
          value_{std::move(value)},
          rule_{std::move(rule)},
          position_{position},
          method_name_{std::move(method_name)} {}

    [[nodiscard]] const std::string& value() const noexcept { return value_; }
    [[nodiscard]] const std::string& rule() const noexcept { return rule_; }
    /// The parameter's position, from 1.
    [[nodiscard]] int position() const noexcept { return position_; }
    [[nodiscard]] const std::string& method_name() const noexcept { return method_name_; }

private:
    std::string value_;
    std::string rule_;
    int position_;
    std::string method_name_;
};

/// Time ran out. What was waited for may still be going on.
class TimeoutError : public Error {
public:
    TimeoutError(const std::string& text, std::chrono::nanoseconds after) : Error(text), after_{after} {}

    /// The time that was given.
    [[nodiscard]] std::chrono::nanoseconds after() const noexcept { return after_; }

private:
    std::chrono::nanoseconds after_;
};

/// The call was cancelled before it ended.
class CancelledError : public Error {
public:
    using Error::Error;
};

/// The worker takes no calls any more, or a stop ended this one.
class WorkerStoppedError : public Error {
public:
    using Error::Error;
};

/// The process, actor or node that held the object is gone.
class WorkerDiedError : public Error {
public:
    WorkerDiedError(const std::string& text, int pid, std::string cause, std::string method_name, int attempt,
                    bool started)
        : Error(text),
          cause_{std::move(cause)},
          method_name_{std::move(method_name)},
          pid_{pid},
          attempt_{attempt},
          started_{started} {}

    [[nodiscard]] int pid() const noexcept { return pid_; }
    /// "killed by SIGSEGV", "exited with status 3", ...
    [[nodiscard]] const std::string& cause() const noexcept { return cause_; }
    [[nodiscard]] const std::string& method_name() const noexcept { return method_name_; }
    [[nodiscard]] int attempt() const noexcept { return attempt_; }
    /// True when the method may have run, wholly or in part.
    [[nodiscard]] bool started() const noexcept { return started_; }

private:
    std::string cause_;
    std::string method_name_;
    int pid_;
    int attempt_;
    bool started_;
};

/// A value cannot be sent, encoded or decoded.
class SerializationError : public Error {
public:
    SerializationError(const std::string& text, std::string type_name, std::string method_name)
        : Error(text), type_name_{std::move(type_name)}, method_name_{std::move(method_name)} {}

    [[nodiscard]] const std::string& type_name() const noexcept { return type_name_; }
    [[nodiscard]] const std::string& method_name() const noexcept { return method_name_; }

private:
    std::string type_name_;
    std::string method_name_;
};

/// Every attempt returned, and the validators rejected every result.
class RetryValidationError : public Error {
public:
    template <class R>
    RetryValidationError(const std::string& text, int attempts, std::vector<R> results,
                         std::vector<std::string> validation_errors, std::string method_name)
        : Error(text),
          results_{std::make_shared<const std::vector<R>>(std::move(results))},
          result_type_{&typeid(R)},
          validation_errors_{std::move(validation_errors)},
          method_name_{std::move(method_name)},
          attempts_{attempts} {}

    [[nodiscard]] int attempts() const noexcept { return attempts_; }

    /// The rejected results, oldest first; R is the method's result type, any other one is `std::bad_cast`.
    template <class R>
    [[nodiscard]] const std::vector<R>& all_results() const {
        if (typeid(R) != *result_type_) throw std::bad_cast();
        return *static_cast<const std::vector<R>*>(results_.get());
    }

    /// What the validators said, in the order of `all_results`.
    [[nodiscard]] const std::vector<std::string>& validation_errors() const noexcept { return validation_errors_; }
    [[nodiscard]] const std::string& method_name() const noexcept { return method_name_; }

private:
    std::shared_ptr<const void> results_;
    const std::type_info* result_type_;
    std::vector<std::string> validation_errors_;
    std::string method_name_;
    int attempts_;
};

/// A bounded queue has no room.
class QueueFullError : public Error {
public:
    using Error::Error;
};

/// A limit could not be acquired in time.
class LimitTimeoutError : public TimeoutError {
public:
    LimitTimeoutError(const std::string& text, std::chrono::nanoseconds after, std::vector<std::string> missing,
                      std::chrono::nanoseconds estimate)
        : TimeoutError(text, after), missing_{std::move(missing)}, estimate_{estimate} {}

    /// The keys that had too little.
    [[nodiscard]] const std::vector<std::string>& missing() const noexcept { return missing_; }
    /// How much longer it would have taken, if nobody else came.
    [[nodiscard]] std::chrono::nanoseconds estimate() const noexcept { return estimate_; }

private:
    std::vector<std::string> missing_;
    std::chrono::nanoseconds estimate_;
};

/// A request is larger than the limit's capacity: it could never be granted.
class LimitUnsatisfiableError : public Error {
public:
    LimitUnsatisfiableError(const std::string& text, std::string key) : Error(text), key_{std::move(key)} {}
    [[nodiscard]] const std::string& key() const noexcept { return key_; }

private:
    std::string key_;
};

/// A request names a limit that the set does not have.
class UnknownLimitError : public Error {
public:
    UnknownLimitError(const std::string& text, std::string key) : Error(text), key_{std::move(key)} {}
    [[nodiscard]] const std::string& key() const noexcept { return key_; }

private:
    std::string key_;
};

/// All that could give back a limit waits for it.
class LimitDeadlockError : public Error {
public:
    using Error::Error;
};

/// The wait could never end: what is waited for needs the very thread, loop or worker that would wait.
class DeadlockError : public Error {
public:
    using Error::Error;
};

/// A blocking wait where blocking is forbidden (the application's own event loop, an observer).
class WouldBlockError : public Error {
public:
    using Error::Error;
};

/// `this_worker::...` was used in code that does not run on a worker.
class NotOnWorkerError : public Error {
public:
    using Error::Error;
};

/// The value of this future cannot be copied and was taken already.
class FutureTakenError : public Error {
public:
    using Error::Error;
};

/// A default-constructed or moved-from future, promise or proxy was used.
class NoStateError : public Error {
public:
    using Error::Error;
};

/// A promise was destroyed before it was set.
class BrokenPromiseError : public Error {
public:
    using Error::Error;
};

/// A promise was set twice.
class PromiseAlreadySetError : public Error {
public:
    using Error::Error;
};

/// A handle that was made before a fork was used in the child.
class ForkedHandleError : public Error {
public:
    using Error::Error;
};

/// Several calls were tried, and all of them failed.
class AggregateError : public Error {
public:
    AggregateError(const std::string& text, std::vector<std::exception_ptr> errors)
        : Error(text), errors_{std::move(errors)} {}

    /// One for each call, in the order they were given.
    [[nodiscard]] const std::vector<std::exception_ptr>& errors() const noexcept { return errors_; }

private:
    std::vector<std::exception_ptr> errors_;
};

/// The mode cannot be used here: not built into this version, or something it needs at run time is missing.
class BackendUnavailableError : public Error {
public:
    BackendUnavailableError(Mode mode, std::string remedy)
        : Error(std::string(to_string(mode)) + " mode is not available: " + remedy),
          remedy_{std::move(remedy)},
          mode_{mode} {}

    [[nodiscard]] Mode mode() const noexcept { return mode_; }
    /// What to do about it.
    [[nodiscard]] const std::string& remedy() const noexcept { return remedy_; }

private:
    std::string remedy_;
    Mode mode_;
};

/// Says where an exception of a type that could not be rebuilt here came from.
///
/// Not derived from std::exception, so that `catch (const std::exception&)` stays unambiguous for `RemoteError`.
class RemoteException {
public:
    RemoteException(std::string type_name, int pid, std::string method_name, int attempt)
        : type_name_{std::move(type_name)}, method_name_{std::move(method_name)}, pid_{pid}, attempt_{attempt} {}
    virtual ~RemoteException() = default;

    /// The name of the type that was thrown.
    [[nodiscard]] const std::string& type_name() const noexcept { return type_name_; }
    [[nodiscard]] int pid() const noexcept { return pid_; }
    [[nodiscard]] const std::string& method_name() const noexcept { return method_name_; }
    [[nodiscard]] int attempt() const noexcept { return attempt_; }

protected:
    RemoteException(const RemoteException&) = default;
    RemoteException& operator=(const RemoteException&) = default;

private:
    std::string type_name_;
    std::string method_name_;
    int pid_;
    int attempt_;
};

/// Stands for an exception of another process whose own type could not be rebuilt: is-a Base, the nearest type that
/// could.
template <class Base>
class RemoteError : public Base, public RemoteException {
public:
    RemoteError(Base base, std::string type_name, int pid, std::string method_name, int attempt)
        : Base(std::move(base)), RemoteException(std::move(type_name), pid, std::move(method_name), attempt) {}
};

}  // namespace concur

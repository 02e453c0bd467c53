#include "concur/testing/inject.hpp"

#include <fmt/format.h>

#include "concur/call/call_context.hpp"
#include "concur/core/errors.hpp"
#include "concur/core/text.hpp"

namespace concur::testing {
namespace {

std::uint64_t checked_number(const char* fault, int n) {
    if (n < 1) throw ConfigError(fault, fmt::format("{} is not allowed; attempts count from 1", n));
    return static_cast<std::uint64_t>(n);
}

class Failure final : public detail::Injection {
public:
    Failure(std::uint64_t n, std::exception_ptr error) : n_{n}, error_{std::move(error)} {}
    void before_attempt(std::uint64_t number, CallContext&) const override {
        if (number == n_) std::rethrow_exception(error_);
    }

private:
    std::uint64_t n_;
    std::exception_ptr error_;
};

class Pause final : public detail::Injection {
public:
    Pause(std::uint64_t n, Duration time) : n_{n}, time_{time} {}
    void before_attempt(std::uint64_t number, CallContext& context) const override {
        if (number == n_) static_cast<void>(context.stop_token().wait_for(time_));
    }

private:
    std::uint64_t n_;
    Duration time_;
};

std::shared_ptr<const detail::Injection> make_failure(int n, std::exception_ptr error) {
    if (!error) throw ConfigError("FailNth", "a null exception_ptr is not allowed; an exception");
    return std::make_shared<Failure>(checked_number("FailNth", n), std::move(error));
}

std::shared_ptr<const detail::Injection> make_pause(int n, Duration time) {
    if (time.is_nan() || time < Duration())
        throw ConfigError("Delay", fmt::format("{} is not allowed; 0 or more", detail::text_of(time)));
    return std::make_shared<Pause>(checked_number("Delay", n), time);
}

}  // namespace

FailNth::FailNth(int n, std::exception_ptr error) : Injected(make_failure(n, std::move(error))) {}
Delay::Delay(int n, Duration time) : Injected(make_pause(n, time)) {}

}  // namespace concur::testing

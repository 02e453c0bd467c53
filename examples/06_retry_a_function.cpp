// Any function, retried here and now: no worker needed.
#include <concur/concur.hpp>
#include <concur/testing.hpp>

#include <fmt/core.h>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;

struct HttpError : std::runtime_error {
    HttpError(int status, concur::Duration retry_after = {})
        : std::runtime_error(fmt::format("status {}", status)), status{status}, retry_after{retry_after} {}
    int status;
    concur::Duration retry_after;
};

// A service that is overloaded at first, then asks for patience, and then answers badly once.
struct Service {
    std::string ask() {
        switch (++requests) {
            case 1:
                throw HttpError(503);
            case 2:
                throw HttpError(429, 20s);
            case 3:
                return "";
            default:
                return "forty-two";
        }
    }
    int requests = 0;
};

int main() {
    const auto policy = concur::RetryPolicy()
                            .num_retries(5)
                            .retry_wait(1s)
                            .retry_jitter(0)  // so that the times below are the same in each run
                            .retry_on([](const HttpError& error) { return error.status == 503 || error.status == 429; })
                            .retry_after([](const HttpError& error) -> std::optional<concur::Duration> {
                                if (error.status == 429) return error.retry_after;
                                return std::nullopt;
                            })
                            .retry_until([](const std::string& answer) { return !answer.empty(); }, "empty answer");

    // A program leaves the clock out, and waits. Here nobody has to.
    concur::testing::ManualClock clock;
    Service service;
    const std::string answer = concur::retry(policy, [&] { return service.ask(); }, {.clock = clock});
    fmt::print("{} after {} requests and {} s\n", answer, service.requests, clock.elapsed() / 1s);  // 1 + 20 + 4

    // What is not worth another attempt comes out at once, and as it was thrown.
    concur::StopReason reason{};
    try {
        concur::retry(policy, []() -> int { throw HttpError(403); }, {.clock = clock, .stop_reason = &reason});
    } catch (const HttpError& error) {
        fmt::print("{}, {}\n", error.what(), reason);
    }

    // What never gets good comes out with all that was tried.
    try {
        concur::retry(policy.num_retries(1), [] { return std::string(); }, {.clock = clock, .stop_reason = &reason});
    } catch (const concur::RetryValidationError& error) {
        fmt::print("{} attempts, {}, {}\n", error.attempts(), error.validation_errors().back(), reason);
    }

    // How long the waits of a policy are.
    const auto fibonacci = policy.retry_algorithm("fibonacci").retry_max_wait(7s);
    fmt::print("{} {} {} {}\n", fibonacci.wait(3) / 1s, fibonacci.wait(5) / 1s, fibonacci.wait(6) / 1s,
               fibonacci.wait(1000) / 1s);
}
/* expected output
forty-two after 4 requests and 25 s
status 403, not_retryable
2 attempts, empty answer, retries_exhausted
2 5 7 7
*/

// A service that fails and answers badly, behind a worker that knows what to do about it. The class stays as it is.
#include <concur/concur.hpp>
#include <concur/testing.hpp>

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;

struct ServiceError : std::runtime_error {
    ServiceError(int code, concur::Duration pause = {})
        : std::runtime_error(fmt::format("status {}", code)), status{code}, retry_after{pause} {}
    int status;
    concur::Duration retry_after;
};

// A language model, as its clients meet it.
class Model {
public:
    std::string complete(const std::string& prompt) {
        switch (++requests_) {
            case 1:
                throw ServiceError(503);  // overloaded
            case 2:
                throw ServiceError(429, 20s);  // too many requests: come back in 20 s
            case 3:
                return "Sure! Here is the JSON you asked for:";
            default:
                return R"({"answer": ")" + prompt + R"("})";
        }
    }
    int moderate(const std::string& text) {
        ++requests_;
        if (text.empty()) throw ServiceError(400);  // no attempt will make that better
        return static_cast<int>(text.size());
    }
    int requests() const { return requests_; }

private:
    int requests_ = 0;
};

int main() {
    concur::testing::ManualClock clock;  // so that nobody waits; a program leaves it out
    auto model = concur::Worker<Model>::options()
                     .mode("thread")
                     .clock(clock)
                     .num_retries(4)
                     .retry_wait(1s)
                     .retry_jitter(0)  // so that the times below are the same in each run
                     .retry_on([](const ServiceError& error) { return error.status == 503 || error.status == 429; })
                     .retry_after([](const ServiceError& error) -> std::optional<concur::Duration> {
                         if (error.status == 429) return error.retry_after;
                         return std::nullopt;
                     })
                     .call_timeout(5min)
                     .method<&Model::complete>([](auto& m) {
                         m.retry_until([](const auto& answer) { return answer.front() == '{'; }, "no JSON");
                     })
                     .init();

    auto answer = model.call<&Model::complete>("forty-two");
    clock.run_until([&] { return answer.done(); });
    fmt::print("{} after {} attempts and {} s\n", answer.result(), answer.attempts(), clock.elapsed() / 1s);

    auto refused = model.call<&Model::moderate>("");
    try {
        refused.result();
    } catch (const ServiceError& error) {
        fmt::print("{} after {} attempt: {}\n", error.what(), refused.attempts(), refused.stop_reason());
    }

    // Options of one call beat all others.
    auto hurried = model.with({.num_retries = 0}).call<&Model::moderate>("fine");
    fmt::print("{} after {} requests\n", hurried.result(), model.call<&Model::requests>().result());
}
/* expected output
{"answer": "forty-two"} after 4 attempts and 25 s
status 400 after 1 attempt: not_retryable
4 after 6 requests
*/

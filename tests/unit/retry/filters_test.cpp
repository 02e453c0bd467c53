#include <concur/concur.hpp>

#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <vector>

#include "support/catch.hpp"
#include "support/failure_log.hpp"

using concur::Attempt;
using concur::Duration;
using concur::RetryPolicy;
using concur::detail::ErrorVerdict;
using concur::detail::resolve_policy;
using namespace std::chrono_literals;

namespace {

struct HttpError : std::runtime_error {
    explicit HttpError(int code) : std::runtime_error("http"), status{code} {}
    int status;
};
struct Busy : HttpError {
    Busy() : HttpError(503) {}
};
struct Mark {};  // no virtual functions
struct Marked : std::runtime_error, Mark {
    Marked() : std::runtime_error("marked") {}
};
struct Foreign {
    int code = 0;
};
struct ForeignChild : Foreign {};
// In two ways a std::exception, so in none.
struct Twice : std::runtime_error, std::logic_error {
    Twice() : std::runtime_error("a"), std::logic_error("b") {}
};

template <class E>
ErrorVerdict judge(const RetryPolicy& policy, const E& error, const Attempt& attempt = {}) {
    return resolve_policy(policy).functions.judge(std::make_exception_ptr(error), {attempt});
}
template <class E>
bool retries(const RetryPolicy& policy, const E& error) {
    return judge(policy, error).retryable;
}
template <class R>
std::vector<std::string> rejections(const RetryPolicy& policy, const R& result, const Attempt& attempt = {}) {
    return resolve_policy(policy).functions.judge_result(result, {attempt}).messages;
}

template <class Refusal>
void check_refusal(const Refusal& error) {
    INFO(typeid(Refusal).name());
    CHECK_FALSE(retries(RetryPolicy(), error));
    CHECK_FALSE(retries(RetryPolicy().retry_on<std::exception>(), error));
    CHECK_FALSE(retries(RetryPolicy().retry_on<concur::Error, std::runtime_error>(), error));
    CHECK_FALSE(retries(RetryPolicy().retry_on([](const std::exception&) { return true; }), error));
    CHECK(retries(RetryPolicy().retry_on<Refusal>(), error));
    CHECK(retries(RetryPolicy().retry_on([](const Refusal&) { return true; }), error));
}

}  // namespace

TEST_CASE("without filters every std::exception is retried, and nothing else", "[retry][R5]") {
    CHECK(retries(RetryPolicy(), std::runtime_error("x")));
    CHECK(retries(RetryPolicy(), Busy()));
    CHECK(retries(RetryPolicy(), std::exception()));
    CHECK_FALSE(retries(RetryPolicy(), 5));
    CHECK_FALSE(retries(RetryPolicy(), Foreign()));
    CHECK_FALSE(retries(RetryPolicy(), Twice()));
}

TEST_CASE("types filter with what derives from them, and any match retries", "[retry][R5]") {
    const auto policy = RetryPolicy().retry_on<HttpError, std::logic_error>();
    CHECK(retries(policy, HttpError(404)));
    CHECK(retries(policy, Busy()));
    CHECK(retries(policy, std::invalid_argument("x")));
    CHECK_FALSE(retries(policy, std::runtime_error("x")));
    CHECK(retries(policy.retry_on<std::runtime_error>(), std::runtime_error("x")));
    CHECK(retries(RetryPolicy().retry_on<Mark>(), Marked()));
    CHECK(retries(RetryPolicy().retry_on<std::runtime_error>(), Twice()));
}

TEST_CASE("exceptions that are no std::exception are retried where their type is named", "[retry][R5]") {
    const auto policy = RetryPolicy().retry_on<int>().retry_on([](const Foreign& error) { return error.code == 1; });
    CHECK(retries(policy, 5));
    CHECK(retries(policy, Foreign{1}));
    CHECK(retries(policy, ForeignChild{{1}}));
    CHECK_FALSE(retries(policy, Foreign{2}));
    CHECK_FALSE(retries(policy, 5L));
    CHECK(retries(policy.retry_on<Foreign>(), Foreign{2}));
    CHECK(retries(RetryPolicy().retry_on<Foreign>().retry_on([](const Foreign&) { return false; }), Foreign{2}));
}

TEST_CASE("predicates see the exception that was thrown, and the attempt", "[retry][R5]") {
    const auto policy =
        RetryPolicy().retry_on([](const HttpError& error) { return error.status == 503; },
                               [](const std::logic_error&, const Attempt& attempt) { return attempt.number < 3; });
    CHECK(retries(policy, Busy()));
    CHECK_FALSE(retries(policy, HttpError(403)));
    Attempt attempt;
    attempt.number = 2;
    CHECK(judge(policy, std::logic_error("x"), attempt).retryable);
    attempt.number = 3;
    CHECK_FALSE(judge(policy, std::logic_error("x"), attempt).retryable);
}

TEST_CASE("the library's refusals and bad_alloc are retried only where they are named", "[retry][R5]") {
    check_refusal(concur::CancelledError("x"));
    check_refusal(concur::WorkerStoppedError("x"));
    check_refusal(concur::ConfigError("x", "y"));
    check_refusal(concur::ValidationError("x", "v", "r", 1, "m"));
    check_refusal(concur::SerializationError("x", "t", "m"));
    check_refusal(concur::RetryValidationError("x", 1, std::vector<int>{1}, {"m"}, "m"));
    check_refusal(concur::LimitUnsatisfiableError("x", "k"));
    check_refusal(concur::UnknownLimitError("x", "k"));
    check_refusal(concur::LimitDeadlockError("x"));
    check_refusal(concur::DeadlockError("x"));
    check_refusal(concur::WouldBlockError("x"));
    check_refusal(concur::NotOnWorkerError("x"));
    check_refusal(concur::FutureTakenError("x"));
    check_refusal(concur::NoStateError("x"));
    check_refusal(concur::BrokenPromiseError("x"));
    check_refusal(concur::PromiseAlreadySetError("x"));
    check_refusal(concur::ForkedHandleError("x"));
    check_refusal(concur::AggregateError("x", {}));
    check_refusal(concur::BackendUnavailableError(concur::Mode::ray, "x"));
    check_refusal(std::bad_alloc());
}

TEST_CASE("errors of inner work are retried like any other", "[retry][R5]") {
    CHECK(retries(RetryPolicy(), concur::TimeoutError("x", 1s)));
    CHECK(retries(RetryPolicy(), concur::LimitTimeoutError("x", 1s, {}, 1s)));
    CHECK(retries(RetryPolicy(), concur::WorkerDiedError("x", 1, "c", "m", 1, true)));
    CHECK(retries(RetryPolicy(), concur::QueueFullError("x")));
    CHECK(retries(RetryPolicy(), concur::Error("x")));
}

TEST_CASE("a predicate that throws is no match, and is warned of once", "[retry][R5][O10]") {
    concur::test::FailureLog log;
    const auto policy = RetryPolicy().retry_on([](const HttpError&) -> bool { throw std::runtime_error("oops"); });
    CHECK_FALSE(retries(policy, Busy()));
    CHECK_FALSE(retries(policy, Busy()));
    CHECK(retries(policy.retry_on<Busy>(), Busy()));
    CHECK(log.warnings() == std::vector<std::string>{"a predicate of retry_on threw; that counts as no match"});
}

TEST_CASE("validators are for results of their parameter's type, and all must accept", "[retry][R6]") {
    const auto policy =
        RetryPolicy()
            .retry_until([](int value) { return value > 10; }, "must be over 10")
            .retry_until([](const int& value, const Attempt& attempt) { return value > attempt.number; })
            .retry_until([](const std::string& text) { return !text.empty(); }, "empty")
            .retry_until([](std::string_view text) { return text != "bad"; }, "bad");
    using Messages = std::vector<std::string>;
    CHECK(rejections(policy, 11).empty());
    CHECK(rejections(policy, 5) == Messages{"must be over 10"});
    CHECK(rejections(policy, 1) == Messages{"must be over 10", "a validator rejected it"});
    CHECK(rejections(policy, std::string()) == Messages{"empty"});
    CHECK(rejections(policy, std::string("bad")) == Messages{"bad"});
    CHECK(rejections(policy, 1L).empty());
}

TEST_CASE("a validator that throws rejects with its text", "[retry][R6]") {
    concur::test::FailureLog log;
    const auto policy = RetryPolicy()
                            .retry_until([](int) -> bool { throw std::runtime_error("cannot tell"); }, "unused")
                            .retry_until([](int) -> bool { throw 5; });
    CHECK(rejections(policy, 1) ==
          std::vector<std::string>{"cannot tell", "the validator threw what is no std::exception"});
    CHECK(log.warnings().size() == 2);
}

TEST_CASE("a validator knows whether it was ever asked", "[retry][R6]") {
    const auto functions = resolve_policy(RetryPolicy().retry_until([](int) { return true; })).functions;
    CHECK(functions.judge_result(1L, {Attempt()}).accepted());
    CHECK_FALSE(functions.validators.front()->was_asked());
    CHECK(functions.judge_result(1, {Attempt()}).accepted());
    CHECK(functions.validators.front()->was_asked());
}

TEST_CASE("for a known result a validator may be generic", "[retry][R6]") {
    const auto rule = concur::detail::make_validator<int>([](const auto& value) { return value > 1; }, "small");
    concur::detail::ResultVerdict verdict;
    const int result = 1;
    rule->apply(&result, verdict, {Attempt()});
    CHECK(verdict.messages == std::vector<std::string>{"small"});
}

TEST_CASE("hints come from exceptions and rejected results, and the longest counts", "[retry][R14]") {
    const auto policy = RetryPolicy()
                            .retry_after([](const HttpError& error) -> std::optional<Duration> {
                                if (error.status == 429) return Duration(7s);
                                return std::nullopt;
                            })
                            .retry_after([](const std::runtime_error&) { return std::optional<Duration>(2s); })
                            .retry_after([](const Foreign& value) { return Duration(1s) * value.code; })
                            .retry_until([](const Foreign& value) { return value.code == 0; })
                            .retry_on<std::exception, Foreign>();
    CHECK(judge(policy, HttpError(429)).hint == Duration(7s));
    CHECK(judge(policy, HttpError(500)).hint == Duration(2s));
    CHECK_FALSE(judge(policy, std::logic_error("x")).hint);
    CHECK(judge(policy, Foreign{3}).hint == Duration(3s));
    const auto functions = resolve_policy(policy).functions;
    CHECK(functions.judge_result(Foreign{4}, {Attempt()}).hint == Duration(4s));
    CHECK_FALSE(functions.judge_result(Foreign{0}, {Attempt()}).hint);
}

TEST_CASE("a hint that throws is none, and is warned of", "[retry][R14][O10]") {
    concur::test::FailureLog log;
    const auto policy = RetryPolicy().retry_after(
        [](const std::exception&) -> std::optional<Duration> { throw std::runtime_error("oops"); });
    CHECK(judge(policy, Busy()).retryable);
    CHECK_FALSE(judge(policy, Busy()).hint);
    CHECK(log.warnings().size() == 1);
}

TEST_CASE("a policy in a policy sets what it sets", "[retry][R5][R20]") {
    const auto inner = RetryPolicy().num_retries(7).retry_on<std::logic_error>();
    const auto outer = RetryPolicy().num_retries(2).retry_wait(5s).retry_on<HttpError>().retry(inner);
    CHECK_FALSE(retries(outer, Busy()));
    CHECK(retries(outer, std::logic_error("x")));
    CHECK(resolve_policy(outer).numbers.num_retries == 7);
    CHECK(resolve_policy(outer).numbers.wait == 5s);
    CHECK(resolve_policy(outer.num_retries(1)).numbers.num_retries == 1);
    CHECK(retries(outer.retry_on<Busy>(), Busy()));
    CHECK(retries(outer.retry(RetryPolicy()), std::logic_error("x")));
}

TEST_CASE("an attempt shows the arguments to who knows their types", "[retry][R7]") {
    class TwoArguments final : public concur::detail::KeptArguments {
        std::size_t count() const noexcept override { return 2; }
        const void* find(std::size_t index, const std::type_info& type) const override {
            if (index == 0) return type == typeid(int) ? &number_ : nullptr;
            return type == typeid(std::string) ? &text_ : nullptr;
        }
        int number_ = 1;
        std::string text_ = "a";
    } kept;
    Attempt attempt;
    CHECK(attempt.args<>() == nullptr);
    attempt.arguments = &kept;
    CHECK(attempt.args<int>() == nullptr);
    CHECK(attempt.args<std::string, int>() == nullptr);
    const auto* arguments = attempt.args<int, std::string>();
    REQUIRE(arguments);
    CHECK(*arguments == std::tuple(1, std::string("a")));
    CHECK(attempt.args<int, std::string>() == arguments);
}

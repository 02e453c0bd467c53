#include <concur/retry/decision.hpp>

#include <optional>
#include <vector>

#include "support/catch.hpp"

using concur::Duration;
using concur::StopReason;
using concur::detail::AttemptEnd;
using concur::detail::AttemptReport;
using concur::detail::CallEnd;
using concur::detail::decide;
using concur::detail::no_deadline;
using concur::detail::RetryDecision;
using concur::detail::RetryNumbers;
using concur::detail::RetrySources;
using concur::detail::StopAsked;
using concur::detail::TimePoint;
using namespace std::chrono_literals;

namespace {

class Sources final : public RetrySources {
public:
    Sources(Duration wait, bool tokens) : wait_{wait}, tokens_{tokens} {}
    Duration own_wait() override {
        ++waits_asked;
        return wait_;
    }
    bool take_token(TimePoint) override {
        ++tokens_asked;
        return tokens_;
    }

    int waits_asked = 0;
    int tokens_asked = 0;

private:
    Duration wait_;
    bool tokens_;
};

struct Row {
    AttemptEnd end;
    int number;
    int retries;
    StopAsked stop;
    std::optional<Duration> hint;
    bool repeatable;
    std::optional<int> deadline;  // seconds after zero
    bool tokens;
};

constexpr TimePoint zero{std::chrono::hours(1)};
constexpr Duration now = 10s;
constexpr Duration own_wait = 2s;

struct Expected {
    bool again;
    CallEnd end;
    StopReason reason;
    bool asks_for_wait;
    bool asks_for_token;
    Duration wait{};
};

/// R8, R9 and R13 as a list of lines, the first that holds counts. Written from the specification, not from the code.
Expected expected(const Row& row) {
    const bool threw = row.end == AttemptEnd::failed || row.end == AttemptEnd::final;
    const CallEnd last = threw ? CallEnd::own_error : CallEnd::validation_error;
    const Duration wait = row.hint && *row.hint > own_wait ? *row.hint : own_wait;
    const bool cancelled = row.stop == StopAsked::by_cancel;
    struct Line {
        bool holds;
        Expected then;
    };
    const Line lines[] = {
        {row.deadline && *row.deadline <= 10, {false, CallEnd::timeout_error, StopReason::deadline, false, false}},
        {row.end == AttemptEnd::accepted, {false, CallEnd::value, StopReason::none, false, false}},
        {cancelled && threw, {false, CallEnd::own_error, StopReason::cancelled, false, false}},
        {cancelled, {false, CallEnd::cancelled_error, StopReason::cancelled, false, false}},
        {row.stop == StopAsked::by_worker && threw,
         {false, CallEnd::own_error, StopReason::worker_stopped, false, false}},
        {row.stop == StopAsked::by_worker, {false, CallEnd::stopped_error, StopReason::worker_stopped, false, false}},
        {row.end == AttemptEnd::final, {false, CallEnd::own_error, StopReason::not_retryable, false, false}},
        {row.number >= row.retries + 1.0, {false, last, StopReason::retries_exhausted, false, false}},
        {!row.repeatable, {false, last, StopReason::not_repeatable, false, false}},
        {row.hint && *row.hint > 60s, {false, last, StopReason::server_hint, true, false}},
        {row.deadline && Duration(std::chrono::seconds(*row.deadline)) <= now + wait,
         {false, last, StopReason::deadline, true, false}},
        {!row.tokens, {false, last, StopReason::budget, true, true}},
        {true, {true, CallEnd::value, StopReason::none, true, true, wait}},
    };
    for (const Line& line : lines)
        if (line.holds) return line.then;
    return {};
}

/// One line for a row whose decision is another one; "" else.
bool decides_as_expected(const Row& row) {
    AttemptReport report{.end = row.end,
                         .number = row.number,
                         .now = zero + now.nanoseconds(),
                         .stop = row.stop,
                         .hint = row.hint,
                         .repeatable = row.repeatable};
    if (row.deadline) report.deadline = zero + std::chrono::seconds(*row.deadline);
    Sources sources(own_wait, row.tokens);
    const RetryDecision decision = decide({.num_retries = row.retries}, report, sources);
    const Expected right = expected(row);
    return decision.again == right.again && decision.reason == right.reason &&
           (decision.again || decision.end == right.end) && sources.waits_asked == int{right.asks_for_wait} &&
           sources.tokens_asked == int{right.asks_for_token} &&
           (!decision.again ||
            (decision.wait == right.wait && decision.until == report.now + right.wait.nanoseconds()));
}

}  // namespace

TEST_CASE("the decision after an attempt follows the specified order, for every combination of inputs", "[retry][R8]") {
    int rows = 0;
    int wrong = 0;
    for (const auto end : {AttemptEnd::accepted, AttemptEnd::rejected, AttemptEnd::failed, AttemptEnd::final})
        for (const int number : {1, 2, 3, 4, concur::unlimited})
            for (const int retries : {0, 1, 3, concur::unlimited})
                for (const auto stop : {StopAsked::no, StopAsked::by_cancel, StopAsked::by_worker})
                    for (const auto& hint : std::vector<std::optional<Duration>>{{},
                                                                                 Duration(),
                                                                                 Duration(1s),
                                                                                 Duration(2s),
                                                                                 Duration(30s),
                                                                                 Duration(60s),
                                                                                 Duration(60s + 1ns),
                                                                                 concur::never})
                        for (const bool repeatable : {true, false})
                            for (const auto& deadline :
                                 std::vector<std::optional<int>>{{}, 0, 9, 10, 11, 12, 13, 40, 41, 70, 71, 1000})
                                for (const bool tokens : {true, false}) {
                                    ++rows;
                                    wrong += !decides_as_expected(
                                        {end, number, retries, stop, hint, repeatable, deadline, tokens});
                                }
    CHECK(rows == 4 * 5 * 4 * 3 * 8 * 2 * 12 * 2);
    CHECK(wrong == 0);
}

TEST_CASE("a wait without end passes no deadline where there is none, and a server's never always stops",
          "[retry][R8][R14]") {
    Sources sources(concur::never, true);
    const AttemptReport failed{.end = AttemptEnd::failed, .number = 1, .now = zero};
    const RetryDecision waits = decide({.num_retries = 1}, failed, sources);
    CHECK(waits.again);
    CHECK(waits.until == no_deadline);

    AttemptReport hinted = failed;
    hinted.hint = concur::never;
    const RetryDecision stops = decide({.num_retries = 1, .after_max = concur::never}, hinted, sources);
    CHECK(stops.reason == StopReason::server_hint);
}

TEST_CASE("a wait that would end at the deadline is not begun", "[retry][R8]") {
    Sources sources(5s, true);
    AttemptReport report{.end = AttemptEnd::failed, .number = 1, .now = zero, .deadline = zero + 5s};
    CHECK(decide({.num_retries = 1}, report, sources).reason == StopReason::deadline);
    report.deadline += 1ns;
    CHECK(decide({.num_retries = 1}, report, sources).again);
}

TEST_CASE("whether a further attempt is possible is known while one runs", "[retry][R13]") {
    using concur::detail::end_without_retry;
    const AttemptReport over_time{.end = AttemptEnd::failed, .number = 2, .now = zero};
    CHECK_FALSE(end_without_retry({.num_retries = 2}, over_time));
    CHECK(end_without_retry({.num_retries = 1}, over_time)->reason == StopReason::retries_exhausted);
}

#include "concur/retry/retry_course.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "concur/core/errors.hpp"
#include "concur/core/text.hpp"
#include "concur/retry/rejected_results.hpp"

namespace concur::detail {
namespace {

/// A TimeoutError around another error, if there is one, as std::throw_with_nested makes it.
std::exception_ptr timeout_around(const std::exception_ptr& inner, const std::string& text, Duration after) {
    const TimeoutError error(text, after);
    if (!inner) return std::make_exception_ptr(error);
    try {
        std::rethrow_exception(inner);
    } catch (...) {
        try {
            std::throw_with_nested(error);
        } catch (...) {
            return std::current_exception();
        }
    }
}

}  // namespace

std::exception_ptr attempt_timeout_error(std::string_view method, int number, Duration limit,
                                         const std::exception_ptr& thrown) {
    return timeout_around(
        thrown, fmt::format("{}: attempt {} took longer than attempt_timeout, {}", method, number, text_of(limit)),
        limit);
}

std::exception_ptr call_timeout_error(std::string_view method, int attempts, Duration after,
                                      const std::exception_ptr& last) {
    return timeout_around(
        last,
        fmt::format("{} did not end before its deadline, within {}; it had {}; give it a longer "
                    "call_timeout, or let it do less",
                    method, text_of(after), attempts == 1 ? "1 attempt" : fmt::format("{} attempts", attempts)),
        after);
}

std::unique_ptr<RejectedHistory> RetryRules::make_history(const std::type_info& type) const {
    for (const auto& validator : functions.validators)
        if (validator->type() == type) return validator->make_history(results_kept(numbers));
    return nullptr;
}

RetryCourse::RetryCourse(const RetryRules& rules, const CallIdentity& call, TimePoint now, TimePoint deadline,
                         std::optional<RepeatableChance> chance)
    : rules_{rules},
      attempt_{.method_name = call.method_name, .worker_name = call.worker_name},
      observer_{call.observer},
      chance_{chance},
      begin_{now},
      deadline_{deadline} {
    if (rules.functions.budget) rules.functions.budget->add_call(now);
}

void RetryCourse::begin_attempt(TimePoint now) noexcept {
    attempt_.number = attempts_ + 1;
    attempt_.elapsed = now - begin_;
    attempt_deadline_ = deadline_after(now, rules_.numbers.attempt_timeout);
    attempt_end_ = no_deadline;
}

AttemptReport RetryCourse::report(AttemptEnd end, TimePoint now, StopAsked stop, bool repeatable) noexcept {
    attempts_ = attempt_.number;
    attempt_.elapsed = now - begin_;
    return {.end = end,
            .number = attempt_.number,
            .now = now,
            .deadline = deadline_,
            .stop = stop,
            .repeatable = repeatable};
}

RetryDecision RetryCourse::failed(std::exception_ptr error, TimePoint now, StopAsked stop, bool repeatable) {
    AttemptReport report = this->report(AttemptEnd::failed, now, stop, repeatable);
    if (now >= deadline_) return conclude(report, error ? error : attempt_.last_error, {});
    if (is_attempt_late(now) || !error)
        error = attempt_timeout_error(attempt_.method_name, attempt_.number, rules_.numbers.attempt_timeout, error);
    if (rules_.numbers.num_retries > 0) {
        const ErrorVerdict verdict = rules_.functions.judge(error, judging());
        report.end = verdict.retryable ? AttemptEnd::failed : AttemptEnd::final;
        report.hint = verdict.hint;
    }
    return conclude(report, std::move(error), {});
}

RetryDecision RetryCourse::returned_bare(const void* result, const std::type_info& type, TimePoint now, StopAsked stop,
                                         bool repeatable) {
    // Too late for the call, or a failed attempt whatever it returned.
    if (now >= deadline_ || is_attempt_late(now)) return failed(nullptr, now, stop, repeatable);
    AttemptReport report = this->report(AttemptEnd::accepted, now, stop, repeatable);
    ResultVerdict verdict;
    if (result) verdict = rules_.functions.judge_bare(result, type, judging());
    if (!verdict.accepted()) report.end = AttemptEnd::rejected;
    report.hint = verdict.hint;
    return conclude(report, nullptr, std::move(verdict.messages));
}

RetryDecision RetryCourse::conclude(const AttemptReport& report, std::exception_ptr error,
                                    std::vector<std::string> messages) {
    // From here on this is what the attempt before ended in: for the next one, and for a custom backoff.
    attempt_.last_error = std::move(error);
    attempt_.messages = std::move(messages);
    last_end_ = report.end;
    return decide(rules_.numbers, report, *this);
}

RetryDecision RetryCourse::stopped_while_waiting(StopAsked stop) const noexcept {
    const AttemptReport report{.end = last_end_, .number = attempts_, .stop = stop};
    return *end_without_retry(rules_.numbers, report);
}

Duration RetryCourse::own_wait() {
    const auto wait = [this](Random& random) {
        curve_wait_ = rules_.functions.backoff ? std::min(custom_wait(), cap_of(rules_.numbers))
                                               : curve_wait(rules_.numbers, attempts_, curve_wait_, random);
        return final_wait(rules_.numbers, curve_wait_, random);
    };
    if (!chance_) return wait(random_of_this_thread());
    Random random = random_of(chance_->seed, chance_->worker, chance_->call, static_cast<std::uint64_t>(attempts_));
    return wait(random);
}

Duration RetryCourse::custom_wait() const {
    try {
        return std::max((*rules_.functions.backoff)(attempts_, attempt_), Duration());
    } catch (...) {
        backoff_thrown_.warn(judging(), "the function of a custom backoff threw; the wait is retry_wait then");
        return rules_.numbers.wait;
    }
}

bool RetryCourse::take_token(TimePoint now) {
    return !rules_.functions.budget || rules_.functions.budget->take_token(now);
}

std::string RetryCourse::last_messages() const { return fmt::format("{}", fmt::join(attempt_.messages, "; ")); }

Rejection rejection_of(const RetryCourse& course, std::size_t kept, std::size_t dropped) {
    std::string text = fmt::format("{}: the result of attempt {}, the last one, was rejected: {}", course.method_name(),
                                   course.attempts(), course.last_messages());
    if (dropped != 0) text += fmt::format(" (of {} rejected results the last {} are kept)", kept + dropped, kept);
    return {std::move(text), course.attempts(), std::string(course.method_name())};
}

std::exception_ptr RetryCourse::error_of(const RetryDecision& decision, TimePoint now) const {
    if (decision.end == CallEnd::timeout_error) {
        const Duration limit = rules_.numbers.call_timeout;
        return call_timeout_error(attempt_.method_name, attempts_, limit == never ? Duration(now - begin_) : limit,
                                  attempt_.last_error);
    }
    const auto stopped = [this](std::string_view by) {
        return fmt::format("{}: {} before its next attempt; the last result had been rejected: {}",
                           attempt_.method_name, by, last_messages());
    };
    if (decision.end == CallEnd::cancelled_error)
        return std::make_exception_ptr(CancelledError(stopped("the call was cancelled")));
    if (decision.end == CallEnd::stopped_error)
        return std::make_exception_ptr(WorkerStoppedError(stopped("the worker was stopped")));
    return attempt_.last_error;
}

}  // namespace concur::detail

/// The attempts of one call, from the first to the last.
#pragma once

#include <algorithm>
#include <cstdint>
#include <exception>
#include <optional>
#include <string_view>
#include <vector>

#include "concur/retry/decision.hpp"
#include "concur/retry/retry_functions.hpp"

namespace concur::detail {

/// A policy that has been checked and filled in.
struct RetryRules {
    RetryNumbers numbers;
    RetryFunctions functions;

    /// Where results of a type are kept that validators reject; null if none is about that type.
    [[nodiscard]] std::unique_ptr<RejectedHistory> make_history(const std::type_info& type) const;
};

/// What random waits follow from on a clock whose runs repeat.
struct RepeatableChance {
    std::uint64_t seed;
    std::uint64_t worker;
    std::uint64_t call;
};

/// Whose attempts these are.
struct CallIdentity {
    std::string_view method_name;
    std::string_view worker_name{};
    Observer* observer = nullptr;
};

/// The error of an attempt that took longer than `limit`, around what it threw, if it has thrown.
[[nodiscard]] std::exception_ptr attempt_timeout_error(std::string_view method, int number, Duration limit,
                                                       const std::exception_ptr& thrown);
/// The error of a call that did not end in time, around what its last attempt threw, if there was one.
[[nodiscard]] std::exception_ptr call_timeout_error(std::string_view method, int attempts, Duration after,
                                                    const std::exception_ptr& last);

/// Counts the attempts, asks the application about what they ended in, decides. The caller runs the attempts and waits;
/// it says what time it is. Refers to the rules and names it was given; for one thread at a time.
///
///     begin_attempt -> (the method) -> failed | returned -> again: begin_attempt, at `until`
///                                                        -> else the call has ended: error_of
class RetryCourse final : private RetrySources {
public:
    RetryCourse(const RetryRules& rules, const CallIdentity& call, TimePoint now, TimePoint deadline,
                std::optional<RepeatableChance> chance);

    void begin_attempt(TimePoint now) noexcept;
    /// Its time ends now, earlier than it is judged: with the future that it returned.
    void end_attempt(TimePoint now) noexcept { attempt_end_ = now; }
    /// The one that runs, or comes next.
    [[nodiscard]] const Attempt& attempt() const noexcept { return attempt_; }
    /// What filters and the like see of the call's arguments; null: nothing.
    void set_arguments(KeptArguments* arguments) noexcept { attempt_.arguments = arguments; }
    [[nodiscard]] TimePoint deadline() const noexcept { return deadline_; }
    void set_deadline(TimePoint deadline) noexcept { deadline_ = deadline; }
    [[nodiscard]] TimePoint attempt_deadline() const noexcept { return attempt_deadline_; }

    /// The attempt threw.
    [[nodiscard]] RetryDecision failed(std::exception_ptr error, TimePoint now, StopAsked stop, bool repeatable = true);
    /// The attempt returned. `R` is void, or what validators may be about; pass null for void.
    template <class R>
    [[nodiscard]] RetryDecision returned(const R* result, TimePoint now, StopAsked stop, bool repeatable = true) {
        if constexpr (std::is_void_v<R>) {
            return returned_bare(nullptr, typeid(void), now, stop, repeatable);
        } else {
            return returned_bare(result, typeid(R), now, stop, repeatable);
        }
    }
    /// The same, for a result whose type is not known here.
    [[nodiscard]] RetryDecision returned_bare(const void* result, const std::type_info& type, TimePoint now,
                                              StopAsked stop, bool repeatable);
    /// A stop was asked for while the call waited for its next attempt. What was decided is void.
    [[nodiscard]] RetryDecision stopped_while_waiting(StopAsked stop) const noexcept;

    /// The error of a call that has ended without a value, but for RetryValidationError, which knows the results.
    [[nodiscard]] std::exception_ptr error_of(const RetryDecision& decision, TimePoint now) const;
    /// What the validators said about the last result, in one line.
    [[nodiscard]] std::string last_messages() const;
    /// Whether validators rejected what the last attempt returned.
    [[nodiscard]] bool rejected() const noexcept { return last_end_ == AttemptEnd::rejected; }
    /// Attempts that have ended.
    [[nodiscard]] int attempts() const noexcept { return attempts_; }
    [[nodiscard]] std::string_view method_name() const noexcept { return attempt_.method_name; }

private:
    Duration own_wait() override;
    bool take_token(TimePoint now) override;

    [[nodiscard]] RetryDecision conclude(const AttemptReport& report, std::exception_ptr error,
                                         std::vector<std::string> messages);
    [[nodiscard]] AttemptReport report(AttemptEnd end, TimePoint now, StopAsked stop, bool repeatable) noexcept;
    [[nodiscard]] bool is_attempt_late(TimePoint now) const noexcept {
        return std::min(now, attempt_end_) >= attempt_deadline_;
    }
    [[nodiscard]] Duration custom_wait() const;
    [[nodiscard]] Judging judging() const noexcept { return {attempt_, observer_}; }

    const RetryRules& rules_;
    Attempt attempt_;
    Observer* observer_;
    std::optional<RepeatableChance> chance_;
    TimePoint begin_;
    TimePoint deadline_;
    TimePoint attempt_deadline_ = no_deadline;
    TimePoint attempt_end_ = no_deadline;  // if that was before the judgement
    Duration curve_wait_;                  // the last one, before jitter: what a decorrelated curve goes on from
    int attempts_ = 0;
    AttemptEnd last_end_ = AttemptEnd::accepted;
    ThrownOnce backoff_thrown_;
};

}  // namespace concur::detail

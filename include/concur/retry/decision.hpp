/// What becomes of a call when an attempt has ended: the one decision, for every mode.
#pragma once

#include <optional>

#include "concur/core/clock.hpp"
#include "concur/core/duration.hpp"
#include "concur/core/stop_reason.hpp"
#include "concur/retry/retry_numbers.hpp"

namespace concur::detail {

enum class AttemptEnd : unsigned char {
    accepted,  ///< it returned, and no validator minds
    rejected,  ///< it returned, and a validator minds
    failed,    ///< it threw what may be retried; or it took longer than `attempt_timeout`
    final,     ///< it threw what is not retried
};

/// Who asked the call to stop, if anybody did.
enum class StopAsked : unsigned char { no, by_cancel, by_worker };

/// What an attempt ended in, and all else that matters then.
struct AttemptReport {
    AttemptEnd end = AttemptEnd::accepted;
    /// From 1.
    int number = 1;
    TimePoint now{};
    TimePoint deadline = no_deadline;
    StopAsked stop = StopAsked::no;
    /// How long a server asks to wait at least; `never`: it does not want to be asked again.
    std::optional<Duration> hint{};
    /// False if the attempt has used up an argument that cannot be copied.
    bool repeatable = true;
};

/// What a call that is not tried again ends in.
enum class CallEnd : unsigned char {
    value,
    own_error,         ///< what the attempt threw
    validation_error,  ///< RetryValidationError
    cancelled_error,
    stopped_error,
    timeout_error,  ///< around what the attempt threw
};

struct RetryDecision {
    /// Wait until `until`, then try again. Otherwise the call has ended.
    bool again = false;
    CallEnd end = CallEnd::value;
    StopReason reason = StopReason::none;
    Duration wait{};
    TimePoint until{};

    friend bool operator==(const RetryDecision&, const RetryDecision&) = default;
};

/// What is asked for last, because to ask has a price.
class RetrySources {
public:
    /// The wait by curve, cap and jitter.
    virtual Duration own_wait() = 0;
    /// Whether there is a token for one more retry; takes it.
    virtual bool take_token(TimePoint now) = 0;

protected:
    ~RetrySources() = default;
};

/// The end of a call after which no further attempt is possible, whatever the wait would be; nothing if one is. Also
/// asked while an attempt runs that is over its time, as if it had ended: if no other one can follow, nobody has to
/// wait for its return.
[[nodiscard]] std::optional<RetryDecision> end_without_retry(const RetryNumbers& numbers,
                                                             const AttemptReport& report) noexcept;

/// The decision. Each source is asked at most once, and only if nothing before it has ended the call.
[[nodiscard]] RetryDecision decide(const RetryNumbers& numbers, const AttemptReport& report, RetrySources& sources);

}  // namespace concur::detail

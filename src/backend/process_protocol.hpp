/// What a process worker and its child say to each other: the bodies of their frames.
///
/// Both ends are the same program, and the child is a fork of the parent: what has static storage has the same address
/// there. docs/design/processes.md
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "concur/call/crossing.hpp"
#include "concur/core/clock.hpp"
#include "concur/core/stop_reason.hpp"

namespace concur::detail {

enum class FrameKind : std::uint32_t {
    started,      ///< child: the object lives
    not_started,  ///< child: an exception; the constructor has thrown it
    call,         ///< parent: CallHead, and what the crossing has encoded
    value,        ///< child: ReplyHead, and the encoded value
    error,        ///< child: ReplyHead, and the encoded exception
    failed_once,  ///< child: an exception; the call is tried again
    withdrawn,    ///< child: nothing; it has seen that the call was withdrawn
    stop,         ///< parent: nothing; no further calls will come
};

/// Before the arguments of a call.
struct CallHead {
    const Crossing* crossing;
    const MethodInfo* method;
    std::uint64_t slot;
    // On the steady clock, which all processes of a machine share.
    TimePoint submitted;
    TimePoint deadline;
    // What options of the single call have changed of its policy.
    bool has_own_numbers;
    int num_retries;
    Duration call_timeout;
    Duration attempt_timeout;
};

/// Before the value or the exception.
struct ReplyHead {
    int attempts;
    StopReason reason;
};

/// Throws SerializationError, which names the option.
[[noreturn]] void throw_too_large(std::string_view method, std::uint64_t size, std::uint64_t max_message);

}  // namespace concur::detail

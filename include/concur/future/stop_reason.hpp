/// Why a call ended without a value.
#pragma once

#include <string_view>

#include "concur/core/enum_formatter.hpp"

namespace concur {

enum class StopReason : unsigned char {
    none,               ///< it succeeded, or has not ended yet
    retries_exhausted,  ///< the last allowed attempt failed; also where no retries were asked for
    deadline,
    budget,
    not_retryable,
    not_repeatable,  ///< a move-only argument was used up by the first attempt
    cancelled,
    server_hint,
    worker_died,
    worker_stopped,
    input_failed,  ///< a future among the arguments failed; no method ran
};

[[nodiscard]] std::string_view to_string(StopReason reason) noexcept;

}  // namespace concur

template <>
struct fmt::formatter<concur::StopReason> : concur::detail::EnumFormatter<concur::StopReason> {};

/// Why a call ended without a value.
#pragma once

#include <string_view>

#include "concur/core/enum_names.hpp"

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

namespace detail {

template <>
inline constexpr EnumName<StopReason> enum_names<StopReason>[] = {
    {"none", StopReason::none},
    {"retries_exhausted", StopReason::retries_exhausted},
    {"deadline", StopReason::deadline},
    {"budget", StopReason::budget},
    {"not_retryable", StopReason::not_retryable},
    {"not_repeatable", StopReason::not_repeatable},
    {"cancelled", StopReason::cancelled},
    {"server_hint", StopReason::server_hint},
    {"worker_died", StopReason::worker_died},
    {"worker_stopped", StopReason::worker_stopped},
    {"input_failed", StopReason::input_failed},
};

}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(StopReason reason) noexcept {
    const std::string_view name = detail::name_of_value(reason);
    return name.empty() ? "unknown" : name;
}

}  // namespace concur

template <>
struct fmt::formatter<concur::StopReason> : concur::detail::EnumFormatter<concur::StopReason> {};

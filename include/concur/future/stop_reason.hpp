/// Why a call ended without a value.
#pragma once

#include <fmt/core.h>

#include <string_view>

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
struct fmt::formatter<concur::StopReason> : fmt::formatter<fmt::string_view> {
    template <class Context>
    auto format(concur::StopReason reason, Context& context) const {
        const std::string_view name = concur::to_string(reason);
        return fmt::formatter<fmt::string_view>::format({name.data(), name.size()}, context);
    }
};

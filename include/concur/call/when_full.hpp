/// What becomes of a call whose worker has `max_queued_tasks` already.
#pragma once

#include "concur/core/enum_names.hpp"

namespace concur {

enum class WhenFull : unsigned char {
    wait,         ///< the caller waits for room
    reject,       ///< QueueFullError
    drop_oldest,  ///< the call that has waited longest fails with QueueFullError
};

namespace detail {

template <>
inline constexpr EnumName<WhenFull> enum_names<WhenFull>[] = {
    {"wait", WhenFull::wait},
    {"reject", WhenFull::reject},
    {"drop_oldest", WhenFull::drop_oldest},
};

}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(WhenFull when) noexcept { return detail::name_of_value(when); }

}  // namespace concur

template <>
struct fmt::formatter<concur::WhenFull> : concur::detail::EnumFormatter<concur::WhenFull> {};

/// Whether calls may pass one that waits for its retry.
#pragma once

#include "concur/core/enum_names.hpp"

namespace concur {

enum class RetryOrder : unsigned char {
    keep,      ///< later calls wait until the retries of this one are over
    overtake,  ///< the call is put aside until its wait is over, and others go on
};

namespace detail {

template <>
inline constexpr EnumName<RetryOrder> enum_names<RetryOrder>[] = {
    {"keep", RetryOrder::keep},
    {"overtake", RetryOrder::overtake},
};

}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(RetryOrder order) noexcept { return detail::name_of_value(order); }

}  // namespace concur

template <>
struct fmt::formatter<concur::RetryOrder> : concur::detail::EnumFormatter<concur::RetryOrder> {};

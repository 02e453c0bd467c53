/// How a pool chooses the worker for a call.
#pragma once

#include "concur/core/enum_names.hpp"

namespace concur {

enum class LoadBalancing : unsigned char {
    round_robin,   ///< one after the other
    least_active,  ///< who has fewest calls queued and running
    least_total,   ///< who has been given fewest calls so far
    random,
    shared_queue,  ///< whoever is idle takes the next call
};

namespace detail {

template <>
inline constexpr EnumName<LoadBalancing> enum_names<LoadBalancing>[] = {
    {"round_robin", LoadBalancing::round_robin},   {"least_active", LoadBalancing::least_active},
    {"least_total", LoadBalancing::least_total},   {"random", LoadBalancing::random},
    {"shared_queue", LoadBalancing::shared_queue},
};

}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(LoadBalancing balancing) noexcept {
    return detail::name_of_value(balancing);
}

}  // namespace concur

template <>
struct fmt::formatter<concur::LoadBalancing> : concur::detail::EnumFormatter<concur::LoadBalancing> {};

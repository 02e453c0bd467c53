/// How child processes come to life, and what becomes of the calls of one that died.
#pragma once

#include "concur/core/enum_names.hpp"

namespace concur {

enum class StartMethod : unsigned char {
    automatic,    ///< the fork server if there is one, else fork; also "auto"
    fork_server,  ///< a single-threaded helper forks the workers
    fork,         ///< this process forks them itself
    spawn,        ///< this program is started anew
};

/// The calls that were queued at a worker that died.
enum class Queued : unsigned char {
    move,  ///< to the restarted worker
    fail,  ///< with WorkerDiedError
};

namespace detail {

template <>
inline constexpr EnumName<StartMethod> enum_names<StartMethod>[] = {
    {"automatic", StartMethod::automatic}, {"auto", StartMethod::automatic}, {"fork_server", StartMethod::fork_server},
    {"fork", StartMethod::fork},           {"spawn", StartMethod::spawn},
};
template <>
inline constexpr EnumName<Queued> enum_names<Queued>[] = {
    {"move", Queued::move},
    {"fail", Queued::fail},
};

}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(StartMethod method) noexcept {
    return detail::name_of_value(method);
}
[[nodiscard]] constexpr std::string_view to_string(Queued queued) noexcept { return detail::name_of_value(queued); }

}  // namespace concur

template <>
struct fmt::formatter<concur::StartMethod> : concur::detail::EnumFormatter<concur::StartMethod> {};
template <>
struct fmt::formatter<concur::Queued> : concur::detail::EnumFormatter<concur::Queued> {};

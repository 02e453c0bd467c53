/// Where an object can live, and how a worker is told to stop: the small enums that every room speaks of.
#pragma once

#include <string_view>

#include "concur/core/enum_names.hpp"

namespace concur {

/// Where the object of a worker lives. `dynamic` is no place: it marks a proxy whose mode is known at run time only.
enum class Mode : unsigned char { sync, thread, process, asio, ray, dynamic };

namespace detail {

template <>
inline constexpr EnumName<Mode> enum_names<Mode>[] = {
    {"sync", Mode::sync},       {"thread", Mode::thread},     {"threads", Mode::thread},
    {"process", Mode::process}, {"processes", Mode::process}, {"asio", Mode::asio},
    {"asyncio", Mode::asio},    {"async", Mode::asio},        {"ray", Mode::ray},
};

}  // namespace detail

/// The canonical name: "sync", "thread", "process", "asio", "ray" or "dynamic".
[[nodiscard]] constexpr std::string_view to_string(Mode mode) noexcept {
    const std::string_view name = detail::name_of_value(mode);
    return name.empty() ? "dynamic" : name;
}

/// A mode as a type, for `options().mode(concur::thread)`: the proxy then knows its mode at compile time.
template <Mode M>
struct ModeTag {
    static constexpr Mode value = M;
};

inline constexpr ModeTag<Mode::sync> sync{};
inline constexpr ModeTag<Mode::thread> thread{};
inline constexpr ModeTag<Mode::process> process{};
inline constexpr ModeTag<Mode::asio> asio{};
inline constexpr ModeTag<Mode::ray> ray{};

/// How `stop` treats the calls that a worker has accepted: `drain` finishes them, `now` fails what has not started and
/// asks what runs.
enum class Stop : unsigned char { drain, now };

/// Whether the calls of a proxy return futures (`no`) or wait and return values (`yes`).
enum class Blocking : bool { no, yes };

/// What `Future::cancel` reaches: this future only, or also what it was derived from (`then`, `when_all`, ...).
enum class Cancel : bool { only_this, sources };

}  // namespace concur

template <>
struct fmt::formatter<concur::Mode> : concur::detail::EnumFormatter<concur::Mode> {};

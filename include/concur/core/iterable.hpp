/// Ranges as `for` sees them, without <ranges>.
#pragma once

#include <concepts>
#include <cstdint>
#include <iterator>
#include <type_traits>
#include <utility>

namespace concur::detail {

namespace range_access {
using std::begin;
using std::end;
template <class Range>
auto begin_of(Range& range) -> decltype(begin(range)) {
    return begin(range);
}
template <class Range>
auto end_of(Range& range) -> decltype(end(range)) {
    return end(range);
}
}  // namespace range_access

template <class Range>
concept Iterable = requires(std::remove_reference_t<Range>& range) {
    *range_access::begin_of(range);
    range_access::begin_of(range) == range_access::end_of(range);
};

template <class Range>
using IteratorOf = decltype(range_access::begin_of(std::declval<std::remove_reference_t<Range>&>()));
template <class Range>
using SentinelOf = decltype(range_access::end_of(std::declval<std::remove_reference_t<Range>&>()));

template <class Range>
inline constexpr bool is_endless = std::is_same_v<SentinelOf<Range>, std::unreachable_sentinel_t>;

template <class Range>
concept Sized = std::is_bounded_array_v<Range> || requires(Range& range) {
    { range.size() } -> std::integral;
};

/// Any whole number, kept below 2^63.
template <std::integral Number>
[[nodiscard]] constexpr std::int64_t saturated(Number number) noexcept {
    if constexpr (std::is_unsigned_v<Number> && sizeof(Number) >= sizeof(std::int64_t)) {
        if (number > static_cast<Number>(INT64_MAX)) return INT64_MAX;
    }
    return static_cast<std::int64_t>(number);
}

/// The number of elements.
template <Sized Range>
[[nodiscard]] std::int64_t size_of(Range& range) {
    if constexpr (std::is_bounded_array_v<Range>) {
        return saturated(std::extent_v<Range>);
    } else {
        return saturated(range.size());
    }
}

}  // namespace concur::detail

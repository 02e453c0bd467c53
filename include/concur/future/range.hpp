/// Ranges of futures: what `wait`, `when_any` and `AsCompleted` take.
#pragma once

#include <type_traits>
#include <utility>
#include <vector>

#include "concur/future/future.hpp"

namespace concur::detail {

template <class Range>
inline constexpr bool is_range_of_futures = false;
template <class Range>
    requires requires(Range& range) {
        range.end();
        *range.begin();
    }
inline constexpr bool is_range_of_futures<Range> =
    is_future<std::remove_cvref_t<decltype(*std::declval<Range&>().begin())>>;

template <class Range>
using HandleIn = std::remove_cvref_t<decltype(*std::declval<Range&>().begin())>;

/// A vector of the range's futures.
template <class Range>
[[nodiscard]] auto handles_of(Range&& futures) {
    using Handles = std::vector<HandleIn<Range>>;
    if constexpr (std::is_same_v<std::remove_cvref_t<Range>, Handles>) {
        return Handles(std::forward<Range>(futures));
    } else {
        Handles handles;
        for (auto&& future : futures) handles.push_back(future);
        return handles;
    }
}

template <class First, class... More>
inline constexpr bool are_futures_of_one_type =
    is_future<std::remove_cvref_t<First>> &&
    (std::is_same_v<std::remove_cvref_t<First>, std::remove_cvref_t<More>> && ...);

/// Options that are not there.
struct NoOptions;

/// The arguments after a range or structure: perhaps its options, and nothing else.
template <class Options, class... More>
inline constexpr bool are_options = sizeof...(More) == 0;
template <class Options, class Only>
inline constexpr bool are_options<Options, Only> = std::is_convertible_v<Only, Options>;
template <class Only>
inline constexpr bool are_options<NoOptions, Only> = false;

/// Arguments that are one range and perhaps options, or futures of one type.
template <class Options, class First, class... More>
inline constexpr bool are_range_or_futures = (is_range_of_futures<std::remove_cvref_t<First>> &&
                                              are_options<Options, More...>) ||
                                             are_futures_of_one_type<First, More...>;

}  // namespace concur::detail

/// `wait`: blocks until some or all of many futures are done.
#pragma once

#include <initializer_list>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "concur/core/refused.hpp"
#include "concur/future/joint.hpp"
#include "concur/future/range.hpp"

namespace concur {

enum class ReturnWhen : unsigned char {
    all_completed,
    first_completed,
    first_exception,  ///< or all, if none fails
};

struct WaitOptions {
    Duration timeout = never;
    ReturnWhen return_when = ReturnWhen::all_completed;
    /// What a progress bar on stderr says; none if empty, or if that is no terminal.
    std::string_view progress = {};
};

/// What `wait` found, each part in the order of the input.
template <class T>
struct WaitResult {
    std::vector<Future<T>> done;
    std::vector<Future<T>> not_done;
};

namespace detail {

using KeptStates = std::vector<IntrusivePtr<StateBase>>;

/// Done when the states are as `return_when` says; never fails.
[[nodiscard]] Future<void> when_settled(KeptStates states, ReturnWhen return_when);

void wait_for_sources(Joint::Sources sources, const WaitOptions& options);

template <class T>
WaitResult<T> wait_for_futures(std::vector<Future<T>> futures, const WaitOptions& options) {
    wait_for_sources(sources_of(futures), options);
    WaitResult<T> result;
    for (Future<T>& future : futures) (future.done() ? result.done : result.not_done).push_back(std::move(future));
    return result;
}

}  // namespace detail

/// Waits until the futures are done as `return_when` says, or the time is over; then tells which are done and which are
/// not. A timeout is no error. Empty input returns at once. Blocks the calling thread; DeadlockError if that would
/// never end.
///
///     auto [done, not_done] = concur::wait(futures, {.timeout = 2s, .return_when =
///     concur::ReturnWhen::first_completed});
template <class Range>
    requires detail::is_range_of_futures<std::remove_cvref_t<Range>>
auto wait(Range&& futures, const WaitOptions& options = {}) {
    return detail::wait_for_futures(detail::handles_of(std::forward<Range>(futures)), options);
}
template <class T>
WaitResult<T> wait(std::initializer_list<Future<T>> futures, const WaitOptions& options = {}) {
    return detail::wait_for_futures<T>(futures, options);
}
template <class T, class... More>
    requires(std::is_same_v<Future<T>, More>&&...)
WaitResult<T> wait(const Future<T>& first, const More&... more) {
    return detail::wait_for_futures<T>({first, more...}, {});
}
template <class First, class... More>
    requires(!detail::are_range_or_futures<WaitOptions, First, More...>)
WaitResult<void> wait(First&&, More&&...) {
    static_assert(
        detail::accepted<detail::Given<First, More...>>,
        "concur: wait() takes futures of one type, or a range of such futures and WaitOptions; pass these, or "
        "gather(...) structures of other kinds");
    return {};
}

}  // namespace concur

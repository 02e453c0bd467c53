/// `gather` and `gather_outcomes`: waits for the values of a structure of futures.
#pragma once

#include <initializer_list>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "concur/core/refused.hpp"
#include "concur/future/when_all.hpp"

namespace concur {

struct GatherOptions {
    Duration timeout = never;
    /// Cancels the others once one has failed.
    bool cancel_rest = false;
    /// What a progress bar on stderr says; none if empty, or if that is no terminal.
    std::string_view progress = {};
};

namespace detail {

/// Returns when the joint is done. TimeoutError before that cancels it: the futures go on.
void await_gathered(Joint& joint, Duration timeout);

template <class To, class A>
auto gather_all(A&& structure, const GatherOptions& options) {
    auto all = join_all<To>(std::forward<A>(structure), options.cancel_rest, options.progress);
    if constexpr (is_future<decltype(all)>)
        await_gathered(static_cast<Joint&>(*all.shared_state_of_future()), options.timeout);
    return std::move(all).result();
}

}  // namespace detail

/// Waits for all futures of a structure and returns their values in its shape: `when_all(structure).result()`.
///
/// The first failure, in time, is thrown at once; `cancel_rest` then cancels the others. TimeoutError if the time is
/// over: the futures go on, and can be gathered again. Blocks the calling thread; DeadlockError if that would never
/// end.
///
///     std::map<std::string, int> values = concur::gather(by_name, {.timeout = 10s, .cancel_rest = true});
template <class A>
    requires detail::contains_future<A>
auto gather(A&& structure, const GatherOptions& options = {}) {
    return detail::gather_all<detail::ToValue>(std::forward<A>(structure), options);
}
template <class T>
auto gather(std::initializer_list<Future<T>> futures, const GatherOptions& options = {}) {
    return gather(std::vector<Future<T>>(futures), options);
}
template <class... Futures>
    requires detail::SeveralFutures<Futures...>
auto gather(Futures&&... futures) { return gather(detail::tuple_of(std::forward<Futures>(futures)...)); }
template <class First, class... More>
    requires(!detail::are_structure_or_futures<GatherOptions, First, More...>)
detail::Refused gather(First&&, More&&...) {
    static_assert(detail::accepted<detail::Given<First, More...>>,
                  "concur: gather() takes several futures, or one structure with futures in it and GatherOptions; put "
                  "other things into a std::tuple");
    return {};
}

/// Waits for all futures of a structure and returns their outcomes in its shape: a failure stays where it happened, and
/// is not thrown. The first one cancels the others with `cancel_rest`; what these end in is waited for, too.
/// TimeoutError as from `gather`.
///
///     for (const concur::Outcome<int>& outcome : concur::gather_outcomes(futures)) use(outcome.value_or(0));
template <class A>
    requires detail::contains_future<A>
auto gather_outcomes(A&& structure, const GatherOptions& options = {}) {
    return detail::gather_all<detail::ToOutcome>(std::forward<A>(structure), options);
}
template <class T>
auto gather_outcomes(std::initializer_list<Future<T>> futures, const GatherOptions& options = {}) {
    return gather_outcomes(std::vector<Future<T>>(futures), options);
}
template <class... Futures>
    requires detail::SeveralFutures<Futures...>
auto gather_outcomes(Futures&&... futures) {
    return gather_outcomes(detail::tuple_of(std::forward<Futures>(futures)...));
}
template <class First, class... More>
    requires(!detail::are_structure_or_futures<GatherOptions, First, More...>)
detail::Refused gather_outcomes(First&&, More&&...) {
    static_assert(detail::accepted<detail::Given<First, More...>>,
                  "concur: gather_outcomes() takes several futures, or one structure with futures in it and "
                  "GatherOptions; put other things into a std::tuple");
    return {};
}

}  // namespace concur

/// Many futures at once: `wait`, `gather` and `list`.
#pragma once

#include <initializer_list>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "concur/core/refused.hpp"
#include "concur/future/future.hpp"
#include "concur/future/promise.hpp"
#include "concur/future/unwrap.hpp"

namespace concur {

enum class ReturnWhen : unsigned char {
    all_completed,
    first_completed,
    first_exception,  ///< or all, if none fails
};

struct WaitOptions {
    Duration timeout = never;
    ReturnWhen return_when = ReturnWhen::all_completed;
};

struct GatherOptions {
    Duration timeout = never;
    /// Cancels the others once one has failed.
    bool cancel_rest = false;
};

/// What `wait` found, each part in the order of the input.
template <class T>
struct WaitResult {
    std::vector<Future<T>> done;
    std::vector<Future<T>> not_done;
};

namespace detail {

inline constexpr std::size_t none_failed = static_cast<std::size_t>(-1);

struct WaitEnd {
    bool in_time;
    /// The first failure in time, or `none_failed`.
    std::size_t first_failed;
};

/// Waits for many states at once: one block of memory, linear cost.
WaitEnd wait_for_states(std::span<StateBase* const> states, ReturnWhen return_when, Duration timeout);

[[noreturn]] void throw_gather_timeout(std::size_t pending, std::size_t all, Duration timeout);

template <class T>
WaitResult<T> wait_for_futures(std::vector<Future<T>> futures, const WaitOptions& options) {
    std::vector<StateBase*> states;
    states.reserve(futures.size());
    for (const Future<T>& future : futures) {
        if (!future.valid()) throw_no_state();
        states.push_back(future.shared_state_of_future());
    }
    wait_for_states(states, options.return_when, options.timeout);
    WaitResult<T> result;
    for (Future<T>& future : futures) (future.done() ? result.done : result.not_done).push_back(std::move(future));
    return result;
}

template <class A>
inline constexpr bool is_range_of_void_futures = false;
template <Container A>
    requires std::is_same_v<typename A::value_type, Future<void>>
inline constexpr bool is_range_of_void_futures<A> = true;

template <class Range>
inline constexpr bool is_range_of_futures = false;
template <class Range>
    requires requires(Range& range) {
        range.end();
        *range.begin();
    }
inline constexpr bool is_range_of_futures<Range> =
    is_future<std::remove_cvref_t<decltype(*std::declval<Range&>().begin())>>;

/// Waits for all futures of the structure; throws the first failure in time.
template <class A>
void await_structure(const A& structure, const GatherOptions& options) {
    std::vector<StateBase*> states;
    const auto collect = [&states](StateBase& state) { states.push_back(&state); };
    visit_futures(structure, collect);
    const WaitEnd end = wait_for_states(states, ReturnWhen::first_exception, options.timeout);
    if (end.first_failed != none_failed) {
        if (options.cancel_rest)
            for (StateBase* state : states) state->cancel(Cancel::only_this);
        std::rethrow_exception(states[end.first_failed]->see_error());
    }
    if (end.in_time) return;
    std::size_t pending = 0;
    for (const StateBase* state : states) pending += state->done() ? 0 : 1;
    throw_gather_timeout(pending, states.size(), options.timeout);
}

template <class T>
Future<T> as_future(Future<T> future) {
    return future;
}
template <class T, class V>
    requires(!is_future<std::decay_t<V>>)
Future<T> as_future(V&& value) { return ready(static_cast<T>(std::forward<V>(value))); }

template <class A>
struct ListValue {
    using type = std::decay_t<A>;
};
template <class T>
struct ListValue<Future<T>> {
    using type = T;
};
template <class... A>
using ListValueOf = std::common_type_t<typename ListValue<std::remove_cvref_t<A>>::type...>;

/// Values of one type, and futures of exactly that type.
template <class... A>
inline constexpr bool can_list = false;
template <class... A>
    requires requires { typename ListValueOf<A...>; }
inline constexpr bool can_list<A...> =
    ((!is_future<std::remove_cvref_t<A>> || std::is_same_v<std::remove_cvref_t<A>, Future<ListValueOf<A...>>>)&&...);

/// Arguments for `wait` and `gather`: one structure and perhaps options, or several futures. The rest is refused.
template <bool is_structure, class Options, class... More>
inline constexpr bool structure_and_options = is_structure && sizeof...(More) == 0;
template <bool is_structure, class Options, class Second>
inline constexpr bool structure_and_options<is_structure, Options, Second> =
    is_structure&& std::is_convertible_v<Second, Options>;

template <class First, class... More>
inline constexpr bool can_wait =
    structure_and_options<is_range_of_futures<std::remove_cvref_t<First>>, WaitOptions, More...> ||
    (is_future<std::remove_cvref_t<First>> &&
     (std::is_same_v<std::remove_cvref_t<First>, std::remove_cvref_t<More>> && ...));
template <class First, class... More>
inline constexpr bool can_gather = structure_and_options<contains_future<First>, GatherOptions, More...> ||
                                   (sizeof...(More) != 0 && is_future<std::remove_cvref_t<First>> &&
                                    (is_future<std::remove_cvref_t<More>> && ...));

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
    using Handle = std::remove_cvref_t<decltype(*futures.begin())>;
    std::vector<Handle> handles;
    for (auto&& future : futures) handles.push_back(future);
    return detail::wait_for_futures<typename Handle::value_type>(std::move(handles), options);
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
    requires(!detail::can_wait<First, More...>)
WaitResult<void> wait(First&&, More&&...) {
    static_assert(
        detail::accepted<detail::Given<First, More...>>,
        "concur: wait() takes futures of one type, or a range of such futures and WaitOptions; pass these, or "
        "gather(...) structures of other kinds");
    return {};
}

/// Waits for all futures of a structure and returns their values in its shape: a vector for a vector, a map with the
/// same keys for a map, a tuple for a tuple, at any depth; nothing for a range of `Future<void>`, a std::monostate for
/// one inside a tuple.
///
/// The first failure, in time, is thrown at once; `cancel_rest` then cancels the others. TimeoutError if the time is
/// over. From a structure that is passed as an rvalue the values are moved, if no other handles exist.
template <class A>
    requires detail::contains_future<A>
auto gather(A&& structure, const GatherOptions& options = {}) {
    using Plain = std::remove_cvref_t<A>;
    if constexpr (detail::has_mixed_variant<Plain>) {
        static_assert(detail::accepted<detail::Given<A>>,
                      "concur: gather() was given a variant of values and futures; make the values futures with "
                      "ready(v), or use list(...)");
        return detail::Refused();
    } else if constexpr (std::is_same_v<Plain, Future<void>> || detail::is_range_of_void_futures<Plain>) {
        detail::await_structure<Plain>(structure, options);
    } else {
        detail::await_structure<Plain>(structure, options);
        constexpr auto owner = std::is_lvalue_reference_v<A> ? detail::Structure::borrowed : detail::Structure::owned;
        return detail::Unwrap<Plain>::template values<owner>(structure);
    }
}
template <class T>
auto gather(std::initializer_list<Future<T>> futures, const GatherOptions& options = {}) {
    return gather(std::vector<Future<T>>(futures), options);
}
template <class First, class Second, class... More>
    requires(detail::is_future<std::remove_cvref_t<First>>&& detail::is_future<std::remove_cvref_t<Second>> &&
             (detail::is_future<std::remove_cvref_t<More>> && ...))
auto gather(First&& first, Second&& second, More&&... more) {
    return gather(std::tuple<std::remove_cvref_t<First>, std::remove_cvref_t<Second>, std::remove_cvref_t<More>...>(
        std::forward<First>(first), std::forward<Second>(second), std::forward<More>(more)...));
}
template <class First, class... More>
    requires(!detail::can_gather<First, More...>)
detail::Refused gather(First&&, More&&...) {
    static_assert(detail::accepted<detail::Given<First, More...>>,
                  "concur: gather() takes several futures, or one structure with futures in it and GatherOptions; put "
                  "other things into a std::tuple");
    return {};
}

/// Values and futures of one type side by side, as an argument: `worker.call<&T::sum>(concur::list(a, 20, 30))`.
template <class First, class... More>
[[nodiscard]] auto list(First&& first, More&&... more) {
    if constexpr (detail::can_list<First, More...>) {
        using T = detail::ListValueOf<First, More...>;
        std::vector<Future<T>> futures;
        futures.reserve(1 + sizeof...(More));
        futures.push_back(detail::as_future<T>(std::forward<First>(first)));
        (futures.push_back(detail::as_future<T>(std::forward<More>(more))), ...);
        return futures;
    } else {
        static_assert(
            detail::accepted<detail::Given<First, More...>>,
            "concur: list() takes values and futures of one type; convert the others, futures with then(...)");
        return detail::Refused();
    }
}

/// A future that is meant to stay one, where its value would fit as well (generic functions).
template <class T>
struct AsIs {
    Future<T> future;
};
template <class T>
[[nodiscard]] AsIs<T> as_is(Future<T> future) {
    return {std::move(future)};
}

}  // namespace concur

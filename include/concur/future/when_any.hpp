/// `when_any`: the first success of many futures, as one future.
#pragma once

#include <cstddef>
#include <exception>
#include <initializer_list>
#include <type_traits>
#include <utility>
#include <vector>

#include "concur/core/refused.hpp"
#include "concur/future/copyable.hpp"
#include "concur/future/joint.hpp"
#include "concur/future/range.hpp"

namespace concur {

struct WhenAnyOptions {
    /// Cancels the others once one has succeeded.
    bool cancel_rest = false;
};

/// Which future came first, by its place in the range, and its value.
template <class T>
struct WhenAnyResult {
    std::size_t index = 0;
    T value;
};
template <>
struct WhenAnyResult<void> {
    std::size_t index = 0;
};

namespace detail {

template <class T>
struct IsCopyable<WhenAnyResult<T>> : IsCopyable<T> {};
template <>
struct IsCopyable<WhenAnyResult<void>> : std::true_type {};

[[noreturn]] void throw_none_to_choose_from();
[[noreturn]] void throw_all_failed(std::vector<std::exception_ptr> errors);

/// What a joint keeps of a range, and how it makes the result of it.
template <class T>
struct AnyOf {
    static constexpr StopReason failure_reason = StopReason::input_failed;

    std::vector<Future<T>> futures;

    WhenAnyResult<T> operator()(std::size_t first) {
        if (first >= futures.size()) throw_all_failed(errors());
        if constexpr (std::is_void_v<T>) {
            return {first};
        } else {
            return {first, take_value<T>(*futures[first].shared_state_of_future())};
        }
    }

private:
    [[nodiscard]] std::vector<std::exception_ptr> errors() const {
        std::vector<std::exception_ptr> errors;
        errors.reserve(futures.size());
        for (const Future<T>& future : futures) errors.push_back(future.exception());
        return errors;
    }
};

template <class T>
[[nodiscard]] Future<WhenAnyResult<T>> join_any(std::vector<Future<T>> futures, const WhenAnyOptions& options) {
    if (futures.empty()) throw_none_to_choose_from();
    return join<WhenAnyResult<T>>(AnyOf<T>{std::move(futures)}, Joint::Until::first_success, options.cancel_rest);
}

}  // namespace detail

/// A future of the first success, in time: its index and its value. If all fail, it fails with an AggregateError that
/// has all their exceptions. An empty range is a ConfigError, thrown at once.
///
/// The others go on, unless `cancel_rest`. No thread waits. Cancelling it leaves the futures alone,
/// `cancel(Cancel::sources)` cancels them too.
///
///     auto fastest = concur::when_any(mirrors, {.cancel_rest = true}).result();
///     use(fastest.index, fastest.value);
template <class Range>
    requires detail::is_range_of_futures<std::remove_cvref_t<Range>>
[[nodiscard]] auto when_any(Range&& futures, const WhenAnyOptions& options = {}) {
    return detail::join_any(detail::handles_of(std::forward<Range>(futures)), options);
}
template <class T>
[[nodiscard]] Future<WhenAnyResult<T>> when_any(std::initializer_list<Future<T>> futures,
                                                const WhenAnyOptions& options = {}) {
    return detail::join_any(std::vector<Future<T>>(futures), options);
}
template <class T, class... More>
    requires(std::is_same_v<Future<T>, More>&&...)
[[nodiscard]] Future<WhenAnyResult<T>> when_any(const Future<T>& first, const More&... more) {
    return detail::join_any(std::vector<Future<T>>{first, more...}, {});
}
template <class First, class... More>
    requires(!detail::are_range_or_futures<WhenAnyOptions, First, More...>)
detail::Refused when_any(First&&, More&&...) {
    static_assert(detail::accepted<detail::Given<First, More...>>,
                  "concur: when_any() takes futures of one type, or a range of such futures and WhenAnyOptions; bring "
                  "the others to one type with then(...)");
    return {};
}

}  // namespace concur

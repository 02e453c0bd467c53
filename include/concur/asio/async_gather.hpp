/// `async_gather`: coroutines that run together.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <exception>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "concur/asio/child_coroutines.hpp"
#include "concur/future/outcome.hpp"

namespace concur {
namespace detail {

/// Where the result of one coroutine comes to lie; for void there is nothing to keep.
template <class R>
class Gathered {
public:
    template <class Executor>
    static net::awaitable<void, Executor> keep(net::awaitable<R, Executor> coroutine, Gathered& place) {
        place.value_.emplace(co_await std::move(coroutine));
    }
    [[nodiscard]] R value() { return std::move(*value_); }
    [[nodiscard]] Outcome<R> outcome(const std::exception_ptr& error) {
        return error ? Outcome<R>(error) : Outcome<R>(value());
    }

private:
    std::optional<R> value_;
};
template <>
class Gathered<void> {
public:
    template <class Executor>
    static net::awaitable<void, Executor> keep(net::awaitable<void, Executor> coroutine, Gathered&) {
        return coroutine;
    }
    [[nodiscard]] std::monostate value() const noexcept { return {}; }
    [[nodiscard]] Outcome<void> outcome(const std::exception_ptr& error) const {
        return error ? Outcome<void>(error) : Outcome<void>();
    }
};

template <class R>
using GatheredValue = std::conditional_t<std::is_void_v<R>, std::monostate, R>;
template <class R>
using GatheredValues = std::conditional_t<std::is_void_v<R>, void, std::vector<GatheredValue<R>>>;

/// Several coroutines of one type, and their results.
template <class R, class Executor>
class GatheredRange {
public:
    GatheredRange(std::vector<net::awaitable<R, Executor>> coroutines, ChildCoroutines::Rest rest)
        : group_{new ChildCoroutines(coroutines.size(), rest)}, places_(coroutines.size()) {
        children_.reserve(coroutines.size());
        for (std::size_t i = 0; i < coroutines.size(); ++i)
            children_.push_back(Gathered<R>::keep(std::move(coroutines[i]), places_[i]));
    }

    net::awaitable<void, Executor> run() { return run_children(group_, std::move(children_)); }

    [[nodiscard]] GatheredValues<R> values() {
        if (group_->first_failure()) std::rethrow_exception(group_->first_failure());
        if constexpr (!std::is_void_v<R>) {
            GatheredValues<R> result;
            result.reserve(places_.size());
            for (auto& place : places_) result.push_back(place.value());
            return result;
        }
    }
    [[nodiscard]] std::vector<Outcome<R>> outcomes() {
        std::vector<Outcome<R>> result;
        result.reserve(places_.size());
        for (std::size_t i = 0; i < places_.size(); ++i) result.push_back(places_[i].outcome(group_->error(i)));
        return result;
    }

private:
    IntrusivePtr<ChildCoroutines> group_;
    std::vector<Gathered<R>> places_;
    std::vector<net::awaitable<void, Executor>> children_;
};

/// Coroutines of any types.
template <class Executor, class... R>
class GatheredTuple {
public:
    GatheredTuple(std::tuple<net::awaitable<R, Executor>...> coroutines, ChildCoroutines::Rest rest)
        : group_{new ChildCoroutines(sizeof...(R), rest)} {
        keep_all(coroutines, std::index_sequence_for<R...>());
    }

    net::awaitable<void, Executor> run() { return run_children(group_, std::move(children_)); }

    [[nodiscard]] std::tuple<GatheredValue<R>...> values() {
        if (group_->first_failure()) std::rethrow_exception(group_->first_failure());
        return std::apply([](auto&... place) { return std::tuple<GatheredValue<R>...>{place.value()...}; }, places_);
    }
    [[nodiscard]] std::tuple<Outcome<R>...> outcomes() { return outcomes(std::index_sequence_for<R...>()); }

private:
    template <std::size_t... index>
    void keep_all(std::tuple<net::awaitable<R, Executor>...>& coroutines, std::index_sequence<index...>) {
        (children_.push_back(Gathered<R>::keep(std::move(std::get<index>(coroutines)), std::get<index>(places_))), ...);
    }
    template <std::size_t... index>
    std::tuple<Outcome<R>...> outcomes(std::index_sequence<index...>) {
        return std::tuple<Outcome<R>...>{std::get<index>(places_).outcome(group_->error(index))...};
    }

    IntrusivePtr<ChildCoroutines> group_;
    std::tuple<Gathered<R>...> places_;
    std::vector<net::awaitable<void, Executor>> children_;
};

template <class R, class Executor>
net::awaitable<GatheredValues<R>, Executor> gather_range(std::vector<net::awaitable<R, Executor>> coroutines) {
    GatheredRange<R, Executor> all(std::move(coroutines), ChildCoroutines::Rest::ends_with_failure);
    co_await all.run();
    co_return all.values();
}
template <class R, class Executor>
net::awaitable<std::vector<Outcome<R>>, Executor> gather_range_outcomes(
    std::vector<net::awaitable<R, Executor>> coroutines) {
    GatheredRange<R, Executor> all(std::move(coroutines), ChildCoroutines::Rest::goes_on);
    co_await all.run();
    co_return all.outcomes();
}
template <class Executor, class... R>
net::awaitable<std::tuple<GatheredValue<R>...>, Executor> gather_tuple(
    std::tuple<net::awaitable<R, Executor>...> coroutines) {
    GatheredTuple<Executor, R...> all(std::move(coroutines), ChildCoroutines::Rest::ends_with_failure);
    co_await all.run();
    co_return all.values();
}
template <class Executor, class... R>
net::awaitable<std::tuple<Outcome<R>...>, Executor> gather_tuple_outcomes(
    std::tuple<net::awaitable<R, Executor>...> coroutines) {
    GatheredTuple<Executor, R...> all(std::move(coroutines), ChildCoroutines::Rest::goes_on);
    co_await all.run();
    co_return all.outcomes();
}

}  // namespace detail

/// Runs coroutines together and gives their values in their order: a vector for a vector (nothing for void), a tuple
/// for several arguments (with a std::monostate for void).
///
/// They run on the awaiting coroutine's executor, which must not run two things at once (a strand, or a loop that one
/// thread runs), so they may share objects without locks. The first failure cancels the others, and is rethrown when
/// they have ended. Cancelling the awaiting coroutine cancels all of them.
///
///     auto both = concur::async_gather(fetch(1), fetch(2));
///     auto [one, two] = co_await std::move(both);
template <class R, class Executor>
[[nodiscard]] auto async_gather(std::vector<boost::asio::awaitable<R, Executor>> coroutines) {
    return detail::gather_range<R, Executor>(std::move(coroutines));
}
template <class Executor, class... R>
    requires(sizeof...(R) != 0)
[[nodiscard]] auto async_gather(boost::asio::awaitable<R, Executor>... coroutines) {
    return detail::gather_tuple<Executor, R...>(
        std::tuple<boost::asio::awaitable<R, Executor>...>(std::move(coroutines)...));
}

/// The same with outcomes: a failure stays where it happened, is not thrown, and cancels nobody.
template <class R, class Executor>
[[nodiscard]] auto async_gather_outcomes(std::vector<boost::asio::awaitable<R, Executor>> coroutines) {
    return detail::gather_range_outcomes<R, Executor>(std::move(coroutines));
}
template <class Executor, class... R>
    requires(sizeof...(R) != 0)
[[nodiscard]] auto async_gather_outcomes(boost::asio::awaitable<R, Executor>... coroutines) {
    return detail::gather_tuple_outcomes<Executor, R...>(
        std::tuple<boost::asio::awaitable<R, Executor>...>(std::move(coroutines)...));
}

}  // namespace concur

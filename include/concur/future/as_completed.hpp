/// `AsCompleted`: many futures one after the other, in the order in which they are done.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <type_traits>
#include <utility>
#include <vector>

#include "concur/core/clock.hpp"
#include "concur/core/duration.hpp"
#include "concur/core/intrusive_ptr.hpp"
#include "concur/core/refused.hpp"
#include "concur/future/future.hpp"
#include "concur/future/range.hpp"

namespace concur {

struct AsCompletedOptions {
    /// For the whole iteration, from the construction on.
    Duration timeout = never;
};

namespace detail {

/// The states behind an AsCompleted: those that are not done yet, and a queue of those that are.
class Completions {
public:
    /// Takes over the handles, also if it throws.
    Completions(const std::vector<StateBase*>& states, Duration timeout);
    Completions(const std::vector<StateBase*>& states, Clock& clock, Duration timeout);
    /// Linear, also if a million are pending. Waits for nobody.
    ~Completions();
    Completions(const Completions&) = delete;
    Completions& operator=(const Completions&) = delete;

    /// Takes over a handle, also if it throws. Any thread.
    void add(StateBase* state);
    /// Waits for the next state and gives the handle on it; null if all were given. One thread at a time.
    [[nodiscard]] StateBase* next();
    /// Those that were added and not given. Any thread.
    [[nodiscard]] std::size_t pending() const;

private:
    class Node;
    class Queue;
    class Pending;

    Queue* queue_;          // freed with the last node that still runs when this goes away
    Node* done_ = nullptr;  // taken out of the queue, not given yet
};

}  // namespace detail

/// An input range over futures in the order in which they are done.
///
/// `add` may be called at any time and by any thread, also while another one iterates. The iteration ends when all that
/// was added has been handed out; `begin()` starts it again after a later `add`. A future that was given twice comes
/// twice. One thread iterates at a time, and `begin()` and `++` block it; DeadlockError if that would never end.
///
/// When the time is over, what is done is still handed out; then `begin()` and `++` throw TimeoutError, and the rest
/// stays pending. Going away cancels nothing and waits for nobody.
///
///     concur::AsCompleted<int> queue(futures, {.timeout = 5s});
///     for (concur::Future<int>& future : queue)
///         if (future.exception()) queue.add(worker.call<&Fetcher::fetch>(next_mirror()));
template <class T>
class AsCompleted {
public:
    class Iterator;

    AsCompleted() : AsCompleted(std::vector<Future<T>>()) {}
    AsCompleted(std::initializer_list<Future<T>> futures, const AsCompletedOptions& options = {})
        : AsCompleted(std::vector<Future<T>>(futures), options) {}
    template <class Range>
        requires(detail::is_range_of_futures<std::remove_cvref_t<Range>> &&
                 !std::is_same_v<std::remove_cvref_t<Range>, AsCompleted>)
    explicit AsCompleted(Range&& futures, const AsCompletedOptions& options = {})
        : AsCompleted(handles_of(std::forward<Range>(futures)), options, nullptr) {}

    void add(Future<T> future) {
        if (!future.valid()) detail::throw_no_state();
        completions_.add(future.release_state());
    }

    /// How many futures were added and not handed out yet.
    [[nodiscard]] std::size_t pending() const { return completions_.pending(); }

    /// Waits for the next future, as `++` does.
    [[nodiscard]] Iterator begin() {
        advance();
        return Iterator(*this);
    }
    [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

private:
    AsCompleted(std::vector<Future<T>> futures, const AsCompletedOptions& options, std::nullptr_t)
        : completions_(release_all(futures), options.timeout) {}

    template <class Range>
    [[nodiscard]] static std::vector<Future<T>> handles_of(Range&& futures) {
        if constexpr (std::is_same_v<detail::HandleIn<Range>, Future<T>>) {
            return detail::handles_of(std::forward<Range>(futures));
        } else {
            static_assert(
                detail::accepted<detail::Expected<Future<T>>, detail::Given<detail::HandleIn<Range>>>,
                "concur: this AsCompleted<T> was given other futures than those of its T; name their type, or "
                "use as_completed(...)");
            return {};
        }
    }

    [[nodiscard]] static std::vector<detail::StateBase*> release_all(std::vector<Future<T>>& futures) {
        std::vector<detail::StateBase*> states;
        states.reserve(futures.size());
        for (const Future<T>& future : futures)
            if (!future.valid()) detail::throw_no_state();
        for (Future<T>& future : futures) states.push_back(future.release_state());
        return states;
    }

    void advance() {
        current_ = Future<T>();  // nobody keeps the last one alive while this waits
        current_ = Future<T>::adopt(completions_.next());
        at_end_ = !current_.valid();
    }

    detail::Completions completions_;
    Future<T> current_;  // whose result the user may take, so that it is empty
    bool at_end_ = false;
};

/// Moves on as a whole: copies of an iterator are at the same place.
template <class T>
class AsCompleted<T>::Iterator {
public:
    using iterator_concept = std::input_iterator_tag;
    using value_type = Future<T>;
    using difference_type = std::ptrdiff_t;

    /// The reference is good until the next `++` or `begin()`.
    [[nodiscard]] Future<T>& operator*() const noexcept { return range_->current_; }
    [[nodiscard]] Future<T>* operator->() const noexcept { return &range_->current_; }
    Iterator& operator++() {
        range_->advance();
        return *this;
    }
    void operator++(int) { range_->advance(); }
    friend bool operator==(const Iterator& iterator, std::default_sentinel_t) noexcept { return iterator.at_end(); }

private:
    friend class AsCompleted;
    explicit Iterator(AsCompleted& range) noexcept : range_{&range} {}
    // A member, because g++ gives a friend of a nested class no access to the outer one.
    [[nodiscard]] bool at_end() const noexcept { return range_->at_end_; }

    AsCompleted* range_;
};

template <class Range>
AsCompleted(Range&&) -> AsCompleted<typename detail::HandleIn<std::remove_cvref_t<Range>>::value_type>;
template <class Range>
AsCompleted(Range&&, AsCompletedOptions)
    -> AsCompleted<typename detail::HandleIn<std::remove_cvref_t<Range>>::value_type>;

/// `for (auto& future : concur::as_completed(futures))`
template <class Range>
    requires detail::is_range_of_futures<std::remove_cvref_t<Range>>
[[nodiscard]] auto as_completed(Range&& futures, const AsCompletedOptions& options = {}) {
    return AsCompleted<typename detail::HandleIn<Range>::value_type>(std::forward<Range>(futures), options);
}
template <class T>
[[nodiscard]] AsCompleted<T> as_completed(std::initializer_list<Future<T>> futures,
                                          const AsCompletedOptions& options = {}) {
    return AsCompleted<T>(futures, options);
}
template <class T, class... More>
    requires(std::is_same_v<Future<T>, More>&&...)
[[nodiscard]] AsCompleted<T> as_completed(const Future<T>& first, const More&... more) {
    return AsCompleted<T>({first, more...});
}
template <class First, class... More>
    requires(!detail::are_range_or_futures<AsCompletedOptions, First, More...>)
detail::Refused as_completed(First&&, More&&...) {
    static_assert(detail::accepted<detail::Given<First, More...>>,
                  "concur: as_completed() takes futures of one type, or a range of such futures and "
                  "AsCompletedOptions; bring the others to one type with then(...)");
    return {};
}

}  // namespace concur

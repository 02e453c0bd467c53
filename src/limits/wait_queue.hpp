/// Who goes next: the order of those that wait for limits. A decision, without lock, clock or thread.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace concur::detail {

/// The limits of a set, one bit each.
using LimitMask = std::uint64_t;

inline constexpr std::size_t most_limits = 64;

/// A request in a WaitQueue: in the line of each limit that it names. Stays where it is meanwhile.
class Waiting {
public:
    /// The limits named, at least one. Throws std::bad_alloc.
    explicit Waiting(LimitMask limits)
        : limits_{limits}, places_{std::make_unique<Place[]>(static_cast<std::size_t>(std::popcount(limits)))} {}
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

    [[nodiscard]] LimitMask limits() const noexcept { return limits_; }

protected:
    ~Waiting() = default;

private:
    friend class WaitQueue;

    /// In the ring of one limit.
    struct Place {
        Waiting* waiting = nullptr;
        Place* next = nullptr;
        Place* previous = nullptr;
    };
    [[nodiscard]] Place& place_in(std::size_t limit) noexcept {
        return places_[static_cast<std::size_t>(std::popcount(limits_ & ((LimitMask{1} << limit) - 1)))];
    }

    LimitMask limits_;
    std::unique_ptr<Place[]> places_;  // one for each limit, in their order
};

/// First come, first served in the line of each limit. A request may go when it is the first in all of its lines and
/// fits; so nobody overtakes, and requests without a common limit do not know of each other. As all join their lines at
/// the same moment, the oldest request of all is always the first in all of its lines: the lines cannot block each
/// other in a ring.
class WaitQueue {
public:
    explicit WaitQueue(std::size_t limits) : first_{std::make_unique<Waiting::Place*[]>(limits)} {}

    /// The limits that somebody waits for.
    [[nodiscard]] LimitMask waited_for() const noexcept { return waited_for_; }

    void join(Waiting& waiting) noexcept {
        for_each_bit(waiting.limits_, [&](std::size_t limit) {
            Waiting::Place& place = waiting.place_in(limit);
            place.waiting = &waiting;
            Waiting::Place*& first = first_[limit];
            if (!first) {
                first = place.next = place.previous = &place;
                waited_for_ |= bit(limit);
                return;
            }
            place.next = first;
            place.previous = first->previous;
            place.previous->next = place.next->previous = &place;
        });
    }

    /// In the middle, too.
    void leave(Waiting& waiting) noexcept {
        for_each_bit(waiting.limits_, [&](std::size_t limit) {
            Waiting::Place& place = waiting.place_in(limit);
            Waiting::Place*& first = first_[limit];
            if (place.next == &place) {
                first = nullptr;
                waited_for_ &= ~bit(limit);
                return;
            }
            place.previous->next = place.next;
            place.next->previous = place.previous;
            if (first == &place) first = place.next;
        });
    }

    /// Null if nobody waits for the limit.
    [[nodiscard]] Waiting* first(std::size_t limit) const noexcept {
        return first_[limit] ? first_[limit]->waiting : nullptr;
    }
    /// Who is next in the line of a limit; null behind the last one.
    [[nodiscard]] Waiting* behind(Waiting& waiting, std::size_t limit) const noexcept {
        Waiting::Place* const next = waiting.place_in(limit).next;
        return next == first_[limit] ? nullptr : next->waiting;
    }
    /// Whether it is the first in all of its lines.
    [[nodiscard]] bool leads(const Waiting& waiting) const noexcept {
        bool leads = true;
        for_each_bit(waiting.limits_, [&](std::size_t limit) { leads &= first(limit) == &waiting; });
        return leads;
    }

    /// Something has changed for the limits `changed`: calls `admit(waiting)` for all that may go now, in their order.
    /// It returns whether the request fits, and takes what it needs if so; then the request has left.
    template <class Admit>
    void move_on(LimitMask changed, Admit admit) {
        while ((changed &= waited_for_) != 0) {
            const auto limit = static_cast<std::size_t>(std::countr_zero(changed));
            Waiting* waiting = first(limit);
            if (!leads(*waiting)) {
                changed &= ~bit(limit);
                continue;
            }
            // Left first: who is admitted may be gone at once.
            const LimitMask limits = waiting->limits_;
            if (!admit(*waiting, [&] { leave(*waiting); }))
                changed &= ~limits;
            else
                changed |= limits;
        }
    }

    /// Calls `f(waiting)` for all that are first in the line of a limit among `limits`; more than once for some.
    template <class F>
    void for_each_first(LimitMask limits, F f) const {
        for_each_bit(limits & waited_for_, [&](std::size_t limit) { f(*first(limit)); });
    }
    /// Calls `f(waiting)` for all in the line of a limit, from the first one on.
    template <class F>
    void for_each_in_line(std::size_t limit, F f) const {
        const Waiting::Place* place = first_[limit];
        if (!place) return;
        do {
            f(*place->waiting);
            place = place->next;
        } while (place != first_[limit]);
    }

    template <class F>
    static void for_each_bit(LimitMask mask, F f) {
        for (; mask != 0; mask &= mask - 1) f(static_cast<std::size_t>(std::countr_zero(mask)));
    }
    [[nodiscard]] static constexpr LimitMask bit(std::size_t limit) noexcept { return LimitMask{1} << limit; }

private:
    std::unique_ptr<Waiting::Place*[]> first_;
    LimitMask waited_for_ = 0;
};

}  // namespace concur::detail

/// `Acquisition`: what a LimitSet has granted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "concur/limits/limit_requests.hpp"

namespace concur {
namespace detail {

class LimitCore;
class LimitCaller;

/// An amount of one limit that a request takes. Without initial values: most acquisitions need one of their three.
struct Holding {
    std::uint32_t limit;  // its place in the set
    bool updated;
    bool given_back;      // permits, before the rest of their acquisition
    std::int64_t amount;  // thousandths
    std::int64_t mark;    // of a rate: what its algorithm needs for a refund
};

/// The holdings of one acquisition, in the order of the set, each limit once.
class Holdings {
public:
    Holdings() noexcept {}
    Holdings(Holdings&& other) noexcept { *this = std::move(other); }
    Holdings& operator=(Holdings&& other) noexcept {
        for (std::uint32_t i = 0; !other.many_ && i < other.size_; ++i) few_[i] = other.few_[i];
        std::swap(many_, other.many_);
        size_ = std::exchange(other.size_, 0);
        return *this;
    }
    ~Holdings() { clear(); }

    /// Adds to the limit's amount, saturating.
    void add(std::uint32_t limit, std::int64_t amount) {
        if (size_ == 0)
            few_[size_++] = {limit, false, false, amount, 0};
        else
            add_more(limit, amount);
    }
    void clear() noexcept {
        if (many_) free_many();
        size_ = 0;
    }

    [[nodiscard]] Holding* begin() noexcept { return many_ ? many_ : few_; }
    [[nodiscard]] Holding* end() noexcept { return begin() + size_; }
    [[nodiscard]] const Holding* begin() const noexcept { return many_ ? many_ : few_; }
    [[nodiscard]] const Holding* end() const noexcept { return begin() + size_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    static constexpr std::uint32_t few = 3;

    void add_more(std::uint32_t limit, std::int64_t amount);
    void free_many() noexcept;

    Holding few_[few];
    Holding* many_ = nullptr;  // owned: room for all limits that a set can have
    std::uint32_t size_ = 0;
};

/// The acquisitions that calls hold and keep where they are: who waits for them can be told. Guarded by the set's lock.
struct JudgedLink {
    JudgedLink* next = nullptr;
    JudgedLink* previous = nullptr;
    std::uint64_t caller = 0;  // its age, which no other call will have; 0: not judged
};

}  // namespace detail

/// Holds what was granted, and gives the permits back when it goes away, also when an exception passes. Rates stay
/// charged. Move-only; one thread at a time.
///
/// Releasing never throws and never waits. In the child of a fork it does nothing. What is held outlives the LimitSet.
///
///     auto held = limits.acquire({{"connections", 1}, {"rows", 100}});
///     held.update({{"rows", read()}});                    // the rest of the hundred goes back at once
class [[nodiscard("what was acquired is released when this object goes away")]] Acquisition final
    : private detail::JudgedLink {
public:
    Acquisition() noexcept {}
    Acquisition(Acquisition && other) noexcept;
    Acquisition& operator=(Acquisition&& other) noexcept;
    ~Acquisition() {
        if (core_) give_back();
    }

    /// Whether the request was granted. False for the "not now" of `try_acquire`, a default-constructed one, and after
    /// `release` or a move.
    [[nodiscard]] bool acquired() const noexcept { return core_ != nullptr; }
    explicit operator bool() const noexcept { return acquired(); }

    /// Gives back now. Once; later calls do nothing.
    void release() noexcept {
        if (core_) give_back();
    }

    /// What was really used of each named limit. Less than reserved is refunded at once; more is a debt for a rate,
    /// which later requests wait for, and a ConfigError for a resource. Limits that are not named stay as they are. All
    /// or nothing; may be repeated.
    ///
    /// Refunded of a rate is what still counts: a grant of an earlier window has no part in this one.
    ///
    /// Errors: UnknownLimitError for a key that is not held (a set that skips unknown keys skips those that it does not
    /// have); ConfigError for a negative amount, and if nothing is held.
    void update(const LimitRequests& used);

    /// Of the set that granted it; empty and 0 when nothing is held.
    [[nodiscard]] std::string_view tag() const noexcept;
    [[nodiscard]] std::int64_t data() const noexcept;

    // For the library.

    /// Whose it is from now on, for the detection of deadlocks; null: anybody may give it back.
    void held_by(detail::LimitCaller * caller) noexcept;
    /// Permits go back; of rates what was used is yet to be reported.
    void release_permits() noexcept;

private:
    friend class detail::LimitCore;

    void give_back() noexcept;

    detail::LimitCore* core_ = nullptr;  // counts this acquisition
    detail::Holdings holdings_;
};

}  // namespace concur

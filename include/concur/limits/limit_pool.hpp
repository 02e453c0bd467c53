/// `LimitPool`: several sets, one of which serves each request.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string_view>
#include <vector>

#include "concur/core/enum_names.hpp"
#include "concur/limits/limit_set.hpp"

namespace concur {

/// Which set a request goes to.
enum class LimitSelection : unsigned char {
    round_robin,  ///< one after the other
    random,       ///< any
    least_wait,   ///< the one with the shortest estimate, and of those the one with the fewest waiting
};

namespace detail {

template <>
inline constexpr EnumName<LimitSelection> enum_names<LimitSelection>[] = {
    {"round_robin", LimitSelection::round_robin},
    {"random", LimitSelection::random},
    {"least_wait", LimitSelection::least_wait},
};

}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(LimitSelection selection) noexcept {
    return detail::name_of_value(selection);
}

struct LimitPoolOptions {
    LimitSelection selection = LimitSelection::round_robin;
    /// Tries the other sets before it waits for the chosen one.
    bool spill = true;
    /// The first set of round_robin.
    std::size_t offset = 0;
};

/// Several sets of limits behind one face: regions, keys of an API, database servers. `Acquisition::tag` and `data` say
/// which set has served. A handle, as a LimitSet; all members may be called by any thread.
///
/// The members mean what they mean for a LimitSet. A set that can never serve a request, because a limit is too small
/// or missing, is passed over; if that is so for all of them, the chosen one's error is thrown. ConfigError for no set.
///
/// A call of a worker is charged to the CallLimit of the set that serves it. Sets without a CallLimit serve any number
/// of calls. A retry that another set serves is another attempt of the same call there, too.
class LimitPool {
public:
    /// A set behind the same face.
    LimitPool(LimitSet set);
    LimitPool(std::initializer_list<LimitSet> sets, LimitPoolOptions options = {});
    explicit LimitPool(std::vector<LimitSet> sets, LimitPoolOptions options = {});
    /// A move is a copy: a pool always has its sets.
    LimitPool(const LimitPool&) = default;
    LimitPool& operator=(const LimitPool&) = default;
    ~LimitPool() = default;

    [[nodiscard]] Acquisition acquire(const LimitRequests& requested) const;
    [[nodiscard]] Acquisition acquire(const LimitRequests& requested, Duration timeout) const;
    [[nodiscard]] Acquisition acquire(const LimitRequests& requested,
                                      std::chrono::steady_clock::time_point deadline) const;
    [[nodiscard]] Acquisition acquire(const LimitRequests& requested, const StopToken& stop) const;
    [[nodiscard]] Acquisition try_acquire(const LimitRequests& requested) const;
    [[nodiscard]] Future<Acquisition> async_acquire(const LimitRequests& requested) const;
    /// The shortest of all sets that a request may go to: without spill of the one that would be chosen next.
    [[nodiscard]] Duration estimate(const LimitRequests& requested) const;

    /// Of all sets that have the limit, together. UnknownLimitError if none has.
    [[nodiscard]] LimitStats stats(std::string_view key) const;

    [[nodiscard]] const std::vector<LimitSet>& sets() const noexcept;

    // For the library.

    /// What a worker has that was given no limits: every request is granted.
    [[nodiscard]] static LimitPool none();
    /// What a CallLimit of one of the sets counts; attempts if one counts them.
    [[nodiscard]] detail::CountedCalls counted_calls() const noexcept;
    /// Null if the request has been granted into `result` without waiting. Otherwise the set to wait for, and `result`
    /// has the request.
    [[nodiscard]] detail::LimitCore* take_or_choose(const LimitRequests& requested, Acquisition& result) const;

private:
    struct Shared;

    struct Candidate {
        const LimitSet* set;
        Duration estimate;
    };
    [[nodiscard]] detail::LimitCore* only_core() const;
    [[nodiscard]] std::vector<Candidate> candidates(const LimitRequests& requested) const;
    [[nodiscard]] bool take_at_once(const std::vector<Candidate>& able, std::size_t chosen,
                                    const LimitRequests& requested, Acquisition& result) const;
    [[nodiscard]] std::size_t choose(const std::vector<Candidate>& candidates, std::uint64_t turn) const;

    std::shared_ptr<Shared> shared_;
};

}  // namespace concur

template <>
struct fmt::formatter<concur::LimitSelection> : concur::detail::EnumFormatter<concur::LimitSelection> {};

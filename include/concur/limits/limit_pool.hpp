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
class LimitPool {
public:
    LimitPool(std::initializer_list<LimitSet> sets, LimitPoolOptions options = {});
    explicit LimitPool(std::vector<LimitSet> sets, LimitPoolOptions options = {});

    [[nodiscard]] Acquisition acquire(const LimitRequests& requested);
    [[nodiscard]] Acquisition acquire(const LimitRequests& requested, Duration timeout);
    [[nodiscard]] Acquisition acquire(const LimitRequests& requested, std::chrono::steady_clock::time_point deadline);
    [[nodiscard]] Acquisition acquire(const LimitRequests& requested, const StopToken& stop);
    [[nodiscard]] Acquisition try_acquire(const LimitRequests& requested);
    [[nodiscard]] Future<Acquisition> async_acquire(const LimitRequests& requested);
    /// The shortest of all sets that a request may go to: without spill of the one that would be chosen next.
    [[nodiscard]] Duration estimate(const LimitRequests& requested) const;

    [[nodiscard]] const std::vector<LimitSet>& sets() const noexcept;

private:
    struct Shared;

    struct Candidate {
        const LimitSet* set;
        Duration estimate;
    };
    [[nodiscard]] std::vector<Candidate> candidates(const LimitRequests& requested) const;
    [[nodiscard]] std::size_t choose(const std::vector<Candidate>& candidates, std::uint64_t turn) const;
    /// The set to wait for, and in `at_once` what could be had without waiting, from that one or by spilling.
    [[nodiscard]] const LimitSet& select(const LimitRequests& requested, Acquisition& at_once) const;

    std::shared_ptr<Shared> shared_;
};

}  // namespace concur

template <>
struct fmt::formatter<concur::LimitSelection> : concur::detail::EnumFormatter<concur::LimitSelection> {};

#include "concur/limits/limit_pool.hpp"

#include <algorithm>
#include <atomic>
#include <exception>

#include "limits/checked.hpp"
#include "limits/limit_core.hpp"

namespace concur {

using detail::checked_timeout;
using detail::WaitLimits;

struct LimitPool::Shared {
    std::vector<LimitSet> sets;
    LimitPoolOptions options;
    std::atomic<std::uint64_t> turn{0};
};

namespace {

/// SplitMix64 (Steele, Lea, Flood, 2014): equally distributed, and good enough to share work.
std::uint64_t mixed(std::uint64_t number) noexcept {
    number += 0x9e3779b97f4a7c15;
    number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
    number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
    return number ^ (number >> 31);
}

}  // namespace

LimitPool::LimitPool(std::initializer_list<LimitSet> sets, LimitPoolOptions options)
    : LimitPool(std::vector<LimitSet>(sets), options) {}

LimitPool::LimitPool(std::vector<LimitSet> sets, LimitPoolOptions options) : shared_{std::make_shared<Shared>()} {
    if (sets.empty()) throw ConfigError("sets", "a LimitPool needs at least one LimitSet");
    shared_->sets = std::move(sets);
    shared_->options = options;
    if (options.selection == LimitSelection::round_robin)
        shared_->turn = options.offset % shared_->sets.size();
    else
        // Two pools do not choose alike.
        shared_->turn = mixed(reinterpret_cast<std::uintptr_t>(shared_.get()) +
                              static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()));
}

const std::vector<LimitSet>& LimitPool::sets() const noexcept { return shared_->sets; }

/// The sets that could ever grant the request, each with its estimate.
std::vector<LimitPool::Candidate> LimitPool::candidates(const LimitRequests& requested) const {
    std::vector<Candidate> able;
    std::exception_ptr first_error;
    for (const LimitSet& set : shared_->sets) {
        try {
            able.push_back({&set, set.estimate(requested)});
        } catch (const UnknownLimitError&) {
            if (!first_error) first_error = std::current_exception();
        } catch (const LimitUnsatisfiableError&) {
            if (!first_error) first_error = std::current_exception();
        }
    }
    if (able.empty()) std::rethrow_exception(first_error);
    return able;
}

std::size_t LimitPool::choose(const std::vector<Candidate>& candidates, std::uint64_t turn) const {
    switch (shared_->options.selection) {
        case LimitSelection::round_robin:
            return turn % candidates.size();
        case LimitSelection::random:
            return mixed(turn) % candidates.size();
        case LimitSelection::least_wait:
            break;
    }
    const auto best =
        std::min_element(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
            if (a.estimate != b.estimate) return a.estimate < b.estimate;
            return a.set->core().waiting() < b.set->core().waiting();
        });
    return static_cast<std::size_t>(best - candidates.begin());
}

const LimitSet& LimitPool::select(const LimitRequests& requested, Acquisition& at_once) const {
    const std::vector<Candidate> able = candidates(requested);
    const std::size_t chosen = choose(able, shared_->turn.fetch_add(1, std::memory_order_relaxed));
    const std::size_t tries = shared_->options.spill ? able.size() : 1;
    for (std::size_t i = 0; i < tries && !at_once; ++i) {
        detail::LimitCore& core = able[(chosen + i) % able.size()].set->core();
        if (!core.take_at_once(requested, at_once, detail::NotNow::refused)) at_once = {};
    }
    return *able[chosen].set;
}

Acquisition LimitPool::try_acquire(const LimitRequests& requested) {
    Acquisition at_once;
    static_cast<void>(select(requested, at_once));
    return at_once;
}

Acquisition LimitPool::acquire(const LimitRequests& requested) {
    Acquisition result;
    const LimitSet& set = select(requested, result);
    if (!result && !set.core().take_at_once(requested, result, detail::NotNow::waits))
        wait_for_grant(set.core(), requested, WaitLimits{}, result);
    return result;
}

Acquisition LimitPool::acquire(const LimitRequests& requested, Duration timeout) {
    const WaitLimits until{.timeout = checked_timeout(timeout)};
    Acquisition result;
    const LimitSet& set = select(requested, result);
    if (!result && !set.core().take_at_once(requested, result, detail::NotNow::waits))
        wait_for_grant(set.core(), requested, until, result);
    return result;
}

Acquisition LimitPool::acquire(const LimitRequests& requested, std::chrono::steady_clock::time_point deadline) {
    Acquisition result;
    const LimitSet& set = select(requested, result);
    if (!result && !set.core().take_at_once(requested, result, detail::NotNow::waits))
        wait_for_grant(set.core(), requested, WaitLimits{.deadline = deadline}, result);
    return result;
}

Acquisition LimitPool::acquire(const LimitRequests& requested, const StopToken& stop) {
    Acquisition result;
    const LimitSet& set = select(requested, result);
    if (!result && !set.core().take_at_once(requested, result, detail::NotNow::waits))
        wait_for_grant(set.core(), requested, WaitLimits{.stop = stop}, result);
    return result;
}

Duration LimitPool::estimate(const LimitRequests& requested) const {
    const std::vector<Candidate> able = candidates(requested);
    if (!shared_->options.spill) return able[choose(able, shared_->turn.load(std::memory_order_relaxed))].estimate;
    return std::min_element(able.begin(), able.end(),
                            [](const Candidate& a, const Candidate& b) { return a.estimate < b.estimate; })
        ->estimate;
}

}  // namespace concur

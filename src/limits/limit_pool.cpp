#include "concur/limits/limit_pool.hpp"

#include <algorithm>
#include <atomic>
#include <exception>

#include "core/process_wide.hpp"
#include "limits/checked.hpp"
#include "limits/limit_core.hpp"

namespace concur {

using detail::checked_timeout;
using detail::NotNow;
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
    for (const LimitSet& set : sets) static_cast<void>(set.core());  // throws for one that was moved from
    shared_->sets = std::move(sets);
    shared_->options = options;
    if (options.selection == LimitSelection::round_robin)
        shared_->turn = options.offset % shared_->sets.size();
    else
        // Two pools do not choose alike.
        shared_->turn = mixed(reinterpret_cast<std::uintptr_t>(shared_.get()) +
                              static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()));
}

namespace {

/// A set without limits, for all. Made anew in a forked child, where the parent's sets are dead.
struct NoLimits {
    std::mutex mutex;
    LimitPool pool{LimitSet(*new detail::LimitCore(nullptr, 0, {}))};
};

}  // namespace

LimitPool LimitPool::none() { return detail::ProcessWide<NoLimits>::get().pool; }

LimitPool::LimitPool(LimitSet set) : LimitPool(std::vector<LimitSet>{std::move(set)}) {}

const std::vector<LimitSet>& LimitPool::sets() const noexcept { return shared_->sets; }

detail::CountedCalls LimitPool::counted_calls() const noexcept {
    auto counted = detail::CountedCalls::none;
    for (const LimitSet& set : sets()) counted = std::max(counted, set.core().counted_calls());
    return counted;
}

/// Null if there is a choice.
detail::LimitCore* LimitPool::only_core() const {
    return shared_->sets.size() == 1 ? &shared_->sets.front().core() : nullptr;
}

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

/// Without waiting, from the chosen set or by spilling.
bool LimitPool::take_at_once(const std::vector<Candidate>& able, std::size_t chosen, const LimitRequests& requested,
                             Acquisition& result) const {
    const std::size_t tries = shared_->options.spill ? able.size() : 1;
    for (std::size_t i = 0; i < tries; ++i) {
        if (able[(chosen + i) % able.size()].set->core().take_at_once(requested, result, NotNow::refused)) return true;
        result = {};
    }
    return false;
}

detail::LimitCore* LimitPool::take_or_choose(const LimitRequests& requested, Acquisition& result) const {
    detail::LimitCore* core = only_core();
    if (!core) {
        const std::vector<Candidate> able = candidates(requested);
        const std::size_t chosen = choose(able, shared_->turn.fetch_add(1, std::memory_order_relaxed));
        if (take_at_once(able, chosen, requested, result)) return nullptr;
        core = &able[chosen].set->core();
    }
    return core->take_at_once(requested, result, NotNow::waits) ? nullptr : core;
}

Acquisition LimitPool::try_acquire(const LimitRequests& requested) const {
    Acquisition result;
    if (detail::LimitCore* core = only_core()) {
        static_cast<void>(core->take_at_once(requested, result, NotNow::refused));
    } else {
        const std::vector<Candidate> able = candidates(requested);
        const std::size_t chosen = choose(able, shared_->turn.fetch_add(1, std::memory_order_relaxed));
        static_cast<void>(take_at_once(able, chosen, requested, result));
    }
    return result;
}

Acquisition LimitPool::acquire(const LimitRequests& requested) const {
    Acquisition result;
    if (auto* core = take_or_choose(requested, result)) wait_for_grant(*core, requested, WaitLimits{}, result);
    return result;
}

Acquisition LimitPool::acquire(const LimitRequests& requested, Duration timeout) const {
    const WaitLimits until{.timeout = checked_timeout(timeout)};
    Acquisition result;
    if (auto* core = take_or_choose(requested, result)) wait_for_grant(*core, requested, until, result);
    return result;
}

Acquisition LimitPool::acquire(const LimitRequests& requested, std::chrono::steady_clock::time_point deadline) const {
    const WaitLimits until{.deadline = deadline};
    Acquisition result;
    if (auto* core = take_or_choose(requested, result)) wait_for_grant(*core, requested, until, result);
    return result;
}

Acquisition LimitPool::acquire(const LimitRequests& requested, const StopToken& stop) const {
    const WaitLimits until{.stop = stop};
    Acquisition result;
    if (auto* core = take_or_choose(requested, result)) wait_for_grant(*core, requested, until, result);
    return result;
}

Duration LimitPool::estimate(const LimitRequests& requested) const {
    const std::vector<Candidate> able = candidates(requested);
    if (!shared_->options.spill) return able[choose(able, shared_->turn.load(std::memory_order_relaxed))].estimate;
    return std::min_element(able.begin(), able.end(),
                            [](const Candidate& a, const Candidate& b) { return a.estimate < b.estimate; })
        ->estimate;
}

namespace {

void add(LimitStats& sum, const LimitStats& of) noexcept {
    sum.capacity += of.capacity;
    sum.in_use += of.in_use;
    sum.available += of.available;
    sum.waiting += of.waiting;
    sum.granted += of.granted;
    sum.refused += of.refused;
    sum.timeouts += of.timeouts;
    sum.cancelled += of.cancelled;
    sum.refunded += of.refunded;
    sum.debt += of.debt;
    sum.unreported += of.unreported;
    sum.wait_time += of.wait_time;
}

}  // namespace

LimitStats LimitPool::stats(std::string_view key) const {
    LimitStats sum;
    bool known = false;
    for (const LimitSet& set : sets()) {
        if (!set.core().has(key)) continue;
        known = true;
        add(sum, set.stats(key));
    }
    return known ? sum : sets().front().stats(key);
}

}  // namespace concur

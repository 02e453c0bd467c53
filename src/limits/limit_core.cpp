#include "limits/limit_core.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "concur/core/text.hpp"
#include "concur/observe/observer.hpp"

namespace concur::detail {
namespace {

LimitMask mask_of(const Holdings& holdings) noexcept {
    LimitMask limits = 0;
    for (const Holding& holding : holdings) limits |= WaitQueue::bit(holding.limit);
    return limits;
}

/// Whether it is the one that holds what is judged, or runs inside of that one.
bool is_or_is_inside(const LimitCaller* caller, std::uint64_t holder) noexcept {
    while (caller && caller->age_if_any() != holder) caller = caller->outer();
    return caller != nullptr;
}

}  // namespace

// ---- callers

constinit thread_local LimitCaller* LimitCaller::innermost_ = nullptr;

std::uint64_t LimitCaller::age() noexcept {
    static constinit std::atomic<std::uint64_t> ages{0};
    if (age_ == 0) age_ = ages.fetch_add(1, std::memory_order_relaxed) + 1;
    return age_;
}

// ---- time

/// Looks again when the first of those that wait for a rate may go. Keeps the set alive while it is set.
class LimitCore::GrantTimer final : public Timer {
public:
    explicit GrantTimer(LimitCore& core) noexcept : core_{&core} {}
    void expired() noexcept override;

private:
    IntrusivePtr<LimitCore> core_;
};

/// The lock, and what is done after it is released: code of the user, and of the clock, that takes locks of its own.
class LimitCore::Visit {
public:
    explicit Visit(LimitCore& core) noexcept : core_{&core} { core.lock_.lock(); }
    Visit(LimitCore& core, std::adopt_lock_t) noexcept : core_{&core} {}
    ~Visit() {
        core_->lock_.unlock();
        if (old_timer_) core_->clock().unschedule(*old_timer_);
        if (new_timer_)
            core_->clock().schedule(IntrusivePtr<Timer>(new_timer_.get()), TimePoint(TimePoint::duration(due_)));
        while (first_) {
            LimitWaiter& waiter = *first_;
            first_ = waiter.next_told_;
            waiter.told(waiter.verdict_);
        }
    }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

    void tell(LimitWaiter& waiter, LimitWaiter::Verdict verdict) noexcept {
        waiter.verdict_ = verdict;
        waiter.next_told_ = nullptr;
        (last_ ? last_->next_told_ : first_) = &waiter;
        last_ = &waiter;
    }
    void replace_timer(IntrusivePtr<GrantTimer> old_timer, IntrusivePtr<GrantTimer> new_timer, Ticks due) noexcept {
        // One that this visit has made itself is not set yet.
        if (old_timer && !(old_timer == new_timer_)) old_timer_ = std::move(old_timer);
        new_timer_ = std::move(new_timer);
        due_ = due;
    }

private:
    IntrusivePtr<LimitCore> core_;  // who is told, and who leaves, may be the last to know the set
    LimitWaiter* first_ = nullptr;
    LimitWaiter* last_ = nullptr;
    IntrusivePtr<GrantTimer> old_timer_;
    IntrusivePtr<GrantTimer> new_timer_;
    Ticks due_ = 0;
};

void LimitCore::GrantTimer::expired() noexcept {
    const IntrusivePtr<Timer> keep(this);  // the set lets go of it
    Visit visit(*core_);
    if (core_->timer_.get() == this) {
        core_->timer_ = nullptr;
        core_->timer_due_ = never_ticks;
    }
    core_->move_on(visit, core_->rates_, core_->now());
}

void LimitCore::set_timer(Visit& visit, Ticks now) noexcept {
    Ticks due = never_ticks;
    queue_.for_each_first(rates_, [&](Waiting& waiting) {
        const auto& waiter = static_cast<LimitWaiter&>(waiting);
        if (queue_.leads(waiting)) due = std::min(due, earliest(waiter.result_.holdings_, now));
    });
    if (due == timer_due_) return;
    IntrusivePtr<GrantTimer> timer(due == never_ticks ? nullptr : new GrantTimer(*this));
    timer_due_ = due;
    visit.replace_timer(std::exchange(timer_, timer), timer, due);
}

// ---- life

LimitCore::LimitCore(const Limit* limits, std::size_t count, LimitSetOptions options)
    : size_{static_cast<std::uint32_t>(count)},
      unknown_keys_{options.unknown_keys},
      clock_{options.clock},
      queue_{count},
      tag_{std::move(options.tag)},
      data_{options.data} {
    if (count > most_limits)
        throw ConfigError("limits", fmt::format("{} are too many; a LimitSet has at most {}", count, most_limits));
    if (options.shared == Mode::process || options.shared == Mode::ray)
        throw ConfigError("shared", fmt::format("limits shared in {} mode are not available in this version",
                                                to_string(options.shared)));
    std::size_t key_bytes = 0;
    for (std::size_t i = 0; i < count; ++i) key_bytes += limits[i].key().size();
    keys_ = std::make_unique<char[]>(key_bytes);
    limits_ = std::make_unique<LimitState[]>(count);
    char* key = keys_.get();
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::string& of = limits[i].key();
        for (std::uint32_t j = 0; j < i; ++j)
            if (limits[j].key() == of) throw ConfigError("limits", quoted(of) + " comes twice; each key comes once");
        key = std::copy(of.begin(), of.end(), key);
        limits_[i].set_up(limits[i]);
        if (limits[i].kind() == Limit::Kind::calls) {
            call_limit_ = i;
            counted_calls_ = limits[i].counts_attempts() ? CountedCalls::attempts : CountedCalls::calls;
        }
        if (limits_[i].is_rate()) rates_ |= WaitQueue::bit(i);
    }
}

void LimitCore::release() noexcept {
    // Acquire and release: what others did with the set comes before its end.
    if (references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    if (generation_ != fork_generation()) return;  // its lock may be held by a thread that is not here
    lock_.lock();
    orphaned_ = true;
    const bool last = acquisitions_ == 0;
    lock_.unlock();
    if (last) delete this;
}

void LimitCore::throw_forked() {
    throw ForkedHandleError(
        "this LimitSet was made before a fork, and its state is the parent's; make one in the child");
}

// ---- requests

[[gnu::always_inline]] inline std::optional<std::uint32_t> LimitCore::find(std::string_view key) const noexcept {
    const char* candidate = keys_.get();
    for (std::uint32_t i = 0; i < size_; ++i) {
        const std::size_t size = limits_[i].key_size();
        if (size == key.size() && std::memcmp(candidate, key.data(), size) == 0) return i;
        candidate += size;
    }
    return std::nullopt;
}

std::string LimitCore::key_of(std::uint32_t limit) const {
    const char* key = keys_.get();
    for (std::uint32_t i = 0; i < limit; ++i) key += limits_[i].key_size();
    return {key, limits_[limit].key_size()};
}

bool LimitCore::has(std::string_view key) const noexcept { return find(key).has_value(); }

std::uint32_t LimitCore::find_or_throw(std::string_view key) const {
    if (const auto limit = find(key)) return *limit;
    std::string known;
    for (std::uint32_t i = 0; i < size_; ++i) known += (i == 0 ? "" : ", ") + quoted(key_of(i));
    throw UnknownLimitError(fmt::format("there is no limit {} in this set; it has {}", quoted(key), known),
                            std::string(key));
}

void LimitCore::meet_unknown(std::string_view key) {
    if (size_ == 0) return;
    if (unknown_keys_ == UnknownKeys::error) static_cast<void>(find_or_throw(key));
    if (has_warned_.exchange(true, std::memory_order_relaxed)) return;
    const std::string message = fmt::format(
        "a request names the limit {}, which its set does not have; it is skipped, as all such will be", quoted(key));
    tell_warning(nullptr, {WarningKind::unknown_limit, {}, {}, message, nullptr});
}

[[gnu::always_inline]] inline LimitMask LimitCore::resolve(const LimitRequests& requested, Acquisition& result) {
    refuse_if_forked();
    LimitMask limits = 0;
    if (counts(requested.charge())) {
        result.holdings_.add(call_limit_, one_amount);
        limits = WaitQueue::bit(call_limit_);
    }
    for (const LimitRequest& request : requested) {
        if (request.thousandths() < 0) [[unlikely]]
            throw ConfigError(std::string(request.key()), "an amount is 0 or more");
        const auto limit = find(request.key());
        if (!limit) [[unlikely]] {
            meet_unknown(request.key());
            continue;
        }
        if (request.thousandths() == 0) continue;
        result.holdings_.add(*limit, request.thousandths());
        limits |= WaitQueue::bit(*limit);
    }
    return limits;
}

[[gnu::always_inline]] inline bool LimitCore::fits(const Holdings& holdings, Ticks now) noexcept {
    for (const Holding& holding : holdings)
        if (!limits_[holding.limit].fits(now, holding.amount)) return false;
    return true;
}

void LimitCore::refuse_too_much(const Holdings& holdings) {
    for (const Holding& holding : holdings) {
        const LimitState& limit = limits_[holding.limit];
        if (holding.amount <= limit.most()) continue;
        const std::string key = key_of(holding.limit);
        const double most = to_units(limit.most());
        lock_.unlock();
        throw LimitUnsatisfiableError(
            fmt::format("{} of {} can never be granted; its most is {}", to_units(holding.amount), quoted(key), most),
            key);
    }
}

[[gnu::always_inline]] inline void LimitCore::take(Acquisition& result, LimitCaller* caller, Ticks now) noexcept {
    for (Holding& holding : result.holdings_) limits_[holding.limit].take(now, holding);
    ++acquisitions_;
    result.core_ = this;
    if (caller) link(result, *caller);
}

[[gnu::always_inline]] inline bool LimitCore::try_take(Acquisition& result, LimitMask limits, NotNow not_now) {
    LimitCaller* const caller = LimitCaller::innermost();
    lock_.lock();
    const Ticks now = now_for(limits);
    if ((queue_.waited_for() & limits) == 0 && fits(result.holdings_, now)) [[likely]] {
        take(result, caller, now);
        lock_.unlock();
        return true;
    }
    refuse_too_much(result.holdings_);
    if (not_now == NotNow::refused)
        for (const Holding& holding : result.holdings_) ++limits_[holding.limit].refused;
    lock_.unlock();
    return false;
}

// Nearly all acquisitions are these few instructions between two atomic ones, and most of what a call between them
// costs is the call: B12.
bool LimitCore::take_at_once(const LimitRequests& requested, Acquisition& result, NotNow not_now) {
    return try_take(result, resolve(requested, result), not_now);
}

// ---- the queue

bool LimitCore::take_or_join(LimitWaiter& waiter) {
    Visit visit(*this);
    const Ticks now = this->now();
    const Holdings& holdings = waiter.result_.holdings_;
    if ((queue_.waited_for() & waiter.limits()) == 0 && fits(holdings, now)) {
        take(waiter.result_, waiter.caller_, now);
        return true;
    }
    waiter.since_ = now;
    waiter.queued_ = true;
    queue_.join(waiter);
    add_ref();  // of the queue
    if (queue_.leads(waiter)) set_timer(visit, now);
    if (judged_ && waiter.caller_) {
        static_cast<void>(waiter.caller_->age());
        waiter.holds_ = holds_something(*waiter.caller_);
        waiting_holders_ += waiter.holds_ ? 1 : 0;
    }
    if (waiting_holders_ > 0) end_deadlocks(visit, now);
    return false;
}

void LimitCore::left(LimitWaiter& waiter) noexcept {
    waiter.queued_ = false;
    if (waiter.holds_) --waiting_holders_;
    references_.fetch_sub(1, std::memory_order_relaxed);  // of the queue; never the last one: the visitor has one
}

bool LimitCore::leave(LimitWaiter& waiter, LeftBecause why) noexcept {
    if (generation_ != fork_generation()) return false;  // the queue is the parent's
    Visit visit(*this);
    if (!waiter.queued_) return false;
    queue_.leave(waiter);
    left(waiter);
    if (why != LeftBecause::comes_again)
        WaitQueue::for_each_bit(waiter.limits(), [&](std::size_t limit) {
            ++(why == LeftBecause::timeout ? limits_[limit].timeouts : limits_[limit].cancelled);
        });
    move_on(visit, waiter.limits(), now());
    return true;
}

void LimitCore::move_on(Visit& visit, LimitMask changed, Ticks now) noexcept {
    queue_.move_on(changed, [&](Waiting& waiting, auto&& leave_queue) {
        auto& waiter = static_cast<LimitWaiter&>(waiting);
        if (!fits(waiter.result_.holdings_, now)) return false;
        leave_queue();
        left(waiter);
        for (const Holding& holding : waiter.result_.holdings_) {
            Ticks& wait_time = limits_[holding.limit].wait_time;
            if (__builtin_add_overflow(wait_time, now - waiter.since_, &wait_time)) wait_time = never_ticks;
        }
        take(waiter.result_, waiter.caller_, now);
        visit.tell(waiter, LimitWaiter::Verdict::granted);
        return true;
    });
    set_timer(visit, now);
}

LimitMask LimitCore::limits_of(const Acquisition& request) noexcept { return mask_of(request.holdings_); }

void LimitCore::count_timeout(const Acquisition& request) noexcept {
    const std::lock_guard lock(lock_);
    for (const Holding& holding : request.holdings_) ++limits_[holding.limit].timeouts;
}

LimitCore::Shortage LimitCore::shortage_of(const Acquisition& request) {
    const std::lock_guard lock(lock_);
    const Ticks now = this->now();
    Shortage shortage{{}, Duration::of_nanoseconds(earliest(request.holdings_, now)) - Duration::of_nanoseconds(now)};
    if (earliest(request.holdings_, now) == never_ticks) shortage.estimate = never;
    for (const Holding& holding : request.holdings_)
        if (!limits_[holding.limit].fits(now, holding.amount)) shortage.keys.push_back(key_of(holding.limit));
    // All would fit, but others are first.
    if (shortage.keys.empty())
        for (const Holding& holding : request.holdings_)
            if (queue_.first(holding.limit)) shortage.keys.push_back(key_of(holding.limit));
    return shortage;
}

Ticks LimitCore::earliest(const Holdings& holdings, Ticks now) noexcept {
    Ticks when = now;
    for (const Holding& holding : holdings) when = std::max(when, limits_[holding.limit].earliest(now, holding.amount));
    return when;
}

// ---- what is held

void LimitCore::give_back(Acquisition& held) noexcept {
    if (generation_ != fork_generation()) [[unlikely]] {  // L16: the permits are the parent's
        held.core_ = nullptr;
        return;
    }
    lock_.lock();
    if (held.caller) unlink(held);
    LimitMask roomier = 0;
    for (const Holding& holding : held.holdings_)
        if (limits_[holding.limit].give_back(holding)) roomier |= WaitQueue::bit(holding.limit);
    held.core_ = nullptr;
    held.holdings_.clear();
    const bool last = --acquisitions_ == 0 && orphaned_;
    if ((queue_.waited_for() & roomier) != 0) [[unlikely]] {
        Visit visit(*this, std::adopt_lock);  // the set is alive as long as somebody waits
        return move_on(visit, roomier, now());
    }
    lock_.unlock();
    if (last) delete this;
}

void LimitCore::give_back_permits(Acquisition& held) noexcept {
    if (generation_ != fork_generation()) return;
    Visit visit(*this);
    LimitMask roomier = 0;
    for (Holding& holding : held.holdings_) {
        if (limits_[holding.limit].is_rate() || holding.given_back) continue;
        static_cast<void>(limits_[holding.limit].give_back(holding));
        holding.amount = 0;
        holding.given_back = true;
        roomier |= WaitQueue::bit(holding.limit);
    }
    if ((queue_.waited_for() & roomier) != 0) move_on(visit, roomier, now());
}

void LimitCore::undo(Acquisition& held) noexcept {
    if (generation_ == fork_generation()) {
        Visit visit(*this);
        const LimitMask rates = mask_of(held.holdings_) & rates_;
        const Ticks now = now_for(rates);
        for (Holding& holding : held.holdings_)
            if (limits_[holding.limit].is_rate()) limits_[holding.limit].update(now, holding, 0);
        if ((queue_.waited_for() & rates) != 0) move_on(visit, rates, now);
    }
    held.release();
}

void LimitCore::update(Acquisition& held, const LimitRequests& used) {
    refuse_if_forked();
    Acquisition reported;  // never granted: a list of amounts
    LimitMask limits = 0;
    for (const LimitRequest& request : used) {
        if (request.thousandths() < 0) throw ConfigError(std::string(request.key()), "what was used is 0 or more");
        const auto found = find(request.key());
        if (!found) {
            meet_unknown(request.key());
            continue;
        }
        const std::uint32_t limit = *found;
        const auto* holding = std::find_if(held.holdings_.begin(), held.holdings_.end(),
                                           [limit](const Holding& of) { return of.limit == limit; });
        if (holding == held.holdings_.end())
            throw UnknownLimitError(fmt::format("this acquisition has nothing of {}", quoted(request.key())),
                                    std::string(request.key()));
        if (holding->given_back) continue;
        reported.holdings_.add(limit, request.thousandths());
        limits |= WaitQueue::bit(limit);
        // A key that is named twice has used the sum.
        const auto* sum = std::find_if(reported.holdings_.begin(), reported.holdings_.end(),
                                       [limit](const Holding& of) { return of.limit == limit; });
        if (!limits_[limit].is_rate() && sum->amount > holding->amount)
            throw ConfigError(std::string(request.key()),
                              fmt::format("{} were used of {} that are held; a resource cannot lend more",
                                          to_units(sum->amount), to_units(holding->amount)));
    }
    Visit visit(*this);
    const Ticks now = now_for(limits);
    for (Holding& holding : held.holdings_)
        for (const Holding& of : reported.holdings_)
            if (of.limit == holding.limit)
                limits_[holding.limit].update(now, holding, std::min(of.amount, most_amount));
    if ((queue_.waited_for() & limits) != 0) move_on(visit, limits, this->now());
}

// ---- deadlocks

void LimitCore::link(Acquisition& held, LimitCaller& caller) noexcept {
    held.caller = caller.age();
    held.previous = nullptr;
    held.next = judged_;
    if (judged_) judged_->previous = &held;
    judged_ = &held;
}

void LimitCore::unlink(Acquisition& held) noexcept {
    if (held.next) held.next->previous = held.previous;
    (held.previous ? held.previous->next : judged_) = held.next;
    held.caller = 0;
}

void LimitCore::moved(Acquisition& from) noexcept {
    if (generation_ != fork_generation()) return;
    const std::lock_guard lock(lock_);
    if (from.caller) unlink(from);
}

void LimitCore::held_by(Acquisition& held, LimitCaller* caller) noexcept {
    if ((!caller && held.caller == 0) || generation_ != fork_generation()) return;
    const std::lock_guard lock(lock_);
    if (held.caller) unlink(held);
    if (caller) link(held, *caller);
}

bool LimitCore::holds_something(const LimitCaller& caller) const noexcept {
    for (const JudgedLink* held = judged_; held; held = held->next)
        if (is_or_is_inside(&caller, held->caller)) return true;
    return false;
}

template <class F>
void LimitCore::for_each_waiter(F f) const {
    // Each in the line of its first limit.
    WaitQueue::for_each_bit(queue_.waited_for(), [&](std::size_t limit) {
        queue_.for_each_in_line(limit, [&](Waiting& waiting) {
            if (static_cast<std::size_t>(std::countr_zero(waiting.limits())) == limit)
                f(static_cast<LimitWaiter&>(waiting));
        });
    });
}

/// What is held of a limit by calls that are stuck themselves.
Amount LimitCore::held_by_stuck(const Stuck& stuck, std::uint32_t limit) const noexcept {
    Amount held = 0;
    for (const JudgedLink* link = judged_; link; link = link->next) {
        const LimitWaiter* holder = stuck.holders;
        while (holder && !(holder->stuck_ && is_or_is_inside(holder->caller_, link->caller)))
            holder = holder->next_holder_;
        if (!holder) continue;
        for (const Holding& holding : static_cast<const Acquisition&>(*link).holdings_)
            if (holding.limit == limit) held += holding.amount;
    }
    return held;
}

/// Whether a waiter could go once all those have ended that are not stuck. Rates come back with time.
bool LimitCore::can_go(const Stuck& stuck, const LimitWaiter& waiter) const noexcept {
    for (const Holding& holding : waiter.result_.holdings_)
        if (stuck.first[holding.limit] != &waiter) return false;
    for (const Holding& holding : waiter.result_.holdings_) {
        const LimitState& limit = limits_[holding.limit];
        if (limit.is_rate() || holding.amount > limit.capacity()) continue;
        if (holding.amount > limit.capacity() - held_by_stuck(stuck, holding.limit)) return false;
    }
    return true;
}

void LimitCore::goes(Stuck& stuck, LimitWaiter& waiter) const noexcept {
    waiter.stuck_ = false;
    WaitQueue::for_each_bit(waiter.limits(), [&](std::size_t limit) {
        LimitWaiter*& first = stuck.first[limit];
        while (first && !first->stuck_) first = static_cast<LimitWaiter*>(queue_.behind(*first, limit));
    });
}

// A graph reduction: whoever can go once the others have ended is no part of a deadlock, and so on until nobody more
// can. Those that are left wait for each other; the youngest that holds what another one needs must give up.
//
// Each waiter is looked at a few times, however many there are: only the first in its lines can go.
LimitWaiter* LimitCore::find_victim() noexcept {
    Stuck stuck;
    for_each_waiter([&](LimitWaiter& waiter) {
        waiter.stuck_ = true;
        if (waiter.holds_) waiter.next_holder_ = std::exchange(stuck.holders, &waiter);
    });
    WaitQueue::for_each_bit(queue_.waited_for(), [&](std::size_t limit) {
        stuck.first[limit] = static_cast<LimitWaiter*>(queue_.first(limit));
    });
    LimitMask needed = 0;
    for (bool changed = true; changed;) {
        changed = false;
        needed = 0;
        for_each_waiter([&](LimitWaiter& waiter) {
            if (waiter.stuck_ && can_go(stuck, waiter)) {
                goes(stuck, waiter);
                changed = true;
            }
            if (waiter.stuck_) needed |= waiter.limits();
        });
    }
    LimitWaiter* victim = nullptr;
    for_each_waiter([&](LimitWaiter& waiter) {
        if (!waiter.stuck_ || !waiter.holds_) return;
        bool is_needed = false;
        for (const JudgedLink* link = judged_; link; link = link->next)
            is_needed |= is_or_is_inside(waiter.caller_, link->caller) &&
                         (mask_of(static_cast<const Acquisition&>(*link).holdings_) & needed) != 0;
        if (is_needed && (!victim || waiter.caller_->age() > victim->caller_->age())) victim = &waiter;
    });
    return victim;
}

void LimitCore::end_deadlocks(Visit& visit, Ticks now) noexcept {
    while (LimitWaiter* victim = find_victim()) {
        const LimitMask limits = victim->limits();
        queue_.leave(*victim);
        left(*victim);
        visit.tell(*victim, LimitWaiter::Verdict::deadlock);
        move_on(visit, limits, now);
    }
}

// ---- looking and changing

Duration LimitCore::estimate(const LimitRequests& requested) {
    Acquisition request;  // never granted
    const LimitMask limits = resolve(requested, request);
    lock_.lock();
    refuse_too_much(request.holdings_);
    const Ticks now = now_for(limits);
    const Ticks when = earliest(request.holdings_, now);
    lock_.unlock();
    return when == never_ticks ? never : Duration::of_nanoseconds(when - now);
}

void LimitCore::reconfigure(std::string_view key, double capacity, std::optional<Duration> window) {
    refuse_if_forked();
    const std::uint32_t limit = find_or_throw(key);
    Visit visit(*this);
    const Ticks now = this->now();
    limits_[limit].reconfigure(now, limits_[limit].changed_rule(capacity, window));
    move_on(visit, WaitQueue::bit(limit), now);
    if (waiting_holders_ > 0) end_deadlocks(visit, now);  // of less there may be too little for those that wait
}

LimitStats LimitCore::stats_of(std::uint32_t limit, Ticks now) {
    LimitState& of = limits_[limit];
    LimitStats stats;
    stats.capacity = to_units(of.capacity());
    stats.in_use = to_units(of.in_use(now));
    stats.available = to_units(of.available(now));
    queue_.for_each_in_line(limit, [&](const Waiting&) { ++stats.waiting; });
    stats.granted = of.granted;
    stats.refused = of.refused;
    stats.timeouts = of.timeouts;
    stats.cancelled = of.cancelled;
    stats.refunded = to_units(of.refunded);
    stats.debt = to_units(of.debt);
    stats.unreported = of.unreported;
    stats.wait_time = Duration::of_nanoseconds(of.wait_time);
    return stats;
}

LimitStats LimitCore::stats(std::string_view key) {
    refuse_if_forked();
    const std::uint32_t limit = find_or_throw(key);
    const std::lock_guard lock(lock_);
    return stats_of(limit, now());
}

std::vector<std::pair<std::string, LimitStats>> LimitCore::stats() {
    refuse_if_forked();
    std::vector<std::pair<std::string, LimitStats>> all;
    all.reserve(size_);
    for (std::uint32_t i = 0; i < size_; ++i) all.emplace_back(key_of(i), LimitStats());
    const std::lock_guard lock(lock_);
    const Ticks now = this->now();
    for (std::uint32_t i = 0; i < size_; ++i) all[i].second = stats_of(i, now);
    return all;
}

int LimitCore::waiting() {
    refuse_if_forked();
    const std::lock_guard lock(lock_);
    int waiting = 0;
    for_each_waiter([&](const LimitWaiter&) { ++waiting; });
    return waiting;
}

}  // namespace concur::detail

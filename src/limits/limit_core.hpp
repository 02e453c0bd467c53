/// The state behind a LimitSet. docs/design/limits.md
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "concur/core/clock.hpp"
#include "concur/core/fork.hpp"
#include "concur/limits/limit_caller.hpp"
#include "concur/limits/limit_set.hpp"
#include "limits/limit_lock.hpp"
#include "limits/limit_state.hpp"
#include "limits/wait_queue.hpp"

namespace concur::detail {

/// A request that waits in a set. How it waits is the business of who derives from it: a thread that parks, a future.
class LimitWaiter : public Waiting {
public:
    /// How its time in the queue has ended, if it did not leave by itself.
    enum class Verdict : unsigned char {
        granted,   ///< `result` has been acquired
        deadlock,  ///< nothing of what it waits for could ever come; only for waiters with a caller
    };

    /// What is granted goes into `result`, which holds the resolved request already.
    LimitWaiter(Acquisition& result, LimitMask limits, LimitCaller* caller)
        : Waiting(limits), result_{result}, caller_{caller} {}

protected:
    ~LimitWaiter() = default;

private:
    friend class LimitCore;

    /// Told once, without the set's lock: what follows may be long, and who is woken needs the lock next. From then on
    /// the set does not know the waiter any more.
    virtual void told(Verdict verdict) noexcept = 0;

    Acquisition& result_;
    LimitCaller* caller_;
    LimitWaiter* next_told_ = nullptr;
    Ticks since_ = 0;
    Verdict verdict_ = Verdict::granted;
    bool queued_ = false;
    bool holds_ = false;  // its caller, or one that this is inside of, holds something in the set
    // For the search for deadlocks.
    bool stuck_ = false;
    LimitWaiter* next_holder_ = nullptr;
};

/// What a request is that is not granted at once.
enum class NotNow : bool { refused, waits };

/// Why a request leaves the queue without a grant.
enum class LeftBecause : unsigned char { timeout, cancelled, comes_again };

/// The limits of a set, the queue, and one lock for all. Counted by handles, waiters and timers; by acquisitions in a
/// plain number under the lock, which they take anyway.
class LimitCore {
public:
    /// Without limits nothing is unknown to it, and everything is granted.
    LimitCore(const Limit* limits, std::size_t count, LimitSetOptions options);
    LimitCore(const LimitCore&) = delete;
    LimitCore& operator=(const LimitCore&) = delete;

    void add_ref() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept;

    [[nodiscard]] Clock& clock() const noexcept { return clock_.get(); }
    /// What it charges a call for by itself, with its CallLimit.
    [[nodiscard]] CountedCalls counted_calls() const noexcept { return counted_calls_; }
    [[nodiscard]] const std::string& tag() const noexcept { return tag_; }
    [[nodiscard]] std::int64_t data() const noexcept { return data_; }

    /// Checks the request, and grants it if it fits and overtakes nobody. `result` holds nothing yet; if this is false,
    /// it has the request, for a LimitWaiter. Throws what `LimitSet::acquire` throws, but for what comes with waiting.
    [[nodiscard]] bool take_at_once(const LimitRequests& requested, Acquisition& result, NotNow not_now);
    /// The limits of a request that was not granted, at least one.
    [[nodiscard]] static LimitMask limits_of(const Acquisition& request) noexcept;
    /// Hands a request on that is resolved but not granted.
    static void move_request(Acquisition& from, Acquisition& to) noexcept { to.holdings_ = std::move(from.holdings_); }
    /// True if the request could be granted at once: then the waiter is told nothing. Else it is in the queue, until it
    /// is granted, or leaves.
    [[nodiscard]] bool take_or_join(LimitWaiter& waiter);
    /// True if the waiter was in the queue, and is no more. False: it has been granted, or was found in a deadlock.
    [[nodiscard]] bool leave(LimitWaiter& waiter, LeftBecause why) noexcept;
    /// A request that had no time to wait.
    void count_timeout(const Acquisition& request) noexcept;
    /// What a request lacks now.
    struct Shortage {
        std::vector<std::string> keys;
        Duration estimate;
    };
    [[nodiscard]] Shortage shortage_of(const Acquisition& request);

    /// Gives back what was granted to one that never began with it: rates get it back, too.
    void undo(Acquisition& held) noexcept;

    // What an Acquisition does.
    void give_back(Acquisition& held) noexcept;
    void give_back_permits(Acquisition& held) noexcept;
    void update(Acquisition& held, const LimitRequests& used);
    void moved(Acquisition& from) noexcept;
    void held_by(Acquisition& held, LimitCaller* caller) noexcept;

    [[nodiscard]] bool has(std::string_view key) const noexcept;
    [[nodiscard]] Duration estimate(const LimitRequests& requested);
    void reconfigure(std::string_view key, double capacity, std::optional<Duration> window);
    [[nodiscard]] LimitStats stats(std::string_view key);
    [[nodiscard]] std::vector<std::pair<std::string, LimitStats>> stats();
    [[nodiscard]] int waiting();

    void refuse_if_forked() const {
        if (generation_ != fork_generation()) [[unlikely]]
            throw_forked();
    }

private:
    class Visit;
    class GrantTimer;

    ~LimitCore() = default;

    [[noreturn]] static void throw_forked();
    [[nodiscard]] std::optional<std::uint32_t> find(std::string_view key) const noexcept;
    [[nodiscard]] std::uint32_t find_or_throw(std::string_view key) const;
    [[nodiscard]] std::string key_of(std::uint32_t limit) const;
    [[nodiscard]] bool counts(CallCharge charge) const noexcept {
        return charge != CallCharge::none && counted_calls_ != CountedCalls::none &&
               (charge == CallCharge::call || counted_calls_ == CountedCalls::attempts);
    }
    void meet_unknown(std::string_view key);
    [[nodiscard]] Ticks now() const noexcept { return clock_.get().now().time_since_epoch().count(); }
    [[nodiscard]] Ticks now_for(LimitMask limits) const noexcept { return (limits & rates_) != 0 ? now() : 0; }
    [[nodiscard]] LimitStats stats_of(std::uint32_t limit, Ticks now);

    LimitMask resolve(const LimitRequests& requested, Acquisition& result);
    [[nodiscard]] bool try_take(Acquisition& result, LimitMask limits, NotNow not_now);

    // All of these with the lock held.
    [[nodiscard]] bool fits(const Holdings& holdings, Ticks now) noexcept;
    void take(Acquisition& result, LimitCaller* caller, Ticks now) noexcept;
    void move_on(Visit& visit, LimitMask changed, Ticks now) noexcept;
    void set_timer(Visit& visit, Ticks now) noexcept;
    [[nodiscard]] Ticks earliest(const Holdings& holdings, Ticks now) noexcept;
    /// Unlocks and throws if a request is larger than what it asks of.
    void refuse_too_much(const Holdings& holdings);
    void left(LimitWaiter& waiter) noexcept;
    template <class F>
    void for_each_waiter(F f) const;
    [[nodiscard]] bool holds_something(const LimitCaller& caller) const noexcept;
    /// Of those that wait: the first one that is stuck in each line, and all whose callers hold something.
    struct Stuck {
        std::array<LimitWaiter*, most_limits> first{};
        LimitWaiter* holders = nullptr;
    };
    [[nodiscard]] Amount held_by_stuck(const Stuck& stuck, std::uint32_t limit) const noexcept;
    [[nodiscard]] bool can_go(const Stuck& stuck, const LimitWaiter& waiter) const noexcept;
    void goes(Stuck& stuck, LimitWaiter& waiter) const noexcept;
    [[nodiscard]] LimitWaiter* find_victim() noexcept;
    void end_deadlocks(Visit& visit, Ticks now) noexcept;
    void link(Acquisition& held, LimitCaller& caller) noexcept;
    void unlink(Acquisition& held) noexcept;

    LimitLock lock_;
    std::atomic<std::uint32_t> references_{0};
    std::uint32_t acquisitions_ = 0;  // under the lock
    std::uint32_t generation_ = fork_generation();
    std::uint32_t size_;
    std::uint32_t call_limit_ = 0;  // if calls are counted
    bool orphaned_ = false;         // under the lock: only acquisitions are left
    CountedCalls counted_calls_ = CountedCalls::none;
    UnknownKeys unknown_keys_;
    std::atomic<bool> has_warned_{false};
    TimeSource clock_;
    LimitMask rates_ = 0;
    std::unique_ptr<LimitState[]> limits_;
    std::unique_ptr<char[]> keys_;  // of all, one after the other
    WaitQueue queue_;
    JudgedLink* judged_ = nullptr;
    int waiting_holders_ = 0;         // only with one of these can a deadlock be
    IntrusivePtr<GrantTimer> timer_;  // set for `timer_due_`, while somebody waits for a rate
    Ticks timer_due_ = never_ticks;
    std::string tag_;
    std::int64_t data_;
};

/// Where the ways of waiting meet the handles.
struct WaitLimits {
    Duration timeout = never;
    TimePoint deadline = no_deadline;
    StopToken stop{};
};

/// Blocks the thread until a request is granted that `take_at_once` has not granted, into the same `result`: what is
/// moved on from there could not be judged (LimitCaller). src/call/limit_waits.cpp
void wait_for_grant(LimitCore& core, const LimitRequests& requested, const WaitLimits& until, Acquisition& result);

}  // namespace concur::detail

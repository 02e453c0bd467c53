/// The shared state behind every future: its life, its value or error, and who waits for it.
///
/// One state per call, promise or continuation, one allocation each. What depends on the value's type is a thin layer,
/// `ValueState<T>`; everything else is compiled once, in src/future/state.cpp. States, owners and memory orders are
/// argued in docs/design/call_life.md.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "concur/core/clock.hpp"
#include "concur/core/fork.hpp"
#include "concur/core/intrusive_ptr.hpp"
#include "concur/core/mode.hpp"
#include "concur/future/stop_reason.hpp"

namespace concur {

template <class T>
class Future;
class Observer;

/// Where and when a call failed.
struct Failure {
    std::string worker;
    std::string method;
    int attempt = 0;
    int pid = 0;
    /// On the clock of the worker.
    std::chrono::steady_clock::time_point time;
};

namespace detail {

class Dependencies;
class StateBase;

/// How far a state has come. It only ever moves on to the right, except between queued, running and waiting.
enum class Phase : std::uint32_t {
    pending,    ///< waits for inputs, for its promise, or for the future it was derived from
    queued,     ///< may be started by its worker
    running,    ///< the user's code runs
    waiting,    ///< between attempts, for a limit, or for the future that the method returned
    finishing,  ///< somebody has claimed the right to complete it
    done,
};

/// Who completes a state: its owner (the worker that ran it, the thread that sets a promise), or anybody else (a
/// cancel, a stop, a deadline). The user's callbacks run on the owner's thread, but never on that of an innocent other:
/// for those the runtime runs them.
enum class CompletedBy : bool { owner, other };

/// What follows when a state is done. Attached to one state, run once; it owns itself.
class Continuation {
public:
    /// `source` is done. Frees the continuation.
    virtual void run(StateBase& source) noexcept = 0;

protected:
    /// Whether `run` calls code of the user.
    enum class Code : bool { library, user };
    explicit Continuation(Code code) noexcept : code_{code} {}
    ~Continuation() = default;

private:
    friend class StateBase;
    friend class ReadyQueue;
    Continuation* next_ = nullptr;
    StateBase* source_ = nullptr;  // set while it is queued to run, with a reference
    Code code_;
    bool for_other_ = false;  // it follows from what somebody other than the owner did
};

class StateBase {
public:
    StateBase(const StateBase&) = delete;
    StateBase& operator=(const StateBase&) = delete;

    // Counting. Handles are futures (and what will read the value as a future does); references keep the memory only.
    // Both counts live in one word, so that a handle, which is also a reference, costs one atomic operation.
    void add_ref() noexcept { counts_.fetch_add(one_ref, std::memory_order_relaxed); }
    void release() noexcept { drop(one_ref); }
    void add_handle() noexcept { counts_.fetch_add(one_handle, std::memory_order_relaxed); }
    void drop_handle() noexcept { drop(one_handle); }
    void turn_handle_into_ref() noexcept { counts_.fetch_sub(one_handle - one_ref, std::memory_order_relaxed); }
    /// True if the caller's handle is the only one. Acquire: what other handles did with the value comes before.
    [[nodiscard]] bool sole_handle() const noexcept { return counts_.load(std::memory_order_acquire) >> 32 == 1; }

    [[nodiscard]] Phase phase() const noexcept { return phase_of(word_.load(std::memory_order_acquire)); }
    [[nodiscard]] bool done() const noexcept { return phase() == Phase::done; }

    /// Waits until the state is done; false if the deadline comes first. Throws DeadlockError if that could never
    /// happen.
    bool wait(TimePoint deadline = no_deadline) { return done() || wait_long(deadline); }

    /// True in the child of a fork, for states of the parent: nobody here will complete them.
    [[nodiscard]] bool made_before_fork() const noexcept { return generation_ != fork_generation(); }

    /// Asks the state to end early; F5. True if no more of the user's code will run for it.
    bool cancel(Cancel how);

    /// A number that no other state of this process ever has.
    [[nodiscard]] std::uint64_t id() const noexcept;
    [[nodiscard]] Clock& clock() const noexcept { return *clock_; }
    [[nodiscard]] virtual std::string_view method_name() const noexcept { return {}; }

    // What a done state ended in. Asking for the error counts as having seen it (W18).
    [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }
    [[nodiscard]] const std::exception_ptr& see_error() noexcept;
    [[nodiscard]] StopReason stop_reason() const noexcept { return reason_; }
    [[nodiscard]] const Failure* failure() const noexcept;
    [[nodiscard]] int attempts() const noexcept { return attempts_.load(std::memory_order_relaxed); }
    [[nodiscard]] bool holds_cancelled_error() const noexcept;

    /// Where the value is, once the state is done without an error; null for void.
    [[nodiscard]] virtual void* value_address() noexcept = 0;
    /// Moves or copies the value of `source`, a done state of the same value type, into this one.
    virtual void adopt_value(StateBase& source) = 0;
    /// The state of the future that is this state's value; null if the value is none.
    [[nodiscard]] virtual StateBase* nested() noexcept { return nullptr; }

    /// For values that cannot be copied: the first caller may take it. A second one gets false.
    [[nodiscard]] bool try_take() noexcept {
        return (word_.fetch_or(taken_flag, std::memory_order_acq_rel) & taken_flag) == 0;
    }
    [[nodiscard]] bool taken() const noexcept { return (word_.load(std::memory_order_acquire) & taken_flag) != 0; }

    /// Runs `continuation` once the state is done; false if it is done already, and the caller goes on by itself.
    [[nodiscard]] bool attach(Continuation& continuation) noexcept;
    /// Takes it back; false if it has run or will run.
    [[nodiscard]] bool detach(Continuation& continuation) noexcept;

    /// Ends in what `source` ends in, through any depth of futures of futures. The state is running, the caller its
    /// owner; `source` comes with a handle. F12, F7
    void follow(StateBase* source) noexcept;

    /// What has to happen before this state can be done.
    virtual void dependencies(Dependencies& dependencies);

    // Completion. Exactly one thread gets the claim or true from `publish`, and it must hold a reference.

    /// The right to complete a state, and the phase it was taken in.
    struct Claim {
        bool granted;
        Phase from;
        explicit operator bool() const noexcept { return granted; }
    };
    /// Takes the right to complete the state, if its phase is one of `phases`. `complete` must follow.
    template <class... Phases>
    [[nodiscard]] Claim claim(Phases... phases) noexcept {
        return claim_any(((1u << static_cast<std::uint32_t>(phases)) | ...));
    }
    void complete(Claim claim, std::exception_ptr error, StopReason reason, CompletedBy by) noexcept;
    /// The value is in its place: phase `from` becomes done. False if somebody else completed the state meanwhile.
    [[nodiscard]] bool publish(Phase from) noexcept;
    /// One phase to another one; false if it is in neither place any more.
    [[nodiscard]] bool advance(Phase from, Phase to) noexcept;

    [[nodiscard]] bool stop_requested() const noexcept {
        return (word_.load(std::memory_order_acquire) & stop_flag) != 0;
    }

protected:
    explicit StateBase(Phase phase) noexcept
        : counts_{one_handle}, word_{static_cast<std::uint32_t>(phase)}, generation_{fork_generation()} {}
    virtual ~StateBase();

    /// The state is running and was asked to stop: tell the running code.
    virtual void on_stop_requested() noexcept {}
    /// The state is done, and not by the code that it runs: it was claimed in phase `from`, or followed its source to
    /// the end. Let go of what it holds.
    virtual void ended(Phase from) noexcept { static_cast<void>(from); }
    /// Names for `failure()`; null worker if this is no call.
    virtual void describe_failure(Failure&, std::shared_ptr<Observer>&) const {}

    void set_clock(Clock& clock) noexcept { clock_ = &clock; }
    /// Only before the state is shared.
    void add_unshared_ref() noexcept {
        counts_.store(counts_.load(std::memory_order_relaxed) + one_ref, std::memory_order_relaxed);
    }
    void set_attempts(int attempts) noexcept { attempts_.store(attempts, std::memory_order_relaxed); }
    /// Only while nobody else knows the state, as in sync mode: no atomic read-modify-write.
    void set_unshared_phase(Phase phase) noexcept {
        word_.store(static_cast<std::uint32_t>(phase), std::memory_order_relaxed);
    }

    // The future that this one was derived from, or that its method returned; with a handle on it.
    void set_source(StateBase* source) noexcept;
    [[nodiscard]] IntrusivePtr<StateBase> source() const noexcept;
    [[nodiscard]] StateBase* take_source() noexcept;

private:
    friend class Adoption;

    static constexpr std::uint64_t one_ref = 1;
    static constexpr std::uint64_t one_handle = (std::uint64_t{1} << 32) | one_ref;

    static constexpr std::uint32_t phase_mask = 7;
    static constexpr std::uint32_t parked_flag = 8;      // a thread sleeps on word_
    static constexpr std::uint32_t stop_flag = 16;       // asked to stop
    static constexpr std::uint32_t taken_flag = 32;      // a value that cannot be copied is gone
    static constexpr std::uint32_t seen_flag = 64;       // somebody looked at the error
    static constexpr std::uint32_t by_other_flag = 128;  // completed by somebody other than its owner
    static constexpr std::uint32_t source_flag = 256;    // source_ is being read or replaced

    [[nodiscard]] static Phase phase_of(std::uint32_t word) noexcept { return static_cast<Phase>(word & phase_mask); }

    void drop(std::uint64_t share) noexcept {
        // If all that is left is the caller's share, nobody else can add to it: no read-modify-write is needed.
        if (counts_.load(std::memory_order_acquire) == share ||
            counts_.fetch_sub(share, std::memory_order_acq_rel) == share)
            destroy();
    }

    [[nodiscard]] Claim claim_any(std::uint32_t phases) noexcept;
    bool wait_long(TimePoint deadline);
    void destroy() noexcept;
    void done_now(std::uint32_t word_before) noexcept;
    [[nodiscard]] Continuation* close_continuations() noexcept;
    void run_continuations() noexcept;
    void lock_source() const noexcept;
    void unlock_source() const noexcept;
    void report_unseen_failure() noexcept;

    struct FailureRecord {
        Failure failure;
        std::shared_ptr<Observer> observer;
    };

    std::atomic<std::uint64_t> counts_;
    mutable std::atomic<std::uint32_t> word_;
    std::atomic<int> attempts_{0};
    std::atomic<Continuation*> continuations_{nullptr};
    std::exception_ptr error_;
    mutable std::atomic<std::uint64_t> id_{0};
    Clock* clock_ = &steady_clock();
    std::unique_ptr<FailureRecord> failure_;
    StateBase* source_ = nullptr;
    std::uint32_t generation_;
    StopReason reason_ = StopReason::none;
};

/// Runs what has become ready on this thread but waits for the current continuation to end. A thread does this before
/// it blocks: what it waits for may be among it.
void run_ready_continuations() noexcept;

/// Reports an exception that escaped from a callback, where nobody can catch it.
void report_callback_error(std::exception_ptr error, std::string_view method_name) noexcept;

/// Moves the value of a done state out of it if `handle` is the last one, else copies it; a value that cannot be copied
/// is taken by the first. The caller keeps its handle.
template <class T>
T take_value(StateBase& state);

/// A state with room for a T beside what Base has.
template <class T, class Base = StateBase>
class ValueState : public Base {
public:
    [[nodiscard]] void* value_address() noexcept final { return storage_; }
    void adopt_value(StateBase& source) final {
        emplace([&]() -> T { return take_value<T>(source); });
    }
    [[nodiscard]] StateBase* nested() noexcept final {
        if constexpr (requires(T & value) { value.shared_state_of_future(); }) {
            return has_value_ ? value().shared_state_of_future() : nullptr;
        } else {
            return nullptr;
        }
    }

    /// Builds the value in place from what `make` returns. A value of an earlier attempt goes first.
    template <class Make>
    void emplace(Make&& make) {
        discard_value();
        ::new (static_cast<void*>(storage_)) T(std::forward<Make>(make)());
        has_value_ = true;
    }
    void discard_value() noexcept {
        if (has_value_) value().~T();
        has_value_ = false;
    }

protected:
    using Base::Base;
    ~ValueState() override { discard_value(); }

private:
    T& value() noexcept { return *std::launder(reinterpret_cast<T*>(storage_)); }

    alignas(T) std::byte storage_[sizeof(T)];
    bool has_value_ = false;
};

template <class Base>
class ValueState<void, Base> : public Base {
public:
    [[nodiscard]] void* value_address() noexcept final { return nullptr; }
    void adopt_value(StateBase&) final {}
    template <class Make>
    void emplace(Make&& make) {
        std::forward<Make>(make)();
    }
    void discard_value() noexcept {}

protected:
    using Base::Base;
};

}  // namespace detail
}  // namespace concur

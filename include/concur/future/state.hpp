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
#include <typeinfo>
#include <vector>

#include "concur/core/clock.hpp"
#include "concur/core/fork.hpp"
#include "concur/core/intrusive_ptr.hpp"
#include "concur/core/mode.hpp"
#include "concur/core/stop_reason.hpp"

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
class Workload;

[[noreturn]] void throw_no_state();

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
    /// Whose code `run` calls, and whether another state waits for it.
    enum class Code : unsigned char {
        library,   ///< none of the user's; a state or a thread waits for it
        user,      ///< the user's; a state waits for what it gives
        callback,  ///< the user's; nobody waits for it
    };
    explicit Continuation(Code code) noexcept : code_{code} {}
    ~Continuation() = default;

private:
    friend class StateBase;
    friend class ReadyQueue;
    friend struct ReadyList;
    Continuation* next_ = nullptr;
    union {
        Continuation* newer_ = nullptr;  // while attached: its other neighbour, as far as detach() has looked
        StateBase* source_;              // while queued to run: with a reference
    };
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
    /// The same before the state is shared, without an atomic read-modify-write.
    void add_unshared_ref() noexcept {
        counts_.store(counts_.load(std::memory_order_relaxed) + one_ref, std::memory_order_relaxed);
    }
    void drop_unshared_ref() noexcept {
        counts_.store(counts_.load(std::memory_order_relaxed) - one_ref, std::memory_order_relaxed);
    }
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

    /// Throws ForkedHandleError if nobody in this process will ever complete it.
    void refuse_if_forked() const;

    /// Asks the state to end early; F5. True if no more of the user's code will run for it.
    bool cancel(Cancel how);

    /// A number that no other state of this process ever has.
    [[nodiscard]] std::uint64_t id() const noexcept;
    [[nodiscard]] Clock& clock() const noexcept;
    [[nodiscard]] virtual std::string_view method_name() const noexcept { return {}; }

    // What a done state ended in. Asking for the error counts as having seen it (W18).
    [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }
    [[nodiscard]] const std::exception_ptr& see_error() noexcept;
    [[nodiscard]] StopReason stop_reason() const noexcept { return reason_; }
    [[nodiscard]] const Failure* failure() const noexcept;
    [[nodiscard]] int attempts() const noexcept { return attempts_.load(std::memory_order_relaxed); }
    [[nodiscard]] bool holds_cancelled_error() const noexcept;

    /// To be called before anybody looks at the value of a done state: one that has come as bytes is decoded now.
    /// Throws SerializationError, each time, for what cannot be decoded.
    void prepare_value() {
        if (word_.load(std::memory_order_acquire) & encoded_flag) [[unlikely]]
            decode_value();
    }
    /// Appends the value of a done state as it came from another process, if nobody has looked at it; else false.
    [[nodiscard]] virtual bool append_encoded_value(std::vector<std::byte>& to) {
        static_cast<void>(to);
        return false;
    }
    /// Where the value is, once the state is done without an error; nothing is there for void.
    [[nodiscard]] void* value_address() noexcept { return reinterpret_cast<std::byte*>(this) + value_offset_; }
    /// Moves or copies the value of `source`, a done state of the same value type, into this one.
    virtual void adopt_value(StateBase& source) = 0;
    /// A value that is a future itself: its state, null if that future is empty.
    struct Nested {
        bool is_future = false;
        StateBase* state = nullptr;
    };
    [[nodiscard]] virtual Nested nested() noexcept { return {}; }
    [[nodiscard]] virtual const std::type_info& value_type() const noexcept = 0;

    /// Whether it is the code of the state that follows it, and not a future that this has returned.
    [[nodiscard]] virtual bool is_code() const noexcept { return false; }

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
    ///
    /// True if somebody else ends it: who completes the source, or who has claimed it meanwhile; false if it is over,
    /// and the caller does what `ended` would do.
    [[nodiscard]] bool follow(StateBase* source) noexcept;

    /// Whether anything that may be part of a ring waits for this state: a thread, another state, or somebody who waits
    /// for all that its worker has under way. Linear in the number of continuations.
    [[nodiscard]] bool is_awaited() noexcept;

    /// The workload that it belongs to, if it is a call.
    [[nodiscard]] virtual const Workload* workload() const noexcept { return nullptr; }

    /// What has to happen before this state can be done.
    virtual void dependencies(Dependencies& dependencies);
    /// Adds the states that this one was derived from and still waits for: what `Cancel::sources` cancels, too.
    virtual void add_sources(std::vector<IntrusivePtr<StateBase>>& sources);

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
    /// `origin` is the state whose failure is passed on, if this one is not where it happened.
    void complete(Claim claim, std::exception_ptr error, StopReason reason, CompletedBy by,
                  const StateBase* origin = nullptr) noexcept;
    /// The value is in its place: phase `from` becomes done. False if somebody else completed the state meanwhile.
    [[nodiscard]] bool publish(Phase from) noexcept {
        // Sequentially consistent, with the load of continuations_ that follows: see attach().
        std::uint32_t word = word_.load(std::memory_order_relaxed);
        do {
            if (phase_of(word) != from) return false;
        } while (!word_.compare_exchange_weak(word, with_phase(word, Phase::done), std::memory_order_seq_cst,
                                              std::memory_order_relaxed));
        if ((word & parked_flag) || continuations_.load(std::memory_order_seq_cst)) done_now(word);
        return true;
    }
    /// The same for a value that is kept as bytes, see `decode_value`, on a thread that must not run code of the user.
    [[nodiscard]] bool publish_encoded(Phase from) noexcept {
        // Nobody looks at the flags of a value before it is done; if it does not come to that, there is no value.
        word_.fetch_or(encoded_flag | by_other_flag, std::memory_order_relaxed);
        return publish(from);
    }
    /// One phase to another one; false if it is not in the first one any more.
    [[nodiscard]] bool advance(Phase from, Phase to) noexcept {
        std::uint32_t word = word_.load(std::memory_order_relaxed);
        do {
            if (phase_of(word) != from) return false;
        } while (!word_.compare_exchange_weak(word, with_phase(word, to), std::memory_order_acq_rel,
                                              std::memory_order_relaxed));
        return true;
    }

    /// Somebody else has claimed this queued state: returns when it does not look at where it was queued any more.
    /// Short: no code of the user runs meanwhile.
    void await_description() const noexcept;

    /// For a state that nobody else can know yet (sync mode): a change of phase without an atomic read-modify-write.
    void set_unshared_phase(Phase phase) noexcept {
        word_.store(static_cast<std::uint32_t>(phase), std::memory_order_relaxed);
    }

    /// Sleeps until the state waits no more, or the time has come.
    void park_while_waiting(TimePoint deadline) noexcept;
    /// Wakes who sleeps on the state, after its phase has changed.
    void wake_parked() noexcept;

    [[nodiscard]] bool stop_requested() const noexcept {
        return (word_.load(std::memory_order_acquire) & stop_flag) != 0;
    }

protected:
    explicit StateBase(Phase phase) noexcept
        : counts_{one_handle}, word_{static_cast<std::uint32_t>(phase)}, generation_{fork_generation()} {}
    virtual ~StateBase() {
        if (has_extras()) delete_extras();
    }

    /// The state is running, or waits for what its code returned, and was asked to stop: tell the code, and what that
    /// has begun.
    virtual void on_stop_requested() noexcept {}
    /// The state is running, in another process: true if its code has not begun there, and never will.
    [[nodiscard]] virtual bool withdraw() noexcept { return false; }
    /// Decodes the value that `publish_encoded` has left as bytes, once; called by everybody who looks at it.
    virtual void decode_value() {}
    /// The value stands in its place from now on.
    void value_is_decoded() noexcept { word_.fetch_and(~encoded_flag, std::memory_order_release); }
    [[nodiscard]] bool value_is_encoded() const noexcept {
        return (word_.load(std::memory_order_acquire) & encoded_flag) != 0;
    }
    /// The state waits now: somebody who ends all that waits may have been here just before.
    virtual void began_to_wait() noexcept {}
    /// The state was claimed in phase `from`, and will be done: destroy what it would have needed to run.
    virtual void claimed(Phase from) noexcept { static_cast<void>(from); }
    /// The state is done, and not by the code that it runs: it was claimed in phase `from`, or followed its source to
    /// the end. Leave the places where it waited.
    virtual void ended(Phase from, CompletedBy by) noexcept {
        static_cast<void>(from);
        static_cast<void>(by);
    }
    /// Names for `failure()`; null worker if this is no call.
    virtual void describe_failure(Failure&, std::shared_ptr<Observer>&) const {}

    void set_value_offset(const void* value) noexcept {
        value_offset_ =
            static_cast<std::uint16_t>(static_cast<const std::byte*>(value) - reinterpret_cast<std::byte*>(this));
    }
    /// Only before the state is shared.
    void set_clock(Clock& clock) {
        if (clock.counts_activities()) extras().clock = IntrusivePtr(&clock);
    }
    /// Where the source of a state is kept; null while there is no such place. Called with the source locked.
    [[nodiscard]] virtual StateBase** source_slot() noexcept {
        Extras* extras = extras_.load(std::memory_order_acquire);
        return extras ? &extras->source : nullptr;
    }
    /// Makes it if need be.
    [[nodiscard]] virtual StateBase** make_source_slot() { return &extras().source; }
    void set_attempts(int attempts) noexcept { attempts_.store(attempts, std::memory_order_relaxed); }
    // The future that this one was derived from, or that its method returned; with a handle on it.
    void set_source(StateBase* source);
    [[nodiscard]] IntrusivePtr<StateBase> source() noexcept;
    [[nodiscard]] StateBase* take_source() noexcept;
    /// What its source ends in is judged before it is its own end: a cancel ends the state itself first.
    void set_judges_source() noexcept { word_.fetch_or(judges_flag, std::memory_order_relaxed); }
    // The source, and what else is replaced and read by few, for a few instructions: a bit of the word is its lock.
    void lock_source() const noexcept;
    void unlock_source() const noexcept;

private:
    friend class Adoption;

    static constexpr std::uint64_t one_ref = 1;
    static constexpr std::uint64_t one_handle = (std::uint64_t{1} << 32) | one_ref;

    static constexpr std::uint32_t phase_mask = 7;
    static constexpr std::uint32_t parked_flag = 8;       // a thread sleeps on word_
    static constexpr std::uint32_t stop_flag = 16;        // asked to stop
    static constexpr std::uint32_t taken_flag = 32;       // a value that cannot be copied is gone
    static constexpr std::uint32_t seen_flag = 64;        // somebody looked at the error
    static constexpr std::uint32_t by_other_flag = 128;   // completed by somebody other than its owner
    static constexpr std::uint32_t described_flag = 512;  // being completed, and past the need for names
    static constexpr std::uint32_t source_flag = 256;     // the source is being read or replaced
    static constexpr std::uint32_t judges_flag = 1024;    // what the source ends in is not yet its own end
    static constexpr std::uint32_t encoded_flag = 2048;   // the value is there as bytes

    [[nodiscard]] static std::uint32_t with_phase(std::uint32_t word, Phase phase) noexcept {
        return (word & ~phase_mask) | static_cast<std::uint32_t>(phase);
    }
    [[nodiscard]] static Phase phase_of(std::uint32_t word) noexcept { return static_cast<Phase>(word & phase_mask); }

    void drop(std::uint64_t share) noexcept {
        // If all that is left is the caller's share, nobody else can add to it: no read-modify-write is needed.
        if (counts_.load(std::memory_order_acquire) == share ||
            counts_.fetch_sub(share, std::memory_order_acq_rel) == share)
            destroy();
    }

    [[nodiscard]] Claim claim_any(std::uint32_t phases) noexcept;
    bool wait_long(TimePoint deadline);
    bool cancel_this();
    bool end_as_cancelled(Claim claim);
    void destroy() noexcept {
        if (!error_ && !has_extras() && !made_before_fork()) [[likely]]
            delete this;
        else
            destroy_with_care();
    }
    [[nodiscard]] bool has_extras() const noexcept { return extras_.load(std::memory_order_relaxed) != nullptr; }
    void destroy_with_care() noexcept;
    void done_now(std::uint32_t word_before) noexcept;
    [[nodiscard]] Continuation* lock_continuations() noexcept;
    [[nodiscard]] Continuation* close_continuations() noexcept;
    void run_continuations() noexcept;
    void report_unseen_failure() noexcept;

    /// What few states need: made when it is first needed, by whoever needs it.
    struct Extras {
        Failure failure;
        bool failed = false;  // `failure` is filled in; written by who completes the state
        std::shared_ptr<Observer> observer;
        StateBase* source = nullptr;
        IntrusivePtr<Clock> clock;  // null: the steady clock
    };
    Extras& extras();
    void delete_extras() noexcept;

    // In the order in which a call's way touches them. A state, its method and two small arguments fit into 120 bytes:
    // glibc serves blocks of that size fastest.
    std::atomic<std::uint64_t> counts_;
    mutable std::atomic<std::uint32_t> word_;
    std::atomic<int> attempts_{0};
    std::atomic<Continuation*> continuations_{nullptr};
    std::exception_ptr error_;
    std::atomic<Extras*> extras_{nullptr};
    mutable std::atomic<std::uint64_t> id_{0};
    std::uint32_t generation_;
    std::uint16_t value_offset_ = 0;
    StopReason reason_ = StopReason::none;

protected:
    // What the derived classes have built in their storage; kept here, where a byte is free. Changed only by who runs
    // or has claimed the state. A byte with masks, not bit-fields: those would be initialised by a read-modify-write of
    // a word that was just written in parts, which the processor has to wait for.
    enum Part : std::uint8_t {
        value_part = 1,
        arguments_part = 2,
        used_up_part = 4,  // an argument that an attempt uses up, and that cannot be copied
        coroutine_part = 8,
    };
    [[nodiscard]] bool has(Part part) const noexcept { return (built_ & part) != 0; }
    void set_built(Part part) noexcept { built_ = static_cast<std::uint8_t>(built_ | part); }
    void set_destroyed(Part part) noexcept { built_ = static_cast<std::uint8_t>(built_ & ~part); }

private:
    std::uint8_t built_ = 0;
};

/// Runs a continuation of the user whose source is done already: now, or soon if this is deep inside others.
void run_at_once(Continuation& continuation, StateBase& source) noexcept;

/// Makes everything move on that is ready on this thread but waits for the current continuation to end. A thread does
/// this before it blocks: what it waits for may be among it.
void make_way_for_wait() noexcept;

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
    void adopt_value(StateBase& source) final {
        emplace([&]() -> T { return take_value<T>(source); });
    }
    [[nodiscard]] const std::type_info& value_type() const noexcept final { return typeid(T); }
    [[nodiscard]] StateBase::Nested nested() noexcept final {
        if constexpr (requires(T & value) { value.shared_state_of_future(); }) {
            return {true, this->has(StateBase::value_part) ? value().shared_state_of_future() : nullptr};
        } else {
            return {};
        }
    }

    /// Builds the value in place from what `make` returns. A value of an earlier attempt goes first.
    template <class Make>
    void emplace(Make&& make) {
        discard_value();
        ::new (static_cast<void*>(storage_)) T(std::forward<Make>(make)());
        this->set_built(StateBase::value_part);
    }
    void discard_value() noexcept {
        if (this->has(StateBase::value_part)) value().~T();
        this->set_destroyed(StateBase::value_part);
    }

protected:
    template <class... A>
    explicit ValueState(A&&... arguments) : Base(std::forward<A>(arguments)...) {
        this->set_value_offset(storage_);
    }
    ~ValueState() override { discard_value(); }

private:
    T& value() noexcept { return *std::launder(reinterpret_cast<T*>(storage_)); }

    alignas(T) std::byte storage_[sizeof(T)];
};

template <class Base>
class ValueState<void, Base> : public Base {
public:
    void adopt_value(StateBase&) final {}
    [[nodiscard]] const std::type_info& value_type() const noexcept final { return typeid(void); }
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

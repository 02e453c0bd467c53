/// One call on its way: what the engine knows of it without knowing its types.
///
///     caller: CallBase made -> inputs ready? -> queued at its host -> running -> done
///
/// The phases, who may change them, and who may block whom: docs/design/call_life.md.
#pragma once

#include <atomic>
#include <memory>
#include <string_view>
#include <vector>

#include "concur/core/stop_token.hpp"
#include "concur/future/state.hpp"

namespace concur {
class CallContext;
}

namespace concur::detail {

class Attempts;
class CallAbroad;
class CallDeadline;
class CallHost;
class Inputs;
class StandIn;
struct CallPolicy;
struct Crossing;
struct EncodedValue;

/// What is known of a method before it is called. One object per method, with static storage.
struct MethodInfo {
    std::string_view name;
};

inline constexpr MethodInfo lambda_info{"lambda"};
inline constexpr MethodInfo function_info{"function"};
/// A method or data member that was passed as a value, so that its name is not known.
inline constexpr MethodInfo method_info{"method"};

/// Gets each future that a call has among its arguments.
class InputVisitor {
public:
    virtual void operator()(StateBase& input) = 0;

protected:
    ~InputVisitor() = default;
};

/// A call: the state of its future, its method, its arguments and its place in a queue, in one allocation.
class CallBase : public StateBase {
public:
    [[nodiscard]] std::string_view method_name() const noexcept final { return method_->name; }
    [[nodiscard]] CallHost& host() const noexcept { return *host_; }

    /// Runs the method on the object and stores its result, or returns the state of the future that the method
    /// returned, with a handle. Throws what the method throws.
    virtual StateBase* invoke(void* object, CallContext& context) = 0;

    /// The same, answered by a stand-in.
    virtual StateBase* invoke_on(StandIn& stand_in, CallContext& context) = 0;

    /// Shows the futures among the arguments.
    virtual void visit_inputs(InputVisitor&) {}

    /// The argument at `index` as it is kept, if others than the method see it as `type`; else null. For who runs the
    /// call, before an attempt. Throws what the conversion of inputs throws.
    [[nodiscard]] virtual const void* argument(std::size_t index, const std::type_info& type) = 0;

    [[nodiscard]] virtual std::size_t argument_count() const noexcept = 0;

    /// Destroys the arguments; once, by whoever ran or ended the call.
    virtual void drop_arguments() noexcept = 0;

    /// The attempt's result, if there is one, is not wanted any more.
    virtual void drop_result() noexcept = 0;

    /// How the call goes to an object in another process, see call/crossing.hpp; null: not at all.
    [[nodiscard]] virtual const Crossing* crossing() const noexcept { return nullptr; }
    /// It runs elsewhere from now on, until it has ended or another place takes it over; null: nowhere. For its host.
    void set_abroad(IntrusivePtr<CallAbroad> abroad);
    /// Ends it with a value that is decoded when somebody looks. False if somebody else has ended it.
    [[nodiscard]] bool publish_encoded_value(std::vector<std::byte> bytes);
    bool append_encoded_value(std::vector<std::byte>& to) override;
    /// How many attempts it has had elsewhere. By who runs it.
    void set_attempts_made(int attempts) noexcept { set_attempts(attempts); }

    /// What tells the running attempt to stop, at `deadline` by itself; made when it is first asked for.
    [[nodiscard]] StopToken stop_token(TimePoint deadline);

    [[nodiscard]] const MethodInfo& method() const noexcept { return *method_; }
    /// Whether it has waited without a thread, for a permit, its next attempt or what it returned.
    [[nodiscard]] bool was_put_aside() const noexcept {
        const Rare* rare = rare_.load(std::memory_order_acquire);
        return rare && rare->attempts;
    }
    /// Whether an attempt may begin a coroutine.
    [[nodiscard]] bool is_coroutine() const noexcept { return has(coroutine_part); }
    /// The coroutine of the attempt has ended, and needs the arguments no longer.
    virtual void coroutine_ended() noexcept {}
    /// False if an attempt uses up an argument that cannot be copied.
    [[nodiscard]] bool is_repeatable() const noexcept { return !has(used_up_part); }

    // What is set before the call is accepted, and never changed. See call/call_timing.hpp.

    /// The policy that differs from its method's; null if none does.
    [[nodiscard]] const CallPolicy* own_policy() const noexcept;
    /// The end of all its attempts and waits, its own or that of the call it was made in.
    [[nodiscard]] TimePoint deadline() const noexcept;
    [[nodiscard]] TimePoint submitted() const noexcept;
    struct Timing {
        TimePoint submitted{};
        /// By its own `call_timeout`.
        TimePoint deadline = no_deadline;
        /// That of the call it was made in, and the stop of that one; null where that one waits for this.
        TimePoint inherited_deadline = no_deadline;
        IntrusivePtr<StopState> outer{};
    };
    void set_timing(Timing timing, std::shared_ptr<const CallPolicy> own_policy);
    /// A stop of the call that this one was made in is a cancel of this one. After it was accepted.
    void inherit_stop();
    /// Starts what ends the call at its deadline, whoever runs it and whatever that one does. After it was accepted.
    void arm_deadline();
    void disarm_deadline() noexcept;

    void dependencies(Dependencies& dependencies) override;
    [[nodiscard]] const Workload* workload() const noexcept override;

protected:
    /// `phase` is `pending` for a call with futures among its arguments, else `queued`.
    CallBase(Phase phase, const MethodInfo& method, CallHost& host) noexcept;
    ~CallBase() override {
        if (rare_.load(std::memory_order_relaxed)) drop_rare();
    }

    [[nodiscard]] StateBase** source_slot() noexcept override;
    [[nodiscard]] StateBase** make_source_slot() override;
    void on_stop_requested() noexcept override;
    [[nodiscard]] bool withdraw() noexcept override;
    void decode_value() override;
    void began_to_wait() noexcept override;
    void claimed(Phase from) noexcept override;
    void ended(Phase from, CompletedBy by) noexcept override;
    void describe_failure(Failure& failure, std::shared_ptr<Observer>& observer) const override;

private:
    friend class Arrival;
    friend class AttemptTimer;
    friend class CallDeadline;
    friend class CallHost;
    friend class concur::CallContext;
    friend class CoroutineState;
    friend class Inputs;
    friend class Mailbox;
    friend class PolicyRun;
    friend class StopRelay;
    friend class Runner;

    void drop_rare() noexcept;
    void let_go_of_attempts() noexcept;
    /// The attempt is over: the next one gets a token of its own.
    void retire_stop_state() noexcept;
    /// Somebody else has ended the call, and asks what it has begun to stop, but perhaps too late: for who runs it.
    void stop_what_it_began() noexcept;
    /// Unless another attempt runs already.
    void request_stop_of_attempt(int number) noexcept;
    void set_last_error(std::exception_ptr error) noexcept;
    [[nodiscard]] std::exception_ptr last_error() const noexcept;

    const MethodInfo* method_;
    CallHost* host_;
    /// Of a call with a deadline or a policy of its own. Never changed after it was accepted.
    struct Timed {
        std::shared_ptr<const CallPolicy> own_policy;
        Timing timing;
        IntrusivePtr<CallDeadline> deadline_timer;
    };
    /// What few calls need: made when it is first needed.
    struct Rare {
        Inputs* inputs = nullptr;
        std::atomic<StopState*> stop{nullptr};  // replaced under the lock of the source
        std::unique_ptr<const Timed> timed;
        StateBase* source = nullptr;         // of the call; here because a call that waits for one is held, too
        std::exception_ptr last_error;       // of the attempt before; guarded as `stop`, for who ends the call in time
        std::unique_ptr<Attempts> attempts;  // of a call that is put aside between two of them
        IntrusivePtr<CallAbroad> abroad;     // replaced under the lock of the source
        std::unique_ptr<EncodedValue> encoded;
        // The place in the host's list of calls that wait elsewhere; guarded by the host's mutex.
        CallBase* next_held = nullptr;
        CallBase* previous_held = nullptr;
        bool held = false;
    };
    Rare& rare();
    [[nodiscard]] IntrusivePtr<CallAbroad> abroad() const noexcept;
    [[nodiscard]] const Timed* timed() const noexcept {
        const Rare* rare = rare_.load(std::memory_order_acquire);
        return rare ? rare->timed.get() : nullptr;
    }
    [[nodiscard]] StopState* stop_state() const noexcept {
        Rare* rare = rare_.load(std::memory_order_seq_cst);
        return rare ? rare->stop.load(std::memory_order_seq_cst) : nullptr;
    }

    CallBase* next_ = nullptr;  // in the mailbox
    std::atomic<Rare*> rare_{nullptr};
};

}  // namespace concur::detail

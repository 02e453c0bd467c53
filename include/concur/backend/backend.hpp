/// What every mode is to the rest of the library: a place where one object lives, that takes calls and can be stopped.
///
/// A mode is one file, src/backend/<mode>.cpp, with a class that derives from Backend and one row in
/// src/backend/modes.cpp.
#pragma once

#include <atomic>
#include <memory>
#include <typeinfo>

#include "concur/backend/application_loop.hpp"
#include "concur/backend/call_options.hpp"
#include "concur/backend/settings.hpp"
#include "concur/call/call_context.hpp"
#include "concur/call/host.hpp"
#include "concur/core/fork.hpp"
#include "concur/observe/observer.hpp"

namespace concur::detail {

/// Builds and destroys the object of a worker, where the worker lives.
class ObjectFactory {
public:
    virtual ~ObjectFactory() = default;
    /// Throws what the constructor throws, and leaves nothing behind then.
    [[nodiscard]] virtual void* build() = 0;
    virtual void destroy(void* object) = 0;

    /// The class of the objects.
    [[nodiscard]] virtual const std::type_info& type() const noexcept = 0;
    /// Throws the pointer, typed: `catch (Base*)` is the one conversion to a base class that needs not know the class.
    [[noreturn]] virtual void throw_pointer(void* object) const = 0;
};

/// What `init` has resolved.
struct WorkerConfig {
    Settings settings;
    std::shared_ptr<Observer> observer;
    TimeSource clock;
    InstrumentSettings instruments;
    /// Null if no call has a policy.
    std::shared_ptr<const CallPolicies> policies;
    /// Null if it was given none.
    std::unique_ptr<const LimitPool> limits;
    /// Null for the library's own.
    std::shared_ptr<ApplicationLoop> loop;
};

/// One worker. Counts handles (proxies; the last one stops the worker) and references (who else needs the memory).
///
/// Threads: all public members from any thread.
class Backend : public CallHost {
public:
    Backend(WorkerConfig config, std::unique_ptr<ObjectFactory> factory);

    void add_ref() noexcept final { references_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept final {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }
    void add_handle() noexcept { handles_.fetch_add(1, std::memory_order_relaxed); }
    void drop_handle() noexcept;

    [[nodiscard]] const Settings& settings() const noexcept { return settings_; }
    [[nodiscard]] const ObjectFactory& factory() const noexcept { return *factory_; }

    /// Takes a call, with options of its own unless null. Throws WorkerStoppedError after a stop, ForkedHandleError in
    /// a forked child.
    void submit(CallBase& call, const CallOptions* options = nullptr) {
        if (generation_ == fork_generation() && stop_level() == StopLevel::none && call.phase() == Phase::queued &&
            !policies() && !options && !LimitCaller::innermost()) [[likely]]
            accept(call);
        else
            submit_with_care(call, options);
    }

    /// W21, W22. Returns when the object is gone, or, inside the worker, at once.
    void stop(Stop how);
    [[nodiscard]] bool stopped() const noexcept {
        return stop_level_.load(std::memory_order_acquire) != StopLevel::none;
    }

    /// W25
    [[nodiscard]] bool drain(Duration timeout);

    /// Makes the worker and its object; throws what the constructor throws.
    [[nodiscard]] static IntrusivePtr<Backend> start(WorkerConfig config, std::unique_ptr<ObjectFactory> factory);

protected:
    enum class StopLevel : unsigned char { none, drain, now };

    virtual ~Backend();

    // The interface of a mode.

    /// Builds the object; throws what its constructor throws, and leaves nothing running then.
    virtual void start_object() = 0;
    /// A call without pending inputs: it takes its place now. Throws if the worker has ended meanwhile.
    virtual void accept(CallBase& call) = 0;
    /// A call with futures among its arguments.
    virtual void accept_with_inputs(CallBase& call);
    /// The stop level has risen: what waits must notice.
    virtual void stop_level_raised() noexcept = 0;
    /// Stop::now: calls that are queued here fail.
    virtual void fail_queued_calls() noexcept = 0;
    /// Something runs that does not react to being asked: end its call. True if there was such a call.
    virtual bool abandon_running_call() noexcept { return false; }
    /// The object is gone: free what the mode has started (join its thread).
    virtual void join() noexcept {}
    /// The last handle was dropped inside the worker, or while the process exits: nobody will call join().
    virtual void orphan() noexcept {}
    /// True if what is stuck may stay so for ever, because it waits for a loop of the application: a stop does not wait
    /// for that, and the object goes when it can.
    [[nodiscard]] virtual bool leaves_stuck_object() const noexcept { return false; }
    /// True if nothing is queued, running or held.
    [[nodiscard]] virtual bool is_idle() = 0;

    // For the modes.

    void raise_stop_level(StopLevel level) noexcept;
    [[nodiscard]] StopLevel stop_level() const noexcept { return stop_level_.load(std::memory_order_seq_cst); }
    [[nodiscard]] void* build_object();
    [[nodiscard]] ObjectFactory& object_factory() noexcept { return *factory_; }
    /// To be called with each call, by whoever holds the worker.
    void note_call() noexcept {
        if (!called_) [[unlikely]]
            note_first_call();
    }
    /// Destroys the object; a destructor that throws becomes a warning.
    void destroy_object(void* object) noexcept;
    /// The object is gone: wakes those who wait in stop() and drain().
    void report_ended() noexcept;
    [[nodiscard]] bool has_ended() const noexcept { return ended_.load(std::memory_order_acquire) != 0; }
    /// The worker may have become idle: wakes those who wait in drain(). Cheap if there are none.
    void report_idle() noexcept {
        if (drainers_.load(std::memory_order_seq_cst) != 0) wake_drainers();
    }
    void warn(WarningKind kind, std::string_view message, std::exception_ptr error = nullptr) noexcept;
    /// Waits until the object is gone; false at the deadline, which is one of `clock`.
    bool await_end(Clock& clock, TimePoint deadline) noexcept;
    void await_end_at_exit(TimePoint deadline) noexcept;
    /// WorkerStoppedError, for a call that comes too late.
    [[noreturn]] void throw_stopped(const CallBase& call) const;

private:
    friend class LiveBackends;
    friend class StopEscalation;

    void submit_with_care(CallBase& call, const CallOptions* options);
    void set_timing(CallBase& call, const CallOptions* options) const;
    void stop_as_last_handle() noexcept;
    void note_first_call() noexcept;
    void stop_and_wait(Stop how);
    void stop_at_exit() noexcept;
    void escalate_later() noexcept;
    void escalate_again() noexcept;
    void wake_drainers() noexcept;
    void warn_of_idle_validators() noexcept;

    Settings settings_;
    std::unique_ptr<ObjectFactory> factory_;
    std::atomic<std::uint32_t> references_{0};
    std::atomic<std::uint32_t> handles_{0};
    std::atomic<StopLevel> stop_level_{StopLevel::none};
    ParkingWord ended_{0};
    std::atomic<std::uint32_t> drainers_{0};
    ParkingWord idle_count_{0};
    IntrusivePtr<Timer> escalation_;  // guarded by mutex_
    Backend* next_live_ = nullptr;    // guarded by the list of live workers
    Backend* previous_live_ = nullptr;
    std::uint32_t generation_ = fork_generation();
    bool live_ = false;
    bool called_ = false;  // by who holds the worker
};

/// A handle on a worker: what proxies are made of.
class WorkerHandle {
public:
    WorkerHandle() noexcept = default;
    explicit WorkerHandle(IntrusivePtr<Backend> backend) noexcept : backend_{backend.detach()} {
        if (backend_) backend_->add_handle();
    }
    WorkerHandle(const WorkerHandle& other) noexcept : backend_{other.backend_} {
        if (!backend_) return;
        backend_->add_ref();
        backend_->add_handle();
    }
    WorkerHandle(WorkerHandle&& other) noexcept : backend_{std::exchange(other.backend_, nullptr)} {}
    WorkerHandle& operator=(WorkerHandle other) noexcept {
        std::swap(backend_, other.backend_);
        return *this;
    }
    ~WorkerHandle() {
        if (backend_) backend_->drop_handle();
    }

    /// Throws NoStateError if the handle is empty.
    [[nodiscard]] Backend& get() const {
        if (!backend_) throw_empty();
        return *backend_;
    }
    [[nodiscard]] explicit operator bool() const noexcept { return backend_ != nullptr; }
    friend bool operator==(const WorkerHandle&, const WorkerHandle&) noexcept = default;

private:
    [[noreturn]] static void throw_empty();

    Backend* backend_ = nullptr;
};

/// Where a call goes, and what it takes along.
struct Addressee {
    Addressee(Backend& worker, const CallOptions* of_call = nullptr) noexcept : backend{worker}, options{of_call} {}

    Backend& backend;
    /// Of a handle that `with` has made; else null.
    const CallOptions* options;
};

/// The backend of the mode that the settings name; BackendUnavailableError if this version has none.
[[nodiscard]] IntrusivePtr<Backend> make_backend(WorkerConfig config, std::unique_ptr<ObjectFactory> factory);

// The rows of the table of modes.
[[nodiscard]] IntrusivePtr<Backend> make_sync_backend(WorkerConfig config, std::unique_ptr<ObjectFactory> factory);
[[nodiscard]] IntrusivePtr<Backend> make_asio_backend(WorkerConfig config, std::unique_ptr<ObjectFactory> factory);
[[nodiscard]] IntrusivePtr<Backend> make_process_backend(WorkerConfig config, std::unique_ptr<ObjectFactory> factory);
[[nodiscard]] IntrusivePtr<Backend> make_thread_backend(WorkerConfig config, std::unique_ptr<ObjectFactory> factory);

}  // namespace concur::detail

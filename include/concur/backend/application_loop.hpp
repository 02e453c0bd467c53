/// The application's own event loop, as a worker that lives there knows it. Without Asio's types.
#pragma once

#include <memory>

#include "concur/core/awaitable.hpp"

namespace concur::detail {

/// Runs once, or is destroyed without that when the loop ends before.
class LoopTask {
public:
    virtual ~LoopTask() = default;
    virtual void run() noexcept = 0;
};

/// What lives on a loop, and cannot outlive it. Counts its references.
class LoopResident {
public:
    virtual void resident_add_ref() noexcept = 0;
    virtual void resident_release() noexcept = 0;
    /// The loop ends, on this thread; what belongs to it can still be destroyed. Returns when that has happened.
    virtual void loop_has_ended() noexcept = 0;

protected:
    ~LoopResident() = default;

private:
    friend class LoopResidents;
    LoopResident* next_ = nullptr;
    LoopResident* previous_ = nullptr;
    bool lives_there_ = false;
};

/// A list of them, each with a reference.
class LoopResidents {
public:
    void add(LoopResident& resident) noexcept {
        resident.resident_add_ref();
        resident.lives_there_ = true;
        resident.previous_ = nullptr;
        resident.next_ = first_;
        if (first_) first_->previous_ = &resident;
        first_ = &resident;
    }
    /// The reference is the caller's now; false if it was not in the list.
    [[nodiscard]] bool remove(LoopResident& resident) noexcept {
        if (!resident.lives_there_) return false;
        resident.lives_there_ = false;
        if (resident.next_) resident.next_->previous_ = resident.previous_;
        (resident.previous_ ? resident.previous_->next_ : first_) = resident.next_;
        return true;
    }
    [[nodiscard]] LoopResident* first() const noexcept { return first_; }

private:
    LoopResident* first_ = nullptr;
};

/// All members may be called by any thread.
class ApplicationLoop {
public:
    ApplicationLoop() = default;
    ApplicationLoop(const ApplicationLoop&) = delete;
    ApplicationLoop& operator=(const ApplicationLoop&) = delete;
    virtual ~ApplicationLoop() = default;

    /// False if the loop does not exist any more: the task is destroyed then, too.
    virtual bool post(std::unique_ptr<LoopTask> task) = 0;
    /// Whether it runs nothing from now on: it has been stopped, or does not exist any more.
    [[nodiscard]] virtual bool is_over() const noexcept = 0;
    [[nodiscard]] virtual boost::asio::execution_context& context() const noexcept = 0;
    /// The loop keeps a reference on the resident until that leaves, or the loop ends.
    virtual void move_in(LoopResident& resident) noexcept = 0;
    virtual void move_out(LoopResident& resident) noexcept = 0;
    /// Something is under way that will come back to the loop.
    virtual void work_began() noexcept = 0;
    virtual void work_ended() noexcept = 0;
};

/// Makes one of an Asio executor. <concur/asio.hpp> defines it.
template <class Executor>
struct ExecutorOption;

}  // namespace concur::detail

/// What waits outside of an event loop, and will be handed back to it.
#pragma once

#include <atomic>
#include <boost/asio/detail/strand_executor_service.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/query.hpp>
#include <concepts>
#include <cstdint>
#include <mutex>

#include "concur/core/clock.hpp"
#include "concur/core/intrusive_ptr.hpp"

namespace concur::detail {

namespace net = boost::asio;

class LoopWaits;

/// A handler of a loop that waits for something elsewhere: another thread posts it back. Counts its references.
class LoopWait {
public:
    LoopWait(const LoopWait&) = delete;
    LoopWait& operator=(const LoopWait&) = delete;

    void add_ref() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }

protected:
    LoopWait() = default;
    virtual ~LoopWait() = default;

    /// The loop is being destroyed, on this thread: lets go of all that belongs to it.
    virtual void loop_gone() noexcept = 0;

private:
    friend class LoopWaits;

    std::atomic<std::uint32_t> references_{0};
    // Guarded by the mutex of the LoopWaits. A wait is linked until somebody has claimed it.
    LoopWait* next_ = nullptr;
    LoopWait* previous_ = nullptr;
    bool linked_ = false;
};

/// The waits of one loop. A wait ends once: in a `claim` by who posts it, or because the loop goes. The loop is not
/// destroyed while anybody is inside, between `enter` (or `claim`) and `leave`: so it can be posted to there, and what
/// belongs to it can be destroyed.
///
/// May outlive the loop.
class LoopWaits {
public:
    LoopWaits() = default;
    LoopWaits(const LoopWaits&) = delete;
    LoopWaits& operator=(const LoopWaits&) = delete;

    /// Those of executors that belong to no loop we could ask: they have to outlive their waits.
    [[nodiscard]] static LoopWaits& of_no_loop();

    void add_ref() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }

    /// False if the loop is being destroyed.
    [[nodiscard]] bool add(LoopWait& wait) noexcept;
    /// The right to end the wait, for one only, who is inside then. False if the loop ends it.
    [[nodiscard]] bool claim(LoopWait& wait) noexcept;
    /// False if the loop is being destroyed, or was.
    [[nodiscard]] bool enter() noexcept;
    void leave() noexcept;
    /// The loop is being destroyed. Returns when nobody is inside, and all waits were told.
    void close() noexcept;

private:
    ~LoopWaits() = default;
    void unlink(LoopWait& wait) noexcept;

    std::atomic<std::uint32_t> references_{0};
    std::mutex mutex_;
    LoopWait* first_ = nullptr;
    // Sequentially consistent, both: who leaves sees that it is closed, or who closes sees that nobody is inside.
    std::atomic<bool> closed_{false};
    ParkingWord inside_{0};  // counts
};

/// Tells the waits of a loop when it goes: before anything else of the loop does that they post to. A loop shuts its
/// services down from the newest to the oldest one; its scheduler is the oldest, and that of strands, which are no
/// executors of the loop itself but queues of their own, is made older than this one.
class LoopService final : public net::execution_context::service {
public:
    static inline net::execution_context::id id;

    explicit LoopService(net::execution_context& context)
        : net::execution_context::service(context), waits_{new LoopWaits()} {
        net::use_service<net::detail::strand_executor_service>(context);
    }

    [[nodiscard]] LoopWaits& waits() const noexcept { return *waits_; }

private:
    void shutdown() noexcept override { waits_->close(); }

    IntrusivePtr<LoopWaits> waits_;
};

template <class Executor>
concept HasLoop = requires(const Executor& executor) {
    { net::query(executor, net::execution::context) } -> std::convertible_to<net::execution_context&>;
};

/// Of the loop that the executor belongs to.
template <class Executor>
[[nodiscard]] LoopWaits& waits_of(const Executor& executor) {
    if constexpr (HasLoop<Executor>) {
        net::execution_context& loop = net::query(executor, net::execution::context);
        return net::use_service<LoopService>(loop).waits();
    } else {
        return LoopWaits::of_no_loop();
    }
}

}  // namespace concur::detail

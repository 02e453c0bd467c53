/// Coroutines that another one has begun, and waits for.
#pragma once

#include <atomic>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <cstddef>
#include <exception>
#include <memory>
#include <utility>
#include <vector>

#include "concur/asio/future_wait.hpp"
#include "concur/asio/spawn.hpp"
#include "concur/core/intrusive_ptr.hpp"

namespace concur::detail {

/// They run on their parent's executor, which runs one thing at a time. The parent sleeps until all have ended.
///
/// Referred to by the parent, each child's completion handler and the slot that cancels the parent. What belongs to the
/// executor goes with the handlers: the last child that ends, or is destroyed with its loop, gives the parent back.
class ChildCoroutines {
public:
    /// What happens to the others when one has ended.
    enum class Rest : unsigned char { goes_on, ends_with_failure, ends_with_first };

    /// A parent that sleeps.
    class Parent {
    public:
        Parent() = default;
        Parent(const Parent&) = delete;
        Parent& operator=(const Parent&) = delete;
        virtual ~Parent() = default;
        /// Posts it to its executor.
        virtual void wake() = 0;
    };

    ChildCoroutines(std::size_t count, Rest rest)
        : rest_{rest}, left_{count + 1}, errors_(count), signals_{new net::cancellation_signal[count]} {}
    ChildCoroutines(const ChildCoroutines&) = delete;
    ChildCoroutines& operator=(const ChildCoroutines&) = delete;

    void add_ref() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }

    /// Once, when the parent sleeps: begins all of them, in order.
    template <class Executor>
    void start(std::unique_ptr<Parent> parent, const Executor& executor,
               std::vector<net::awaitable<void, Executor>> children) {
        parent_ = std::move(parent);
        for (std::size_t i = 0; i < children.size(); ++i) start_one(i, executor, std::move(children[i]));
        one_is_through();
    }

    void cancel(net::cancellation_type type) {
        for (std::size_t i = 0; i < errors_.size(); ++i) signals_[i].emit(type);
    }

    // When all have ended.
    /// What a child has thrown; null if it has returned.
    [[nodiscard]] const std::exception_ptr& error(std::size_t child) const noexcept { return errors_[child]; }
    /// The first one, in time; null if all have returned.
    [[nodiscard]] const std::exception_ptr& first_failure() const noexcept { return first_failure_; }

private:
    /// A child's completion handler.
    class Ended {
    public:
        Ended(ChildCoroutines& all, std::size_t child) noexcept : all_{&all}, child_{child} {}
        Ended(Ended&&) noexcept = default;
        Ended& operator=(Ended&&) = delete;
        ~Ended() {
            if (all_) end(loop_gone_error());
        }
        void operator()(std::exception_ptr error) { end(std::move(error)); }

    private:
        void end(std::exception_ptr error) {
            const IntrusivePtr<ChildCoroutines> all = std::move(all_);
            all->ended(child_, std::move(error));
        }

        IntrusivePtr<ChildCoroutines> all_;
        std::size_t child_;
    };

    ~ChildCoroutines() = default;

    template <class Executor>
    void start_one(std::size_t index, const Executor& executor, net::awaitable<void, Executor> child) {
        Ended handler(*this, index);
        if (rest_is_cancelled_) return handler(operation_aborted());  // one before it could not even begin
        try {
            net::co_spawn(executor, std::move(child),
                          net::bind_cancellation_slot(signals_[index].slot(), std::move(handler)));
        } catch (...) {
            // The handler is gone with the exception, and has told.
        }
    }

    void ended(std::size_t child, std::exception_ptr error);
    void one_is_through();

    std::atomic<std::uint32_t> references_{0};
    const Rest rest_;
    bool rest_is_cancelled_ = false;
    std::atomic<std::size_t> left_;  // children, and start()
    std::exception_ptr first_failure_;
    std::vector<std::exception_ptr> errors_;
    std::unique_ptr<net::cancellation_signal[]> signals_;
    std::unique_ptr<Parent> parent_;
};

template <class Handler>
class ParentOf final : public ChildCoroutines::Parent {
public:
    explicit ParentOf(Handler handler) : handler_{std::move(handler)} {}
    void wake() override {
        auto executor = net::get_associated_executor(handler_);
        net::post(executor, std::move(handler_));
    }

private:
    Handler handler_;
};

/// In the slot that cancels the parent.
class CancelChildren {
public:
    explicit CancelChildren(ChildCoroutines& children) noexcept : children_{&children} {}
    void operator()(net::cancellation_type type) { children_->cancel(type); }

private:
    IntrusivePtr<ChildCoroutines> children_;
};

template <class Executor>
struct StartChildren {
    IntrusivePtr<ChildCoroutines> group;
    Executor executor;
    std::vector<net::awaitable<void, Executor>> children;

    template <class Handler>
    void operator()(Handler&& handler) {
        auto slot = net::get_associated_cancellation_slot(handler);
        if (slot.is_connected()) slot.template emplace<CancelChildren>(*group);
        group->start(std::make_unique<ParentOf<std::decay_t<Handler>>>(std::forward<Handler>(handler)), executor,
                     std::move(children));
    }
};

/// Runs the children, and ends when all of them have ended; their errors stay with the group.
template <class Executor>
net::awaitable<void, Executor> run_children(IntrusivePtr<ChildCoroutines> group,
                                            std::vector<net::awaitable<void, Executor>> children) {
    const Executor executor = co_await net::this_coro::executor;
    auto end = net::async_initiate<const net::deferred_t, void()>(
        StartChildren<Executor>{std::move(group), executor, std::move(children)}, net::deferred);
    co_await std::move(end);
}

}  // namespace concur::detail

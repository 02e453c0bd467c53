/// A future that a handler of an event loop waits for.
#pragma once

#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "concur/asio/loop_waits.hpp"
#include "concur/future/future.hpp"

namespace concur::detail {

/// What a cancelled wait ends in: operation_aborted, as a boost::system::system_error.
[[nodiscard]] std::exception_ptr operation_aborted();

/// Ends once: the future is done, or the wait is cancelled, and then the handler is posted; or the loop is destroyed,
/// and the handler with it. The future is known by a handle until then.
///
/// Referred to by the continuation of the future, the loop, the slot that may cancel it, and the posted handler.
class FutureWait : public LoopWait, public Continuation {
public:
    /// Once. The handler may have been posted when this returns, but it does not run in here.
    void start() noexcept;
    /// On the handler's executor; nothing if the wait has ended.
    void cancel() noexcept;

    void run(StateBase& source) noexcept final;

protected:
    /// Takes over a handle on `state`.
    FutureWait(StateBase* state, LoopWaits& waits, bool cancels_call)
        : Continuation(Code::library), waits_{&waits}, state_{state}, cancels_call_{cancels_call} {}
    ~FutureWait() override { drop_state(); }

    /// Posts the handler, with the error if that is why the wait has ended.
    virtual void post(std::exception_ptr error) noexcept = 0;
    /// Destroys the handler.
    virtual void drop_handler() noexcept = 0;

    /// The wait has ended, and the handler is about to run: gives the handle.
    [[nodiscard]] StateBase* take_state() noexcept { return std::exchange(state_, nullptr); }
    void drop() noexcept {
        drop_state();
        drop_handler();
    }

private:
    void loop_gone() noexcept final;
    void drop_state() noexcept {
        if (StateBase* state = take_state()) state->drop_handle();
    }

    IntrusivePtr<LoopWaits> waits_;
    StateBase* state_;
    bool cancels_call_;
};

/// `Deliver::deliver(handler, future, error)` calls the handler, on its executor.
template <class T, class Deliver, class Handler>
class FutureWaitFor final : public FutureWait {
    using Executor = net::associated_executor_t<Handler>;
    using Busy =
        std::decay_t<typename net::prefer_result<const Executor&, net::execution::outstanding_work_t::tracked_t>::type>;

public:
    FutureWaitFor(Future<T> future, Handler handler, bool cancels_call)
        : FutureWaitFor(std::move(future), net::get_associated_executor(handler), handler, cancels_call) {}

private:
    FutureWaitFor(Future<T> future, const Executor& executor, Handler& handler, bool cancels_call)
        : FutureWait(future.release_state(), waits_of(executor), cancels_call),
          handler_{std::move(handler)},
          busy_{net::prefer(executor, net::execution::outstanding_work.tracked)} {}

    /// What is posted.
    class Completion {
    public:
        using allocator_type = net::associated_allocator_t<Handler>;

        explicit Completion(FutureWaitFor& wait) noexcept
            : wait_{&wait}, allocator_{net::get_associated_allocator(*wait.handler_)} {}
        Completion(Completion&&) noexcept = default;
        Completion& operator=(Completion&&) = delete;
        ~Completion() {
            if (wait_) wait_->drop();  // the loop has dropped it
        }

        [[nodiscard]] allocator_type get_allocator() const noexcept { return allocator_; }

        void operator()() {
            Handler handler(std::move(*wait_->handler_));
            wait_->handler_.reset();
            auto future = Future<T>::adopt(wait_->take_state());
            std::exception_ptr error = std::move(wait_->error_);
            wait_ = nullptr;
            Deliver::deliver(std::move(handler), std::move(future), std::move(error));
        }

    private:
        IntrusivePtr<FutureWaitFor> wait_;
        [[no_unique_address]] allocator_type allocator_;
    };

    void post(std::exception_ptr error) noexcept override {
        error_ = std::move(error);
        // The handler may run, and this be used by others, before post() has returned.
        const Busy busy = std::move(*busy_);
        busy_.reset();
        net::post(busy, Completion(*this));
    }
    void drop_handler() noexcept override {
        handler_.reset();
        busy_.reset();
    }

    std::optional<Handler> handler_;
    std::optional<Busy> busy_;
    std::exception_ptr error_;
};

/// In a cancellation slot.
class CancelWait {
public:
    explicit CancelWait(FutureWait& wait) noexcept : wait_{&wait} {}

    void operator()(net::cancellation_type type) {
        if (type != net::cancellation_type::none) wait_->cancel();
    }

private:
    IntrusivePtr<FutureWait> wait_;
};

/// What begins the operation when its handler is known.
template <class T, class Deliver>
struct StartFutureWait {
    Future<T> future;
    bool cancels_call;

    template <class Handler>
    void operator()(Handler&& handler) const {
        using Kept = std::decay_t<Handler>;
        auto slot = net::get_associated_cancellation_slot(handler);
        const IntrusivePtr<FutureWait> wait(
            new FutureWaitFor<T, Deliver, Kept>(future, std::forward<Handler>(handler), cancels_call));
        if (slot.is_connected()) slot.template emplace<CancelWait>(*wait);
        wait->start();
    }
};

/// For `StartFutureWait`: the handler only learns that the wait has ended.
struct DeliverEnd {
    template <class Handler, class T>
    static void deliver(Handler handler, Future<T> future, std::exception_ptr error) {
        future = {};
        std::move(handler)(std::move(error));
    }
};

}  // namespace concur::detail

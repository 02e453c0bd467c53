/// The executor of a worker, for Asio: what is given to it runs on the worker, one after the other.
#pragma once

#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>
#include <type_traits>
#include <utility>

#include "concur/call/call_context.hpp"
#include "concur/call/host.hpp"
#include "concur/call/steps.hpp"

namespace concur::detail {

namespace net = boost::asio;

/// While alive, the calling thread runs a step of the coroutine that the link leads to, if that has not ended.
class InCoroutine {
public:
    explicit InCoroutine(const IntrusivePtr<ContextLink>& link) noexcept
        : owner_{link ? link->owner() : IntrusivePtr<StateBase>()},
          step_{owner_ ? &link->context()->caller() : nullptr} {}

private:
    IntrusivePtr<StateBase> owner_;  // the coroutine may end in this step
    LimitCaller::Step step_;
};

template <class F>
class StepOf final : public Step {
public:
    StepOf(Clock& clock, IntrusivePtr<ContextLink> link, F function)
        : Step(clock), link_{std::move(link)}, function_{std::move(function)} {}
    void drop() noexcept override { delete this; }

private:
    void run_and_free() noexcept override {
        const IntrusivePtr<ContextLink> link = std::move(link_);
        F function = std::move(function_);
        delete this;
        const InCoroutine in_coroutine(link);
        std::move(function)();
    }

    IntrusivePtr<ContextLink> link_;
    F function_;
};

/// `this_coro::executor` inside of a coroutine method. A value; keeps the worker's memory, not the worker, which drops
/// what comes after its end.
class WorkerExecutor {
public:
    WorkerExecutor(CallHost& host, IntrusivePtr<ContextLink> link) noexcept : host_{&host}, link_{std::move(link)} {}
    WorkerExecutor(const WorkerExecutor& other) noexcept
        : host_{other.host_}, link_{other.link_}, may_run_inline_{other.may_run_inline_}, is_work_{other.is_work_} {
        if (is_work_) host_->loop_work_began();
    }
    WorkerExecutor(WorkerExecutor&& other) noexcept
        : host_{std::move(other.host_)},
          link_{std::move(other.link_)},
          may_run_inline_{other.may_run_inline_},
          is_work_{std::exchange(other.is_work_, false)} {}
    WorkerExecutor& operator=(WorkerExecutor other) noexcept {
        std::swap(host_, other.host_);
        std::swap(link_, other.link_);
        std::swap(may_run_inline_, other.may_run_inline_);
        std::swap(is_work_, other.is_work_);
        return *this;
    }
    ~WorkerExecutor() {
        if (is_work_) host_->loop_work_ended();
    }

    [[nodiscard]] net::execution_context& query(net::execution::context_t) const noexcept { return host_->loop(); }
    [[nodiscard]] net::execution::blocking_t query(net::execution::blocking_t) const noexcept {
        if (may_run_inline_) return net::execution::blocking.possibly;
        return net::execution::blocking.never;
    }
    [[nodiscard]] net::execution::outstanding_work_t query(net::execution::outstanding_work_t) const noexcept {
        if (is_work_) return net::execution::outstanding_work.tracked;
        return net::execution::outstanding_work.untracked;
    }
    [[nodiscard]] WorkerExecutor require(net::execution::blocking_t::possibly_t) const {
        return WorkerExecutor(*this, true, is_work_);
    }
    [[nodiscard]] WorkerExecutor require(net::execution::blocking_t::never_t) const {
        return WorkerExecutor(*this, false, is_work_);
    }
    [[nodiscard]] WorkerExecutor require(net::execution::outstanding_work_t::tracked_t) const {
        return WorkerExecutor(*this, may_run_inline_, true);
    }
    [[nodiscard]] WorkerExecutor require(net::execution::outstanding_work_t::untracked_t) const {
        return WorkerExecutor(*this, may_run_inline_, false);
    }

    template <class F>
    void execute(F&& function) const {
        if (may_run_inline_ && host_->is_inside()) {
            std::decay_t<F> own(std::forward<F>(function));
            const InCoroutine in_coroutine(link_);
            std::move(own)();
        } else {
            host_->post_step(*new StepOf<std::decay_t<F>>(host_->clock(), link_, std::forward<F>(function)));
        }
    }

    friend bool operator==(const WorkerExecutor& a, const WorkerExecutor& b) noexcept {
        return a.host_.get() == b.host_.get() && a.may_run_inline_ == b.may_run_inline_ && a.is_work_ == b.is_work_;
    }
    friend bool operator!=(const WorkerExecutor& a, const WorkerExecutor& b) noexcept { return !(a == b); }

private:
    WorkerExecutor(const WorkerExecutor& other, bool may_run_inline, bool is_work) noexcept
        : host_{other.host_}, link_{other.link_}, may_run_inline_{may_run_inline}, is_work_{is_work} {
        if (is_work_) host_->loop_work_began();
    }

    IntrusivePtr<CallHost> host_;
    IntrusivePtr<ContextLink> link_;
    bool may_run_inline_ = true;
    bool is_work_ = false;
};

}  // namespace concur::detail

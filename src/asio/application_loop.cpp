#include <boost/asio/execution.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/strand.hpp>
#include <mutex>
#include <utility>

#include "concur/asio/executor_option.hpp"

namespace concur::detail {
namespace {

namespace net = boost::asio;

/// Lives as long as somebody may ask whether the loop does.
struct Life {
    std::mutex mutex;  // held while something is given to the loop
    bool is_over = false;
};

/// Is told by the loop when that ends.
class LifeService final : public net::execution_context::service {
public:
    inline static net::execution_context::id id;

    explicit LifeService(net::execution_context& context) : service(context) {}
    [[nodiscard]] const std::shared_ptr<Life>& life() const noexcept { return life_; }

private:
    void shutdown() override {
        const std::lock_guard lock(life_->mutex);
        life_->is_over = true;
    }

    std::shared_ptr<Life> life_ = std::make_shared<Life>();
};

class Loop final : public ApplicationLoop {
public:
    explicit Loop(net::any_io_executor executor)
        : executor_{std::move(executor)}, life_{net::use_service<LifeService>(context()).life()} {}

    bool post(std::unique_ptr<LoopTask> task) override {
        std::unique_lock lock(life_->mutex);
        if (life_->is_over) {
            lock.unlock();
            task.reset();
            return false;
        }
        net::prefer(net::require(executor_, net::execution::blocking.never), net::execution::relationship.fork)
            .execute([task = std::move(task)] { task->run(); });
        return true;
    }

    [[nodiscard]] bool is_over() const noexcept override {
        const std::lock_guard lock(life_->mutex);
        if (life_->is_over) return true;
        return io_context_ && io_context_->stopped();
    }

    [[nodiscard]] net::execution_context& context() const noexcept override {
        return net::query(executor_, net::execution::context);
    }

    void work_began() noexcept override {
        const std::lock_guard lock(work_mutex_);
        if (work_++ == 0) tracked_ = net::prefer(executor_, net::execution::outstanding_work.tracked);
    }
    void work_ended() noexcept override {
        net::any_io_executor ended;
        const std::lock_guard lock(work_mutex_);
        if (--work_ == 0) std::swap(ended, tracked_);
    }

private:
    /// Null for loops of other kinds: these do not tell whether they have been stopped.
    [[nodiscard]] net::io_context* find_io_context() const noexcept {
        using Bare = net::io_context::executor_type;
        const bool is_known = executor_.target<Bare>() || executor_.target<net::strand<Bare>>();
        return is_known ? &static_cast<net::io_context&>(context()) : nullptr;
    }

    net::any_io_executor executor_;
    net::io_context* io_context_ = find_io_context();
    std::shared_ptr<Life> life_;
    std::mutex work_mutex_;
    int work_ = 0;
    net::any_io_executor tracked_;
};

}  // namespace

std::shared_ptr<ApplicationLoop> make_application_loop(net::any_io_executor executor) {
    return std::make_shared<Loop>(std::move(executor));
}

}  // namespace concur::detail

#include <boost/asio/detail/scheduler.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/prefer.hpp>
#include <mutex>
#include <utility>

#include "concur/asio/executor_option.hpp"

namespace concur::detail {
namespace {

namespace net = boost::asio;

/// Lives as long as somebody may ask whether the loop does.
struct Life {
    std::mutex mutex;  // held while something is given to the loop, or taken from it
    bool is_over = false;
    int work = 0;                  // of all workers that live there
    net::any_io_executor tracked;  // while there is any, and the loop
    LoopResidents residents;
};

/// Is told by the loop when that ends.
class LifeService final : public net::execution_context::service {
public:
    inline static net::execution_context::id id;

    explicit LifeService(net::execution_context& context) : service(context) {}
    [[nodiscard]] const std::shared_ptr<Life>& life() const noexcept { return life_; }

private:
    void shutdown() override {
        {
            const std::lock_guard lock(life_->mutex);
            life_->is_over = true;
            life_->tracked = {};
        }
        while (LoopResident* const resident = next_resident()) {
            resident->loop_has_ended();
            resident->resident_release();
        }
    }

    LoopResident* next_resident() {
        const std::lock_guard lock(life_->mutex);
        LoopResident* const first = life_->residents.first();
        return first && life_->residents.remove(*first) ? first : nullptr;
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
        return scheduler_ && scheduler_->stopped();
    }

    [[nodiscard]] net::execution_context& context() const noexcept override {
        return net::query(executor_, net::execution::context);
    }

    void move_in(LoopResident& resident) noexcept override {
        const std::lock_guard lock(life_->mutex);
        life_->residents.add(resident);
    }
    void move_out(LoopResident& resident) noexcept override {
        {
            const std::lock_guard lock(life_->mutex);
            if (!life_->residents.remove(resident)) return;  // the loop has ended
        }
        resident.resident_release();
    }

    void work_began() noexcept override {
        const std::lock_guard lock(life_->mutex);
        if (life_->work++ == 0 && !life_->is_over)
            life_->tracked = net::prefer(executor_, net::execution::outstanding_work.tracked);
    }
    void work_ended() noexcept override {
        const std::lock_guard lock(life_->mutex);
        if (--life_->work == 0) life_->tracked = {};
    }

private:
    /// Of an io_context or a thread_pool, whatever their executor is wrapped in. Null for loops of other kinds: these
    /// do not tell whether they have been stopped.
    [[nodiscard]] net::detail::scheduler* find_scheduler() const {
        net::execution_context& loop = context();
        if (!net::has_service<net::detail::scheduler>(loop)) return nullptr;
        return &net::use_service<net::detail::scheduler>(loop);
    }

    net::any_io_executor executor_;
    net::detail::scheduler* scheduler_ = find_scheduler();
    std::shared_ptr<Life> life_;
};

}  // namespace

std::shared_ptr<ApplicationLoop> make_application_loop(net::any_io_executor executor) {
    return std::make_shared<Loop>(std::move(executor));
}

}  // namespace concur::detail

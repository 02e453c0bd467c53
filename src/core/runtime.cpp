#include "core/runtime.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <vector>

#include "concur/core/errors.hpp"
#include "concur/core/fork.hpp"
#include "core/process_exit.hpp"
#include "core/process_wide.hpp"
#include "core/thread.hpp"

namespace concur::detail {
namespace {

namespace net = boost::asio;

constexpr int most_spare_threads = 64;

class Runtime;
thread_local Runtime* runtime_of_this_thread = nullptr;

class Runtime {
public:
    Runtime() : base_threads_{static_cast<int>(std::max(1u, std::thread::hardware_concurrency()))} {
        const std::lock_guard lock(mutex_);
        add_thread();
        try {
            for (int i = 1; i < base_threads_; ++i) add_thread();
        } catch (const std::system_error&) {
            base_threads_ = running_;  // as many as the system has to give
        }
    }

    [[nodiscard]] bool made_before_fork() const noexcept { return generation_ != fork_generation(); }

    void post(RuntimeTask& task) {
        net::post(loop_, [&task] { task.run(); });
    }

    void schedule(IntrusivePtr<Timer> timer, TimePoint when) {
        const std::lock_guard lock(mutex_);
        const auto [entry, inserted] = timers_.try_emplace(timer.get(), std::make_unique<net::steady_timer>(loop_));
        entry->second->expires_at(when);
        entry->second->async_wait([this, timer](const boost::system::error_code& error) {
            if (error) return;
            {
                const std::lock_guard inner(mutex_);
                timers_.erase(timer.get());
            }
            timer->expired();
        });
    }

    void unschedule(Timer& timer) noexcept {
        const std::lock_guard lock(mutex_);
        timers_.erase(&timer);
    }

    [[nodiscard]] net::io_context& loop() noexcept { return loop_; }

    void begin_wait() {
        const std::lock_guard lock(mutex_);
        if (running_ - waiting_ <= base_threads_) {
            if (waiting_ >= most_spare_threads)
                throw DeadlockError(
                    "64 threads of concur's runtime wait already: do not wait in callbacks, use then()");
            try {
                add_thread();
            } catch (const std::system_error&) {
                // No thread to be had: the runtime goes on with those that do not wait.
            }
        }
        ++waiting_;
    }
    void end_wait() noexcept {
        const std::lock_guard lock(mutex_);
        --waiting_;
    }

    void shut_down(Duration patience) noexcept {
        {
            const std::lock_guard lock(mutex_);
            timers_.clear();
            work_.reset();
        }
        const TimePoint deadline = deadline_after(steady_clock().now(), patience);
        while (std::uint32_t left = alive_.load(std::memory_order_acquire)) {
            if (steady_clock().now() >= deadline) break;
            steady_clock().park(alive_, left, deadline);
        }
        loop_.stop();
        const std::lock_guard lock(mutex_);
        const bool all_ended = alive_.load(std::memory_order_acquire) == 0;
        for (std::thread& thread : threads_) all_ended ? thread.join() : thread.detach();
        threads_.clear();
    }

private:
    // Called with the mutex held.
    void add_thread() {
        alive_.fetch_add(1, std::memory_order_relaxed);
        try {
            threads_.push_back(start_thread("concur-runtime", [this] { run(); }));
        } catch (...) {
            alive_.fetch_sub(1, std::memory_order_relaxed);
            throw;
        }
        ++running_;
    }

    void run() {
        runtime_of_this_thread = this;
        while (!surplus() && loop_.run_one() > 0) {
        }
        alive_.fetch_sub(1, std::memory_order_release);
        wake_all(alive_);
    }

    // A spare thread ends when those that it stood in for are back.
    bool surplus() {
        std::thread spare;
        {
            const std::lock_guard lock(mutex_);
            if (running_ - waiting_ <= base_threads_) return false;
            --running_;
            for (std::thread& thread : threads_) {
                if (thread.get_id() != std::this_thread::get_id()) continue;
                spare = std::move(thread);
                std::swap(thread, threads_.back());
                threads_.pop_back();
                break;
            }
        }
        retire_thread(std::move(spare));
        return true;
    }

    net::io_context loop_;
    net::executor_work_guard<net::io_context::executor_type> work_{loop_.get_executor()};
    std::mutex mutex_;
    std::unordered_map<Timer*, std::unique_ptr<net::steady_timer>> timers_;
    std::vector<std::thread> threads_;
    ParkingWord alive_{0};
    int base_threads_;
    int running_ = 0;
    int waiting_ = 0;
    std::uint32_t generation_ = fork_generation();
};

/// The runtime in use, made on first use and never destroyed: a thread that does not end may still be in it.
struct Place {
    std::mutex mutex;
    Runtime* runtime = nullptr;
    bool closed = false;
};
Place& place() { return ProcessWide<Place>::get(); }

// With the place's mutex held, so that the runtime does not end meanwhile; null after its end, or without a thread for
// it.
Runtime* runtime() {
    if (place().closed || place().runtime) return place().closed ? nullptr : place().runtime;
    try {
        place().runtime = new Runtime;
    } catch (const std::system_error&) {
        return nullptr;
    }
    watch_exit();
    set_exit_action(ExitStage::runtime, [] { runtime_shut_down(std::chrono::seconds(1)); });
    return place().runtime;
}

class CountedTask final : public RuntimeTask {
public:
    CountedTask(RuntimeTask& task, Clock& clock) noexcept : task_{task}, activity_{clock} {}
    void run() noexcept override {
        {
            const ActiveThread active(activity_);
            task_.run();
        }
        delete this;
    }

private:
    RuntimeTask& task_;
    Activity activity_;
};

}  // namespace

void runtime_post(RuntimeTask& task) {
    {
        const std::lock_guard lock(place().mutex);
        if (Runtime* loop = runtime()) return loop->post(task);
    }
    task.run();
}

void runtime_post(RuntimeTask& task, Clock& clock) {
    if (clock.counts_activities())
        runtime_post(*new CountedTask(task, clock));
    else
        runtime_post(task);
}

net::io_context& runtime_loop() {
    const std::lock_guard lock(place().mutex);
    // After its end it is still there, but runs nothing.
    if (Runtime* loop = place().runtime ? place().runtime : runtime()) return loop->loop();
    throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again),
                            "concur's runtime could not be started");
}

void runtime_schedule(IntrusivePtr<Timer> timer, TimePoint when) {
    const std::lock_guard lock(place().mutex);
    if (Runtime* loop = runtime()) loop->schedule(std::move(timer), when);
}

void runtime_unschedule(Timer& timer) noexcept {
    const std::lock_guard lock(place().mutex);
    if (place().runtime && !place().closed) place().runtime->unschedule(timer);
}

RuntimeWait::RuntimeWait() {
    // In the child of a fork made on a runtime thread, the runtime is not there any more.
    if (!runtime_of_this_thread || runtime_of_this_thread->made_before_fork()) return;
    runtime_of_this_thread->begin_wait();
    waits_ = true;
}

RuntimeWait::~RuntimeWait() {
    if (waits_) runtime_of_this_thread->end_wait();
}

void runtime_shut_down(Duration patience) noexcept {
    Runtime* loop = nullptr;
    {
        const std::lock_guard lock(place().mutex);
        place().closed = true;
        loop = place().runtime;
    }
    if (!loop) return;
    loop->shut_down(patience);
    join_retired_threads();  // spare threads
}

}  // namespace concur::detail

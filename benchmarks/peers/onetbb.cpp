// oneTBB: an arena with room for one thread, none of which is the caller's, and std::packaged_task for the values.
#include <tbb/task_arena.h>

#include <future>

#include "peers/peer.hpp"
#include "support/counter.hpp"

namespace bench {
namespace {

class OneTbb final : public Peer {
public:
    long in_flight(int calls) override {
        return collect(futures_, calls, [this] { return call(); });
    }
    long one_at_a_time(int calls) override {
        long sum = 0;
        for (int i = 0; i < calls; ++i) sum += call().get();
        return sum;
    }

private:
    std::future<int> call() {
        // The arena takes functions that are called as const, which std::packaged_task is not.
        auto task = std::make_unique<std::packaged_task<int()>>([this] { return counter_.add(1); });
        std::future<int> future = task->get_future();
        arena_.enqueue([task = std::move(task)] { (*task)(); });
        return future;
    }

    Counter counter_;
    std::vector<std::future<int>> futures_;
    tbb::task_arena arena_{1, 0};
};

}  // namespace

std::unique_ptr<Peer> make_onetbb() { return std::make_unique<OneTbb>(); }

}  // namespace bench

// std::async: a new thread for each call, so the mutex is what makes it one object that is called one at a time.
#include <future>
#include <mutex>

#include "peers/peer.hpp"
#include "support/counter.hpp"

namespace bench {
namespace {

class StdAsync final : public Peer {
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
        return std::async(std::launch::async, [this] {
            const std::lock_guard lock(mutex_);
            return counter_.add(1);
        });
    }

    std::mutex mutex_;
    Counter counter_;
    std::vector<std::future<int>> futures_;
};

}  // namespace

std::unique_ptr<Peer> make_std_async() { return std::make_unique<StdAsync>(); }

}  // namespace bench

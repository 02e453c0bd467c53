// boost::asio::thread_pool with one thread, and std::packaged_task for the values.
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <future>

#include "peers/peer.hpp"
#include "support/counter.hpp"

namespace bench {
namespace {

class AsioPackagedTask final : public Peer {
public:
    ~AsioPackagedTask() override { pool_.join(); }

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
        std::packaged_task<int()> task([this] { return counter_.add(1); });
        std::future<int> future = task.get_future();
        boost::asio::post(pool_, std::move(task));
        return future;
    }

    Counter counter_;
    std::vector<std::future<int>> futures_;
    boost::asio::thread_pool pool_{1};
};

}  // namespace

std::unique_ptr<Peer> make_asio_packaged_task() { return std::make_unique<AsioPackagedTask>(); }

}  // namespace bench

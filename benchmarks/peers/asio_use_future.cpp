// boost::asio::thread_pool with one thread, and boost::asio::use_future for the values.
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <future>

#include "peers/peer.hpp"
#include "support/counter.hpp"

namespace bench {
namespace {

class AsioUseFuture final : public Peer {
public:
    ~AsioUseFuture() override { pool_.join(); }

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
        return boost::asio::post(pool_, boost::asio::use_future([this] { return counter_.add(1); }));
    }

    Counter counter_;
    std::vector<std::future<int>> futures_;
    boost::asio::thread_pool pool_{1};
};

}  // namespace

std::unique_ptr<Peer> make_asio_use_future() { return std::make_unique<AsioUseFuture>(); }

}  // namespace bench

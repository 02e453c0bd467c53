// The C++ Actor Framework: an actor on its scheduler, asked by request() and receive() from a thread that is no actor.
#include <caf/all.hpp>

#include "peers/peer.hpp"
#include "support/counter.hpp"

namespace bench {
namespace {

class Caf final : public Peer {
    using Response = decltype(std::declval<caf::scoped_actor&>()->request(caf::actor(), caf::infinite, 1));

public:
    Caf() {
        worker_ = system_.spawn([]() -> caf::behavior {
            return {[counter = Counter()](int amount) mutable { return counter.add(amount); }};
        });
    }
    ~Caf() override { self_->send_exit(worker_, caf::exit_reason::user_shutdown); }

    long in_flight(int calls) override {
        for (int i = 0; i < calls; ++i) responses_.push_back(call());
        long sum = 0;
        for (Response& response : responses_) sum += value_of(response);
        responses_.clear();
        return sum;
    }
    long one_at_a_time(int calls) override {
        long sum = 0;
        for (int i = 0; i < calls; ++i) {
            Response response = call();
            sum += value_of(response);
        }
        return sum;
    }

private:
    Response call() { return self_->request(worker_, caf::infinite, 1); }

    static int value_of(Response& response) {
        int value = 0;
        response.receive([&](int received) { value = received; }, [](const caf::error&) {});
        return value;
    }

    caf::actor_system_config config_;
    caf::actor_system system_{config_};
    caf::scoped_actor self_{system_};
    caf::actor worker_;
    std::vector<Response> responses_;
};

}  // namespace

std::unique_ptr<Peer> make_caf() { return std::make_unique<Caf>(); }

}  // namespace bench

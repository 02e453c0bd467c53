// The C++ Actor Framework: many actors, asked by event-based ones, each of which asks a thousand. A blocking actor
// would look for each answer among all that have come, and one for all takes ever longer the more it asks.
#include <algorithm>
#include <atomic>
#include <caf/all.hpp>
#include <future>
#include <vector>

#include "peers/actors.hpp"
#include "support/counter.hpp"

namespace bench {
namespace {

class CafActors final : public Actors {
public:
    explicit CafActors(int count) {
        actors_.reserve(static_cast<std::size_t>(count));
        for (int i = 0; i < count; ++i) {
            actors_.push_back(system_.spawn([this]() -> caf::behavior {
                return {[this, counter = Counter()](int amount) mutable {
                    const int value = counter.add(amount);
                    if (amount == told) one_was_told();
                    return value;
                }};
            }));
        }
    }
    ~CafActors() override {
        for (const caf::actor& actor : actors_) caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
    }

    long ask_each() override {
        std::promise<long> all;
        std::atomic<std::size_t> left{actors_.size()};
        std::atomic<long> sum{0};
        for (std::size_t first = 0; first < actors_.size(); first += asked_by_one)
            system_.spawn([&, first](caf::event_based_actor* self) {
                const std::size_t last = std::min(first + asked_by_one, actors_.size());
                for (std::size_t i = first; i < last; ++i)
                    self->request(actors_[i], caf::infinite, asked).then([&](int value) {
                        sum.fetch_add(value);
                        if (left.fetch_sub(1) == 1) all.set_value(sum.load());
                    });
            });
        return all.get_future().get();
    }

    void tell_each() override {
        std::promise<void> done;
        done_ = &done;
        untold_.store(static_cast<int>(actors_.size()));
        for (const caf::actor& actor : actors_) caf::anon_send(actor, told);
        done.get_future().wait();
    }

private:
    static constexpr std::size_t asked_by_one = 1000;
    static constexpr int asked = 1;
    static constexpr int told = 2;

    void one_was_told() {
        if (untold_.fetch_sub(1) == 1) done_->set_value();
    }

    caf::actor_system_config config_;
    caf::actor_system system_{config_};
    std::vector<caf::actor> actors_;
    std::atomic<int> untold_{0};
    std::promise<void>* done_ = nullptr;
};

}  // namespace

std::unique_ptr<Actors> make_caf_actors(int count) { return std::make_unique<CafActors>(count); }

}  // namespace bench

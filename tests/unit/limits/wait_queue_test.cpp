// The grant rule against one list that is looked through from its beginning.
#include "limits/wait_queue.hpp"

#include <algorithm>
#include <array>
#include <list>
#include <memory>
#include <random>
#include <vector>

#include "support/catch.hpp"

namespace {

using concur::detail::LimitMask;
using concur::detail::most_limits;
using concur::detail::Waiting;
using concur::detail::WaitQueue;

struct Request final : Waiting {
    Request(LimitMask limits, int of) : Waiting(limits), amount{of} {}
    int amount;
};

/// The rule as it is written: in the order of arrival, a request may go if it fits and nobody before it that has to
/// stay shares a limit with it.
std::vector<Request*> admitted_by_rule(std::list<Request*>& line, std::array<int, most_limits>& room) {
    std::vector<Request*> admitted;
    LimitMask blocked = 0;
    for (auto place = line.begin(); place != line.end();) {
        Request& request = **place;
        bool fits = (request.limits() & blocked) == 0;
        WaitQueue::for_each_bit(request.limits(), [&](std::size_t i) { fits &= room[i] >= request.amount; });
        if (!fits) {
            blocked |= request.limits();
            ++place;
            continue;
        }
        WaitQueue::for_each_bit(request.limits(), [&](std::size_t i) { room[i] -= request.amount; });
        admitted.push_back(&request);
        place = line.erase(place);
    }
    return admitted;
}

TEST_CASE("the queue admits those that the rule of first come, first served for each key admits", "[limits][L6]") {
    std::mt19937_64 random(4);
    int differing = 0;
    int admitted_in_all = 0;
    for (int round = 0; round < 300; ++round) {
        const std::size_t limits = round % 10 == 0 ? most_limits : 1 + random() % 5;
        WaitQueue queue(limits);
        std::vector<std::unique_ptr<Request>> requests;
        std::list<Request*> line;
        std::array<int, most_limits> room{};
        std::array<int, most_limits> room_by_rule{};
        for (int step = 0; step < 200; ++step) {
            LimitMask changed = 0;
            if (random() % 2) {
                const LimitMask all = limits == 64 ? ~LimitMask{0} : (LimitMask{1} << limits) - 1;
                LimitMask mask = random() & random() & all;
                if (random() % 50 == 0) mask = all;
                if (mask == 0) mask = 1;
                requests.push_back(std::make_unique<Request>(mask, 1 + static_cast<int>(random() % 3)));
                queue.join(*requests.back());
                line.push_back(requests.back().get());
                changed = mask;
            } else if (random() % 8 == 0 && !line.empty()) {
                const auto place = std::next(line.begin(), static_cast<std::ptrdiff_t>(random() % line.size()));
                changed = (*place)->limits();
                queue.leave(**place);
                line.erase(place);
            } else {
                const std::size_t limit = random() % limits;
                room[limit] += 2;
                room_by_rule[limit] += 2;
                changed = WaitQueue::bit(limit);
            }
            std::vector<Request*> admitted;
            queue.move_on(changed, [&](Waiting& waiting, auto&& leave) {
                auto& request = static_cast<Request&>(waiting);
                bool fits = true;
                WaitQueue::for_each_bit(request.limits(), [&](std::size_t i) { fits &= room[i] >= request.amount; });
                if (!fits) return false;
                WaitQueue::for_each_bit(request.limits(), [&](std::size_t i) { room[i] -= request.amount; });
                leave();
                admitted.push_back(&request);
                return true;
            });
            std::vector<Request*> expected = admitted_by_rule(line, room_by_rule);
            admitted_in_all += static_cast<int>(admitted.size());
            // Those without a common limit may go in any order.
            std::sort(admitted.begin(), admitted.end());
            std::sort(expected.begin(), expected.end());
            differing += admitted != expected || room != room_by_rule ? 1 : 0;
        }
    }
    CHECK(differing == 0);
    CHECK(admitted_in_all > 5'000);
}

TEST_CASE("a hundred thousand in one line cost those of another line nothing", "[limits][L6]") {
    WaitQueue queue(2);
    std::vector<std::unique_ptr<Request>> requests;
    for (int i = 0; i < 100'000; ++i) {
        requests.push_back(std::make_unique<Request>(1, 1));
        queue.join(*requests.back());
    }
    int looked_at = 0;
    for (int i = 0; i < 1'000; ++i) {
        Request other(2, 1);
        queue.join(other);
        queue.move_on(2, [&](Waiting&, auto&& leave) {
            ++looked_at;
            leave();
            return true;
        });
    }
    CHECK(looked_at == 1'000);
    CHECK(queue.waited_for() == 1);
}

}  // namespace

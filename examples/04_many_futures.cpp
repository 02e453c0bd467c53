// Many futures at once: all of them, the first that succeeds, or one after the other as they are done.
#include <concur/concur.hpp>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <map>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

using concur::Future;

class Mirror {  // some pages are not there when they are asked for the first time
public:
    explicit Mirror(std::map<int, bool> missing) : missing_{std::move(missing)} {}

    std::string fetch(int page) {
        if (std::exchange(missing_[page], false)) throw std::runtime_error(fmt::format("page {} is missing", page));
        return fmt::format("page {}", page);
    }

private:
    std::map<int, bool> missing_;
};

int main() {
    auto mirror = concur::Worker<Mirror>::options().mode("thread").init(std::map<int, bool>{{2, true}, {7, true}});
    const auto fetch = [&](int page) { return mirror.call<&Mirror::fetch>(page); };

    // gather waits for all, and gives the values in the shape of the futures.
    fmt::print("{}\n", concur::gather(std::vector{fetch(1), fetch(3)}));
    fmt::print("{}\n", concur::gather(std::map<std::string, Future<std::string>>{{"left", fetch(4)}}));
    const auto [text, length] = concur::gather(fetch(5), mirror.call([](Mirror& it) { return it.fetch(6).size(); }));
    fmt::print("{} {}\n", text, length);

    // It throws the first failure. gather_outcomes leaves failures in their places.
    for (const concur::Outcome<std::string>& outcome : concur::gather_outcomes(std::vector{fetch(7), fetch(8)}))
        fmt::print("{}\n", outcome.value_or("nothing"));

    // In the order in which they are done. More may be added meanwhile: here, a second attempt.
    std::unordered_map<Future<std::string>, int> page_of;
    for (int page : {1, 2, 3}) page_of.emplace(fetch(page), page);
    concur::AsCompleted<std::string> queue;
    for (const auto& [future, page] : page_of) queue.add(future);
    std::map<std::string, int> seen;
    for (Future<std::string>& done : queue) {
        if (!done.exception()) {
            ++seen[done.result()];
        } else {
            fmt::print("again: page {}\n", page_of[done]);
            queue.add(fetch(page_of[done]));
        }
    }
    fmt::print("{}\n", seen);

    // Without waiting: when_all and when_any are futures. This one is the first success; failures only count if
    // there is nothing else.
    const std::vector<Future<std::string>> race{concur::failed<std::string>(std::runtime_error("down")), fetch(9)};
    concur::when_any(race)
        .then([](const auto& winner) { fmt::print("no. {} won with {}\n", winner.index, winner.value); })
        .result();

    // wait throws nothing: it tells what is done and what is not.
    concur::Promise<std::string> visitor;
    const auto [done, not_done] = concur::wait({fetch(1), visitor.future()},  //
                                               {.return_when = concur::ReturnWhen::first_completed});
    fmt::print("{} done, {} not done\n", done.size(), not_done.size());
}
/* expected output
["page 1", "page 3"]
{"left": "page 4"}
page 5 6
nothing
page 8
again: page 2
{"page 1": 1, "page 2": 1, "page 3": 1}
no. 1 won with page 9
1 done, 1 not done
*/

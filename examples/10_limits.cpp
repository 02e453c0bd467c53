// A database that allows two connections, and a service that is paid for by the token: both classes know nothing of
// limits. The clock is driven by hand, so that a minute takes no time here.
#include <fmt/core.h>

#include <chrono>
#include <concur/concur.hpp>
#include <concur/testing.hpp>
#include <string>
#include <vector>

using namespace std::chrono_literals;

struct Database {
    int query(int rows) { return rows; }
};

struct Reply {
    std::string text;
    int tokens_used = 0;
};

struct Model {
    Reply complete(const std::string& prompt, int most_tokens) {
        const int used = static_cast<int>(prompt.size()) < most_tokens ? static_cast<int>(prompt.size()) : most_tokens;
        return {"an answer to \"" + prompt + "\"", used};
    }
};

int main() {
    concur::testing::ManualClock clock;

    // One set for all workers that share the database. Each query takes a connection, and gives it back at its end.
    concur::LimitSet database({concur::ResourceLimit("connections", 2)});
    const auto builder = concur::Worker<Database>::options().limits(database).method<&Database::query>(
        [](auto& m) { m.acquires("connections"); });
    std::vector<concur::Proxy<Database>> workers;
    for (int i = 0; i < 4; ++i) workers.push_back(builder.init());
    std::vector<concur::Future<int>> rows;
    for (const auto& worker : workers) rows.push_back(worker.call<&Database::query>(10));
    fmt::print("{} queries, ", concur::gather(rows).size());
    fmt::print("{} connections taken in all\n", database.stats("connections").granted);

    // A thousand tokens and three calls a minute. A call reserves what it may use at most, and reports what it used.
    concur::LimitSet paid(
        {concur::RateLimit("tokens", 1000, 1min, concur::RateAlgorithm::token_bucket), concur::CallLimit(3, 1min)},
        {.clock = clock});
    const auto model = concur::Worker<Model>::options()
                           .clock(clock)
                           .limits(paid)
                           .method<&Model::complete>([](auto& m) {
                               m.acquires("tokens", [](const std::string&, int most_tokens) { return most_tokens; });
                               m.reports("tokens", [](const Reply& reply) { return reply.tokens_used; });
                           })
                           .init();
    const Reply reply = model.call<&Model::complete>("why limits?", 800).result();
    fmt::print("{}: {} tokens, {} left\n", reply.text, reply.tokens_used, paid.stats("tokens").available);

    // The second and third go at once, the fourth waits for the next minute. No thread does.
    std::vector<concur::Future<Reply>> replies;
    for (int i = 0; i < 3; ++i) replies.push_back(model.call<&Model::complete>("again", 100));
    clock.run_until([&] { return replies.back().done(); });
    fmt::print("the fourth came after {} s\n", clock.elapsed() / 1s);

    // Limits need no workers.
    const concur::LimitRequests large{{"tokens", 900}, {"calls", 3}};
    auto now = paid.try_acquire(large);
    fmt::print("at once: {}; in {} s\n", now.acquired(), paid.estimate(large) / 1s);
    try {
        const auto held = paid.acquire(large, 5s);
    } catch (const concur::LimitTimeoutError& error) {
        fmt::print("missing: {}\n", error.missing().front());
    }

    // Two regions behind one face: the other one serves what the first has no room for.
    concur::LimitPool regions({concur::LimitSet({concur::ResourceLimit("slots", 1)}, {.tag = "east"}),
                               concur::LimitSet({concur::ResourceLimit("slots", 1)}, {.tag = "west"})});
    const auto one = regions.acquire("slots");
    const auto two = regions.acquire("slots");
    fmt::print("{} {}\n", one.tag(), two.tag());
}
/* expected output
4 queries, 4 connections taken in all
an answer to "why limits?": 11 tokens, 989 left
the fourth came after 60 s
at once: false; in 60 s
missing: calls
east west
*/

/// The libraries that concur is compared with. Each runs `Counter::add(1)` on one other thread, written as its users
/// would write it.
///
/// One file a peer, compiled by itself; only the file that lists them knows which were found.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace bench {

class Peer {
public:
    virtual ~Peer() = default;

    /// Makes all calls, then collects their values. Returns the sum.
    virtual long in_flight(int calls) = 0;
    /// Waits for each value before it makes the next call.
    virtual long one_at_a_time(int calls) = 0;
};

struct PeerEntry {
    std::string name;  // with its version
    /// Null if the package was not found.
    std::unique_ptr<Peer> (*make)();
    /// One of the two that B1 is about.
    bool is_reference = false;
    /// Ten thousand threads at once are not what any figure is about.
    enum class Threads { one, one_a_call } threads = Threads::one;
};

[[nodiscard]] std::vector<PeerEntry> all_peers();

/// Peers whose calls give a std::future: only making the call differs.
template <class Make>
long collect(std::vector<decltype(std::declval<Make&>()())>& futures, int calls, Make make) {
    for (int i = 0; i < calls; ++i) futures.push_back(make());
    long sum = 0;
    for (auto& future : futures) sum += future.get();
    futures.clear();
    return sum;
}

}  // namespace bench

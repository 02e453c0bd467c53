// B4: allocations of a call.
//
// Target: one, for small arguments; at most 192 bytes for int -> int, as malloc rounds them up.
#include <fmt/format.h>

#include <concur/concur.hpp>
#include <string>
#include <vector>

#include "peers/peer.hpp"
#include "support/allocations.hpp"
#include "support/counter.hpp"
#include "support/table.hpp"
#include "support/timing.hpp"

namespace {

constexpr double most_allocations = 1;
constexpr double most_bytes = 192;

constexpr int calls = 1000;

struct Shapes {
    int number(int x) { return x; }
    void nothing() {}
    double mixed(int a, double b) { return a + b; }
    std::size_t text(std::string s) { return s.size(); }
    std::size_t view(std::string_view s) { return s.size(); }
};

struct PerCall {
    double count = 0;
    double bytes = 0;
};

/// All calls are under way at once, and counted until their values are there.
template <class Call>
PerCall measure(int count, Call call) {
    std::vector<decltype(call())> futures;
    futures.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < 10; ++i) futures.push_back(call());  // what is made once is made now
    for (auto& future : futures) future.wait();
    futures.clear();
    const bench::AllocationCounter allocations;
    for (int i = 0; i < count; ++i) futures.push_back(call());
    for (auto& future : futures) future.wait();
    const bench::Allocations sum = allocations.so_far();
    return {static_cast<double>(sum.count) / count, static_cast<double>(sum.bytes_used) / count};
}

std::string bytes_text(double bytes) { return fmt::format("{:.0f} B", bytes); }

template <class Call>
void print(const std::string& what, Call call) {
    const PerCall one = measure(calls, call);
    const PerCall ten = measure(10 * calls, call);
    bench::print_row({what, bytes_text(one.bytes), "", one.count, ten.count, bench::at_most(most_allocations), ""});
}

template <class Call>
void print_bytes(const std::string& what, Call call) {
    const PerCall one = measure(calls, call);
    const PerCall ten = measure(10 * calls, call);
    bench::print_row({what, bytes_text(one.bytes), "", one.bytes, ten.bytes, bench::at_most(most_bytes), "B"});
}

void print_mode(concur::Mode mode) {
    const auto worker = concur::Worker<Shapes>::options().mode(mode).init();
    const std::string name = std::string(concur::to_string(mode)) + ": ";
    const auto number = [&] { return worker.call<&Shapes::number>(1); };
    print_bytes(name + "int -> int, bytes", number);
    print(name + "int -> int", number);
    print(name + "void -> void", [&] { return worker.call<&Shapes::nothing>(); });
    print(name + "(int, double) -> double", [&] { return worker.call<&Shapes::mixed>(1, 2.0); });
    print(name + "std::string of 15 -> size", [&] { return worker.call<&Shapes::text>("fifteen letters"); });
    print(name + "std::string_view of 15 -> size", [&] { return worker.call<&Shapes::view>("fifteen letters"); });
    print(name + "a lambda", [&] { return worker.call([](Shapes& shapes, int x) { return shapes.number(x); }, 1); });
}

void print_peer(const bench::PeerEntry& entry) {
    if (!entry.make) return bench::print_note(entry.name + " was not found, its row is left out");
    const auto peer = entry.make();
    bench::keep(peer->in_flight(calls));
    const bench::AllocationCounter allocations;
    bench::keep(peer->in_flight(calls));
    const bench::Allocations sum = allocations.so_far();
    bench::print_row({entry.name,
                      "",
                      bytes_text(static_cast<double>(sum.bytes_used) / calls),
                      static_cast<double>(sum.count) / calls,
                      {},
                      {},
                      ""});
}

}  // namespace

int main() {
    bench::print_title("B4", "allocations of a call, 1000 in flight (figure: how many; 10x: in flight)");
    print_mode(concur::Mode::sync);
    print_mode(concur::Mode::thread);
    print_mode(concur::Mode::asio);
    for (const bench::PeerEntry& entry : bench::all_peers()) print_peer(entry);
}

// Letting two or more threads do something at the same moment, many times.
#pragma once

#include <array>
#include <barrier>
#include <thread>
#include <utility>

namespace concur::test {

/// In each round: `prepare(round)` on the calling thread, then every one of `racers` at once on a thread of its own
/// with the round's number, then `check(round)` on the calling thread. `prepare` and `check` may CHECK, but must not
/// throw.
template <class Prepare, class Check, class... Racers>
void race(int rounds, Prepare prepare, Check check, Racers... racers) {
    std::barrier<> start(1 + sizeof...(racers));
    std::barrier<> end(1 + sizeof...(racers));
    const auto run = [&, rounds](auto& racer) {
        for (int round = 0; round < rounds; ++round) {
            start.arrive_and_wait();
            racer(round);
            end.arrive_and_wait();
        }
    };
    std::array threads{std::thread([&run, racer = std::move(racers)]() mutable { run(racer); })...};
    for (int round = 0; round < rounds; ++round) {
        prepare(round);
        start.arrive_and_wait();
        end.arrive_and_wait();
        check(round);
    }
    for (std::thread& thread : threads) thread.join();
}

}  // namespace concur::test

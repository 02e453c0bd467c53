#include <concur/retry/random.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>
#include <thread>
#include <vector>

#include "support/catch.hpp"

using concur::detail::Random;
using concur::detail::random_of;
using concur::detail::random_of_this_thread;

TEST_CASE("the generator is xoshiro256++ seeded by SplitMix64", "[retry][R4]") {
    // The first state word for seed 0 is SplitMix64's well-known first output.
    CHECK(concur::detail::mix_bits(0x9e3779b97f4a7c15u) == 0xe220a8397b1dcdafu);
    Random random(0);
    const std::array<std::uint64_t, 4> seeded{0xe220a8397b1dcdafu, 0x6e789e6aa1b965f4u, 0x06c45d188009454fu,
                                              0xf88bb8a8724c81ecu};
    const std::uint64_t sum = seeded[0] + seeded[3];
    CHECK(random.next() == ((sum << 23) | (sum >> 41)) + seeded[0]);
}

TEST_CASE("random numbers up to a bound reach all of them evenly, and none above", "[retry][R4]") {
    Random random(1);
    std::array<int, 7> counts{};
    for (int i = 0; i < 70'000; ++i) ++counts.at(random.up_to(6));
    CHECK(*std::min_element(counts.begin(), counts.end()) > 9'500);
    CHECK(*std::max_element(counts.begin(), counts.end()) < 10'500);
    CHECK(random.up_to(0) == 0);
    bool high = false;
    for (int i = 0; i < 64; ++i) high |= random.up_to(UINT64_MAX) > UINT64_MAX / 2;
    CHECK(high);
}

TEST_CASE("64 forked children and their parent draw 65 different streams", "[retry][R4]") {
    static_cast<void>(random_of_this_thread().next());  // seeded before the fork
    std::set<std::uint64_t> first_draws;
    for (int child = 0; child < 64; ++child) {
        int ends[2];
        REQUIRE(::pipe(ends) == 0);
        const pid_t pid = ::fork();
        if (pid == 0) {
            const std::uint64_t draw = random_of_this_thread().next();
            ::_exit(::write(ends[1], &draw, sizeof(draw)) == sizeof(draw) ? 0 : 1);
        }
        std::uint64_t draw = 0;
        const bool got_it = ::read(ends[0], &draw, sizeof(draw)) == sizeof(draw);
        ::close(ends[0]);
        ::close(ends[1]);
        ::waitpid(pid, nullptr, 0);
        REQUIRE(got_it);
        first_draws.insert(draw);
    }
    first_draws.insert(random_of_this_thread().next());
    CHECK(first_draws.size() == 65);
}

TEST_CASE("threads draw different streams", "[retry][R4]") {
    std::vector<std::uint64_t> draws(8);
    std::vector<std::thread> threads;
    for (std::uint64_t& draw : draws) threads.emplace_back([&draw] { draw = random_of_this_thread().next(); });
    for (std::thread& thread : threads) thread.join();
    CHECK(std::set<std::uint64_t>(draws.begin(), draws.end()).size() == 8);
}

TEST_CASE("on a clock whose runs repeat, a draw depends on seed, worker, call and retry, and on nothing else",
          "[retry][R4]") {
    std::set<std::uint64_t> draws;
    for (std::uint64_t seed = 0; seed < 6; ++seed)
        for (std::uint64_t worker = 0; worker < 6; ++worker)
            for (std::uint64_t call = 0; call < 6; ++call)
                for (std::uint64_t retry = 0; retry < 6; ++retry) {
                    const std::uint64_t draw = random_of(seed, worker, call, retry).next();
                    CHECK(random_of(seed, worker, call, retry).next() == draw);
                    draws.insert(draw);
                }
    CHECK(draws.size() == 6 * 6 * 6 * 6);
}

#include "concur/retry/random.hpp"

#include <unistd.h>

#include <chrono>
#include <optional>

#include "concur/core/fork.hpp"

namespace concur::detail {
namespace {

struct ThreadRandom {
    std::optional<Random> random;
    std::uint32_t generation = 0;
};

std::uint64_t fresh_seed() noexcept {
    std::uint64_t seed = 0;
    if (::getentropy(&seed, sizeof(seed)) == 0) return seed;
    // Where a sandbox forbids the call: no two threads of the machine share all three.
    thread_local const char mark = 0;
    seed = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
    seed = mix_bits(seed) ^ static_cast<std::uint64_t>(::getpid());
    return mix_bits(seed) ^ reinterpret_cast<std::uintptr_t>(&mark);
}

}  // namespace

Random& random_of_this_thread() noexcept {
    constinit thread_local ThreadRandom state;
    if (!state.random || state.generation != fork_generation()) [[unlikely]] {
        state.random.emplace(fresh_seed());
        state.generation = fork_generation();
    }
    return *state.random;
}

}  // namespace concur::detail

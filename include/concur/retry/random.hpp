/// Random numbers for waits: fast, small, and repeatable where a test wants that.
#pragma once

#include <cstdint>
#include <initializer_list>

namespace concur::detail {

/// The finalizer of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
[[nodiscard]] constexpr std::uint64_t mix_bits(std::uint64_t bits) noexcept {
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
    return bits ^ (bits >> 31);
}

/// xoshiro256++ 1.0 (Blackman, Vigna: Scrambled Linear Pseudorandom Number Generators, 2019), seeded by SplitMix64 as
/// its authors advise. Not for secrets.
class Random {
public:
    constexpr explicit Random(std::uint64_t seed) noexcept {
        for (std::uint64_t& word : state_) word = mix_bits(seed += 0x9e3779b97f4a7c15u);
    }

    constexpr std::uint64_t next() noexcept {
        const std::uint64_t result = rotated(state_[0] + state_[3], 23) + state_[0];
        const std::uint64_t shifted = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= shifted;
        state_[3] = rotated(state_[3], 45);
        return result;
    }

    /// Each whole number from 0 to `bound` with the same probability (Lemire: Fast Random Integer Generation in an
    /// Interval, 2019).
    constexpr std::uint64_t up_to(std::uint64_t bound) noexcept {
        __extension__ using Wide = unsigned __int128;
        const std::uint64_t count = bound + 1;
        if (count == 0) return next();
        Wide product = Wide{next()} * count;
        if (static_cast<std::uint64_t>(product) < count) {
            const std::uint64_t surplus = -count % count;
            while (static_cast<std::uint64_t>(product) < surplus) product = Wide{next()} * count;
        }
        return static_cast<std::uint64_t>(product >> 64);
    }

private:
    static constexpr std::uint64_t rotated(std::uint64_t bits, int by) noexcept {
        return (bits << by) | (bits >> (64 - by));
    }

    std::uint64_t state_[4]{};
};

/// The generator of this thread, seeded by the system; anew in the child of a fork.
[[nodiscard]] Random& random_of_this_thread() noexcept;

/// A generator that depends on nothing but these numbers: for clocks whose runs repeat.
[[nodiscard]] constexpr Random random_of(std::uint64_t seed, std::uint64_t worker, std::uint64_t call,
                                         std::uint64_t retry) noexcept {
    for (const std::uint64_t number : {worker, call, retry}) seed = mix_bits(seed + 0x9e3779b97f4a7c15u) ^ number;
    return Random(mix_bits(seed));
}

}  // namespace concur::detail

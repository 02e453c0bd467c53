// Counts how often each term occurs, in bounded memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

class TermCounts {
public:
    struct Term {
        std::string text;
        std::uint64_t count;
    };

    void add(std::string_view term, std::uint64_t count = 1);
    void add(const TermCounts& other);

    /// The most frequent terms, most frequent first; equally frequent ones by name.
    [[nodiscard]] std::vector<Term> top(std::size_t count) const;

private:
    // More different terms than any prose or code has. What goes beyond is made of random letters, and there the rarest
    // are forgotten, again and again: lossy counting (Manku and Motwani, VLDB 2002).
    static constexpr std::size_t most_terms = 1 << 17;

    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
    };

    void forget_rare_terms();

    std::unordered_map<std::string, std::uint64_t, Hash, std::equal_to<>> counts_;
    std::uint64_t forgotten_ = 0;
};

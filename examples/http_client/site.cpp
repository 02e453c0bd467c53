#include "site.hpp"

#include <fmt/format.h>

#include <charconv>

using namespace std::chrono_literals;

namespace {

constexpr std::string_view prefix = "/page/";

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers everywhere, unlike the distributions of <random>.
class Dice {
public:
    explicit Dice(std::uint64_t seed) : state_{seed} {}

    std::uint64_t next() {
        std::uint64_t z = state_ += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
    /// From first to last; the ranges here are far too small for the remainder to favour anybody.
    int between(int first, int last) {
        return first + static_cast<int>(next() % static_cast<std::uint64_t>(last - first + 1));
    }

private:
    std::uint64_t state_;
};

Dice dice_for(std::uint64_t seed, int page, int nth) {
    Dice seeds(seed);
    const std::uint64_t of_site = seeds.next();
    Dice pages(of_site + static_cast<std::uint64_t>(page));
    const std::uint64_t of_page = pages.next();
    return Dice(of_page + static_cast<std::uint64_t>(nth));
}

/// Of a thousand requests.
Answer answer_for(int roll) {
    if (roll <= 80) return Answer::unavailable;
    if (roll <= 140) return Answer::too_many;
    if (roll <= 180) return Answer::truncated;
    if (roll <= 195) return Answer::silence;
    return Answer::page;
}

}  // namespace

std::string Site::path(int page) { return fmt::format("{}{}", prefix, page); }

int Site::page_at(std::string_view path) const {
    if (!path.starts_with(prefix)) return -1;
    path.remove_prefix(prefix.size());
    int page = -1;
    const auto [end, error] = std::from_chars(path.data(), path.data() + path.size(), page);
    const bool is_number = error == std::errc() && end == path.data() + path.size();
    return is_number && page >= 0 && page < pages_ ? page : -1;
}

std::string Site::content(int page) const {
    Dice dice = dice_for(seed_, page, 0);
    std::string content = fmt::format("page {}\n", page);
    const int length = dice.between(200, 20'000);
    content.reserve(content.size() + static_cast<std::size_t>(length));
    for (int i = 0; i < length; ++i) content += static_cast<char>(dice.between(' ', '~'));
    return content;
}

Behaviour Site::behaviour(int page, int nth) const {
    Dice dice = dice_for(seed_, page, nth);
    Behaviour behaviour;
    behaviour.latency = dice.between(2, 40) * 1ms;
    if (nth > 5) return behaviour;
    behaviour.answer = answer_for(dice.between(1, 1000));
    if (behaviour.answer == Answer::silence) behaviour.latency = 10s;
    // One in four says it in whole seconds.
    if (behaviour.answer == Answer::too_many)
        behaviour.retry_after = dice.between(1, 4) == 1 ? 1s : dice.between(50, 300) * 1ms;
    return behaviour;
}

// What the server serves, and how badly: both follow from a seed, so that a run can be repeated and checked.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// How a request is answered.
enum class Answer : std::size_t {
    page,         ///< 200, whole
    unavailable,  ///< 503
    too_many,     ///< 429, with the time after which to come back
    truncated,    ///< 200, but the connection ends before the body does
    silence,      ///< nothing comes for longer than anybody should wait
};

/// A number for each kind of answer.
using AnswerCounts = std::array<int, 5>;

inline int& of(AnswerCounts& counts, Answer answer) { return counts[static_cast<std::size_t>(answer)]; }
inline int of(const AnswerCounts& counts, Answer answer) { return counts[static_cast<std::size_t>(answer)]; }

/// One answer in full.
struct Behaviour {
    Answer answer = Answer::page;
    std::chrono::milliseconds latency{0};
    /// Of a 429.
    std::chrono::milliseconds retry_after{0};
};

/// A value: who knows size and seed knows every page, and how each request for it is answered.
class Site {
public:
    Site(int pages, std::uint64_t seed) : pages_{pages}, seed_{seed} {}

    [[nodiscard]] int pages() const { return pages_; }
    [[nodiscard]] static std::string path(int page);
    /// The page that a path names; -1 if there is none.
    [[nodiscard]] int page_at(std::string_view path) const;
    /// Some hundred bytes up to some ten thousand.
    [[nodiscard]] std::string content(int page) const;
    /// How the nth request for the page, counted from 1, is answered. The sixth gets the page for certain.
    [[nodiscard]] Behaviour behaviour(int page, int nth) const;

private:
    int pages_;
    std::uint64_t seed_;
};

/// What the application's filters, validators and hints have in common: how they are called, and what they say.
#pragma once

#include <atomic>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "concur/core/duration.hpp"
#include "concur/core/function_traits.hpp"
#include "concur/observe/observer.hpp"
#include "concur/retry/attempt.hpp"

namespace concur::detail {

/// The attempt that is judged, and who is told of a function that throws.
struct Judging {
    const Attempt& attempt;
    Observer* observer = nullptr;
};

/// What is said of an exception.
struct ErrorVerdict {
    bool retryable = false;
    std::optional<Duration> hint{};
};

/// What is said of a result: it is accepted if nobody has a message.
struct ResultVerdict {
    std::vector<std::string> messages{};
    std::optional<Duration> hint{};

    [[nodiscard]] bool accepted() const noexcept { return messages.empty(); }
};

/// The longest of several hints.
inline void add_hint(std::optional<Duration>& hint, const std::optional<Duration>& other) noexcept {
    if (other && (!hint || *hint < *other)) hint = other;
}

/// Warns, in a handler, of a function of the application that threw; once for each.
class ThrownOnce {
public:
    ThrownOnce() = default;
    ThrownOnce(const ThrownOnce& other) noexcept : warned_{other.warned_.load(std::memory_order_relaxed)} {}
    ThrownOnce& operator=(const ThrownOnce&) = delete;

    void warn(const Judging& judging, std::string_view message) const noexcept;

private:
    mutable std::atomic<bool> warned_{false};
};

/// What a judging function takes: something to judge, and the attempt if it wants to.
template <class Parameters>
struct JudgedParameter {
    static constexpr bool fits = false;
};
template <class P>
struct JudgedParameter<TypeList<P>> {
    static constexpr bool fits = true;
    static constexpr bool takes_attempt = false;
    using type = P;
};
template <class P>
struct JudgedParameter<TypeList<P, const Attempt&>> : JudgedParameter<TypeList<P>> {
    static constexpr bool takes_attempt = true;
};

/// A function of one signature, as FunctionTraits; `fits` is false for other parameters, and for generic functions.
template <class F>
struct JudgingTraits {
    static constexpr bool is_generic = true;
    static constexpr bool fits = false;
};
template <class F>
    requires(FunctionTraits<F>::known)
struct JudgingTraits<F> : JudgedParameter<typename FunctionTraits<F>::Parameters> {
    static constexpr bool is_generic = false;
    using Result = typename FunctionTraits<F>::Result;
};

/// Passes on what is judged, and the attempt where it is taken.
template <bool takes_attempt, class F, class Judged>
decltype(auto) ask(F& f, Judged& judged, const Attempt& attempt) {
    if constexpr (takes_attempt) {
        return f(judged, attempt);
    } else {
        return f(judged);
    }
}

}  // namespace concur::detail

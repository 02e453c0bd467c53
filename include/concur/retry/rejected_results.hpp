/// The results that validators rejected, and what they said: what a RetryValidationError shows.
#pragma once

#include <cstddef>
#include <deque>
#include <exception>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "concur/core/errors.hpp"
#include "concur/retry/retry_numbers.hpp"

namespace concur::detail {

class RetryCourse;

/// How many are kept: all where there are at most 255 retries, beyond that the last `history`.
[[nodiscard]] constexpr std::size_t results_kept(const RetryNumbers& numbers) noexcept {
    constexpr int retries_with_all_kept = 255;
    return static_cast<std::size_t>(numbers.num_retries <= retries_with_all_kept ? numbers.num_retries + 1
                                                                                 : numbers.history);
}

/// What a RetryValidationError says beside the results.
struct Rejection {
    /// "Api::next: the result of attempt 3, the last one, was rejected: must be over 10"
    std::string text;
    int attempts;
    std::string method_name;
};
[[nodiscard]] Rejection rejection_of(const RetryCourse& course, std::size_t kept, std::size_t dropped);

/// The results of a call whose type is not known here.
class RejectedHistory {
public:
    virtual ~RejectedHistory() = default;
    /// Moves the result out of its place.
    virtual void add_bare(void* result, std::string messages) = 0;
    [[nodiscard]] virtual std::exception_ptr take_error(const RetryCourse& course) = 0;
};

template <class R>
class RejectedResults final : public RejectedHistory {
public:
    explicit RejectedResults(std::size_t kept) noexcept : kept_{kept} {}

    void add(R&& result, std::string messages) {
        results_.push_back(std::move(result));
        messages_.push_back(std::move(messages));
        if (results_.size() <= kept_) return;
        ++dropped_;
        results_.pop_front();
        messages_.pop_front();
    }

    void add_bare(void* result, std::string messages) override {
        add(std::move(*static_cast<R*>(result)), std::move(messages));
    }
    std::exception_ptr take_error(const RetryCourse& course) override { return std::move(*this).into_error(course); }

    /// How many are kept no more.
    [[nodiscard]] std::size_t dropped() const noexcept { return dropped_; }

    /// Gives them away, the oldest first.
    [[nodiscard]] std::exception_ptr into_error(const RetryCourse& course) && {
        Rejection rejection = rejection_of(course, results_.size(), dropped_);
        return std::make_exception_ptr(RetryValidationError(rejection.text, rejection.attempts, in_vector(results_),
                                                            in_vector(messages_), std::move(rejection.method_name)));
    }

private:
    template <class Value>
    static std::vector<Value> in_vector(std::deque<Value>& values) {
        return std::vector<Value>(std::make_move_iterator(values.begin()), std::make_move_iterator(values.end()));
    }

    std::size_t kept_;
    std::size_t dropped_ = 0;
    std::deque<R> results_;
    std::deque<std::string> messages_;
};

}  // namespace concur::detail

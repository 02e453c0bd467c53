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
#include "concur/retry/retry_course.hpp"

namespace concur::detail {

/// How many are kept: all where there are at most 255 retries, beyond that the last `history`.
[[nodiscard]] constexpr std::size_t results_kept(const RetryNumbers& numbers) noexcept {
    constexpr int retries_with_all_kept = 255;
    return static_cast<std::size_t>(numbers.num_retries <= retries_with_all_kept ? numbers.num_retries + 1
                                                                                 : numbers.history);
}

/// "Api::next: the result of attempt 3, the last one, was rejected: must be over 10"
[[nodiscard]] std::string rejection_text(const RetryCourse& course, std::size_t kept, std::size_t dropped);

template <class R>
class RejectedResults {
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

    /// How many are kept no more.
    [[nodiscard]] std::size_t dropped() const noexcept { return dropped_; }

    /// Gives them away, the oldest first.
    [[nodiscard]] std::exception_ptr into_error(const RetryCourse& course) && {
        return std::make_exception_ptr(RetryValidationError(rejection_text(course, results_.size(), dropped_),
                                                            course.attempts(), in_vector(results_),
                                                            in_vector(messages_), std::string(course.method_name())));
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

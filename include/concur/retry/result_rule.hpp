/// What the application says of results: the validators of `retry_until`, the hints of `retry_after`.
#pragma once

#include <memory>
#include <typeinfo>

#include "concur/core/owned.hpp"
#include "concur/retry/judging.hpp"
#include "concur/retry/rejected_results.hpp"

namespace concur::detail {

/// One of them. Shared by everything that got the policy, and asked by any thread.
class ResultRule {
public:
    ResultRule(const std::type_info& type, bool asks_for_attempt) noexcept
        : type_{&type}, asks_for_attempt_{asks_for_attempt} {}
    virtual ~ResultRule() = default;

    /// Of the results that it is about.
    [[nodiscard]] const std::type_info& type() const noexcept { return *type_; }
    /// Whether it may ask for the arguments of the call.
    [[nodiscard]] bool asks_for_attempt() const noexcept { return asks_for_attempt_; }
    /// Whether there was one.
    [[nodiscard]] bool was_asked() const noexcept { return was_asked_.load(std::memory_order_relaxed); }

    /// Where results are kept that it rejects; null if it rejects none.
    [[nodiscard]] virtual std::unique_ptr<RejectedHistory> make_history(std::size_t) const { return nullptr; }
    /// A result of that type comes, or something in its place.
    void note_type(const std::type_info& type) const noexcept {
        if (*type_ == type) was_asked_.store(true, std::memory_order_relaxed);
    }

    void apply(const void* result, ResultVerdict& verdict, const Judging& judging) const {
        was_asked_.store(true, std::memory_order_relaxed);
        judge(result, verdict, judging);
    }

private:
    virtual void judge(const void* result, ResultVerdict& verdict, const Judging& judging) const = 0;

    const std::type_info* type_;
    bool asks_for_attempt_;
    mutable std::atomic<bool> was_asked_{false};
};

/// The text of what is being handled.
[[nodiscard]] std::string text_of_current_exception();

/// retry_until(f, message), for results of type R
template <class R, bool takes_attempt, class F>
class Validator final : public ResultRule {
public:
    Validator(F f, std::string message)
        : ResultRule(typeid(R), takes_attempt), f_(std::move(f)), message_{std::move(message)} {}

    std::unique_ptr<RejectedHistory> make_history(std::size_t kept) const override {
        return std::make_unique<RejectedResults<R>>(kept);
    }

private:
    void judge(const void* result, ResultVerdict& verdict, const Judging& judging) const override {
        try {
            if (!ask<takes_attempt>(f_, *static_cast<const R*>(result), judging.attempt))
                verdict.messages.push_back(message_);
        } catch (...) {
            verdict.messages.push_back(text_of_current_exception());
            thrown_.warn(judging, "a validator of retry_until threw; that rejects the result");
        }
    }

    mutable F f_;
    std::string message_;
    ThrownOnce thrown_;
};

/// retry_after(f), for results of type R
template <class R, bool takes_attempt, class F>
class HintOfResult final : public ResultRule {
public:
    explicit HintOfResult(F f) : ResultRule(typeid(R), takes_attempt), f_(std::move(f)) {}

private:
    void judge(const void* result, ResultVerdict& verdict, const Judging& judging) const override {
        try {
            add_hint(verdict.hint, ask<takes_attempt>(f_, *static_cast<const R*>(result), judging.attempt));
        } catch (...) {
            thrown_.warn(judging, "a function of retry_after threw; that counts as no hint");
        }
    }

    mutable F f_;
    ThrownOnce thrown_;
};

}  // namespace concur::detail

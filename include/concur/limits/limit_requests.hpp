/// What is asked of a LimitSet.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

namespace concur {
namespace detail {

template <class N>
concept LimitAmount = std::is_arithmetic_v<N> && !std::same_as<N, bool>;

template <class S>
concept LimitKey = std::convertible_to<const S&, std::string_view>;

/// Thousandths, rounded to the nearest and saturating.
[[nodiscard]] std::int64_t to_thousandths(double amount) noexcept;

/// What NaN becomes: no amount at all.
inline constexpr std::int64_t no_amount = std::numeric_limits<std::int64_t>::min();

template <LimitAmount N>
[[nodiscard]] constexpr std::int64_t thousandths_of(N amount) noexcept {
    if constexpr (std::is_integral_v<N>) {
        std::int64_t result = 0;
        if (__builtin_mul_overflow(amount, std::int64_t{1000}, &result))
            return amount < N{} ? no_amount + 1 : std::numeric_limits<std::int64_t>::max();
        return result;
    } else {
        return to_thousandths(static_cast<double>(amount));
    }
}

}  // namespace detail

namespace detail {

/// What a request is charged for as a call, by the CallLimit of the set that serves it, if it has one.
enum class CallCharge : unsigned char {
    none,     ///< it is no call
    call,     ///< one that starts
    attempt,  ///< another attempt of one
};

}  // namespace detail

/// An amount of one limit: `{"rows", 100}`. Rounded to the nearest 0.001. The key is not copied here.
class LimitRequest {
public:
    template <detail::LimitKey S, detail::LimitAmount N>
    LimitRequest(const S& key, N amount) noexcept : thousandths_{detail::thousandths_of(amount)} {
        set_key(key);
    }

    [[nodiscard]] static LimitRequest of_thousandths(std::string_view key, std::int64_t thousandths) noexcept {
        LimitRequest request;
        request.set_key(key);
        request.thousandths_ = thousandths;
        return request;
    }

    [[nodiscard]] std::string_view key() const noexcept { return {key_, key_size_}; }
    [[nodiscard]] std::int64_t thousandths() const noexcept { return thousandths_; }

private:
    friend class LimitRequests;

    // Without values: most requests need one of the three that LimitRequests has room for.
    LimitRequest() noexcept {}
    void set_key(std::string_view key) noexcept {
        key_ = key.data();
        key_size_ = key.size();
    }

    const char* key_;
    std::size_t key_size_;
    std::int64_t thousandths_;
};

/// All that one acquisition asks for: `"slots"`, `{"slots", 2}`, `{{"connections", 1}, {"rows", 100}}`, or a named one
/// of these. A key that is named twice is asked for the sum.
///
/// A named one must not outlive its keys, which mostly are literals; `owned()` makes one that has copies of them.
class LimitRequests {
public:
    LimitRequests() noexcept {}
    template <detail::LimitKey S>
    LimitRequests(const S& key) noexcept : LimitRequests(key, 1) {}
    template <detail::LimitKey S, detail::LimitAmount N>
    LimitRequests(const S& key, N amount) noexcept : size_{1} {
        few_[0] = LimitRequest(key, amount);
    }
    LimitRequests(std::initializer_list<LimitRequest> requests) : LimitRequests(requests.begin(), requests.size()) {}
    LimitRequests(const LimitRequest* requests, std::size_t count) : size_{static_cast<std::uint32_t>(count)} {
        if (count > few)
            share(requests);
        else
            for (std::size_t i = 0; i < count; ++i) few_[i] = requests[i];
    }
    LimitRequests(const LimitRequests& other);
    LimitRequests& operator=(const LimitRequests& other);
    ~LimitRequests() = default;

    /// The same, with keys of its own.
    [[nodiscard]] LimitRequests owned() const;

    [[nodiscard]] const LimitRequest* begin() const noexcept { return shared_ ? shared_.get() : few_; }
    [[nodiscard]] const LimitRequest* end() const noexcept { return begin() + size_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    // For the library.
    [[nodiscard]] detail::CallCharge charge() const noexcept { return charge_; }
    void set_charge(detail::CallCharge charge) noexcept { charge_ = charge; }

private:
    static constexpr std::size_t few = 3;

    void share(const LimitRequest* requests);

    LimitRequest few_[few];
    std::uint32_t size_ = 0;
    detail::CallCharge charge_ = detail::CallCharge::none;
    std::shared_ptr<const LimitRequest> shared_;  // the first one, where they are too many or have keys of their own
};

}  // namespace concur

/// What the calls of a method take of their worker's limits, without code in the class.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include "concur/call/arguments.hpp"
#include "concur/call/call.hpp"
#include "concur/core/function_traits.hpp"
#include "concur/core/owned.hpp"
#include "concur/limits/limit_requests.hpp"

namespace concur::detail {

/// A function of the arguments that says how much of a limit an attempt takes.
class AmountOfArguments {
public:
    virtual ~AmountOfArguments() = default;
    /// In thousandths; nothing for a call whose arguments are of other types: another overload.
    [[nodiscard]] virtual std::int64_t amount(CallBase& call) const = 0;
};

/// A function of the result that says how much of a limit an attempt has used.
class AmountOfResult {
public:
    explicit AmountOfResult(const std::type_info& type) noexcept : type_{&type} {}
    virtual ~AmountOfResult() = default;
    /// Of the results that it is about.
    [[nodiscard]] const std::type_info& type() const noexcept { return *type_; }
    /// In thousandths.
    [[nodiscard]] virtual std::int64_t amount(const void* result) const = 0;

private:
    const std::type_info* type_;
};

/// Takes the arguments of a method with the parameters P, all of them.
template <class F, class... P>
inline constexpr bool gives_amount = requires(F& f, const SeenParameter<P>&... seen) {
    requires LimitAmount<std::remove_cvref_t<decltype(f(seen...))>>;
};

template <class F, class Indices, class... P>
class AmountOfParameters;
template <class F, std::size_t... index, class... P>
class AmountOfParameters<F, std::index_sequence<index...>, P...> final : public AmountOfArguments {
public:
    explicit AmountOfParameters(F f) : f_(std::move(f)) {}

    std::int64_t amount(CallBase& call) const override {
        const void* const seen[] = {call.argument(index, typeid(SeenParameter<P>))..., this};
        for (const void* argument : seen)
            if (!argument) return 0;
        return thousandths_of(f_(*static_cast<const SeenParameter<P>*>(seen[index])...));
    }

private:
    mutable F f_;
};

template <class F, class... P>
[[nodiscard]] std::shared_ptr<const AmountOfArguments> make_amount_of_arguments(F f, TypeList<P...>) {
    return std::make_shared<AmountOfParameters<F, std::index_sequence_for<P...>, P...>>(std::move(f));
}

template <class F, class R>
class AmountOfResultOf final : public AmountOfResult {
public:
    explicit AmountOfResultOf(F f) : AmountOfResult(typeid(R)), f_(std::move(f)) {}
    std::int64_t amount(const void* result) const override {
        return thousandths_of(f_(*static_cast<const R*>(result)));
    }

private:
    mutable F f_;
};

/// A value; the functions themselves are shared by its copies.
struct MethodLimits {
    struct Computed {
        std::string key;
        std::shared_ptr<const AmountOfArguments> amount;
    };
    struct Reported {
        std::string key;
        std::shared_ptr<const AmountOfResult> amount;
    };

    std::vector<LimitRequests> fixed{};
    std::vector<Computed> computed{};
    std::vector<Reported> reported{};

    [[nodiscard]] bool empty() const noexcept { return fixed.empty() && computed.empty(); }
};

}  // namespace concur::detail

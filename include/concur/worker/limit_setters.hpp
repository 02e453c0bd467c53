/// The setters of what the calls of one method take of their worker's limits.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "concur/call/bound_call.hpp"
#include "concur/call/method_limits.hpp"
#include "concur/core/refused.hpp"

namespace concur::detail {

template <class F, class Parameters>
inline constexpr bool computes_amount = false;
template <class F, class... P>
inline constexpr bool computes_amount<F, TypeList<P...>> = gives_amount<F, P...>;

template <class F, class R>
inline constexpr bool computes_used = requires(F& f, const R& result) {
    requires LimitAmount<std::remove_cvref_t<decltype(f(result))>>;
};

/// `Builder` derives from it, and has `limits()`: the MethodLimits that are changed.
template <class Builder, auto method, class Target>
class LimitSetters {
    using Value = CallResult<typename Target::Result>;

public:
    /// Each attempt takes this before it begins, and gives it back at its end: of what `options().limits(...)` gave to
    /// the worker. The call waits without a thread, outside `attempt_timeout`, and keeps its place meanwhile. Setters
    /// add up.
    ///
    ///     .method<&Database::query>([](auto& m) { m.acquires({{"connections", 1}}); })
    Builder acquires(const LimitRequests& requested) const {
        limits().fixed.push_back(requested.owned());
        return self();
    }
    /// The same for one limit. `amount` is a number, or a function of all arguments of the method: it takes them by
    /// value or const reference, and returns a number. What it throws is what the attempt ends in.
    ///
    ///     m.acquires("tokens", [](const Request& request) { return request.size(); });
    template <class Amount>
    Builder acquires(std::string_view key, Amount amount) const {
        if constexpr (LimitAmount<Amount>) {
            return acquires(LimitRequests(key, amount));
        } else if constexpr (computes_amount<Amount, typename Target::Parameters>) {
            limits().computed.push_back(
                {std::string(key), make_amount_of_arguments(std::move(amount), typename Target::Parameters())});
        } else {
            static_assert(accepted<Method<method>, Function<Amount>>,
                          "concur: acquires() computes an amount from the arguments of its method; take all of them, "
                          "by value or const reference, and return a number");
        }
        return self();
    }
    /// What an attempt has really used of a limit that it has acquired, from its result: as `Acquisition::update`. An
    /// attempt that throws is charged in full.
    ///
    ///     m.reports("tokens", [](const Reply& reply) { return reply.used; });
    template <class F>
    Builder reports(std::string_view key, F used) const {
        if constexpr (std::is_void_v<Value>) {
            static_assert(accepted<Method<method>, Function<F>>,
                          "concur: reports() computes what was used from the result of its method, and this one "
                          "returns none; let it return what it has used");
        } else if constexpr (computes_used<F, Value>) {
            limits().reported.push_back(
                {std::string(key), std::make_shared<AmountOfResultOf<F, Value>>(std::move(used))});
        } else {
            static_assert(accepted<Method<method>, Returned<Value>, Function<F>>,
                          "concur: reports() computes what was used from the result of its method; take that by value "
                          "or const reference, and return a number");
        }
        return self();
    }

private:
    [[nodiscard]] const Builder& self() const noexcept { return static_cast<const Builder&>(*this); }
    [[nodiscard]] MethodLimits& limits() const noexcept { return self().method_limits(); }
};

}  // namespace concur::detail

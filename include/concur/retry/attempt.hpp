/// One attempt of a call, as the method, the retry filters and the validators see it.
#pragma once

#include <array>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include "concur/core/duration.hpp"

namespace concur {
namespace detail {

/// The arguments of a call, for whoever knows their types.
class KeptArguments {
public:
    /// Copies of them, made when they are first asked for; null if they are of other types, or given away.
    template <class... A>
    [[nodiscard]] const std::tuple<A...>* as() {
        using Tuple = std::tuple<A...>;
        if (type_ && *type_ == typeid(Tuple)) return static_cast<const Tuple*>(copies_.get());
        if (count() != sizeof...(A)) return nullptr;
        return [this]<std::size_t... index>(std::index_sequence<index...>)->const Tuple* {
            [[maybe_unused]] const std::array<const void*, sizeof...(A)> found{find(index, typeid(A))...};
            if (((found[index] == nullptr) || ...)) return nullptr;
            copies_ = std::make_shared<const Tuple>(*static_cast<const A*>(found[index])...);
            type_ = &typeid(Tuple);
            return static_cast<const Tuple*>(copies_.get());
        }
        (std::index_sequence_for<A...>());
    }

protected:
    ~KeptArguments() = default;

private:
    [[nodiscard]] virtual std::size_t count() const noexcept = 0;
    /// Null if the argument at `index` is not kept as a `type`.
    [[nodiscard]] virtual const void* find(std::size_t index, const std::type_info& type) const = 0;

    std::shared_ptr<const void> copies_;
    const std::type_info* type_ = nullptr;
};

}  // namespace detail

/// Valid while the function runs that it is passed to.
struct Attempt {
    /// From 1.
    int number = 1;
    std::string_view method_name;
    std::string_view worker_name;
    /// What the attempt before this one threw; null for the first, and after one whose result was rejected.
    std::exception_ptr last_error{};
    /// Since the call began, on its worker's clock. For a filter or validator: when the attempt had ended.
    Duration elapsed{};
    /// Of the validators that rejected the result of the attempt before this one.
    std::vector<std::string> messages{};

    /// The arguments of the call, if these are their decayed types; else null. Texts and spans are there as what owns
    /// them. For filters, validators, hints and backoffs; null in the method itself, and after an attempt that used up
    /// an argument that cannot be copied. They are copied when this is first called.
    template <class... A>
    [[nodiscard]] const std::tuple<A...>* args() const {
        static_assert((std::is_same_v<A, std::decay_t<A>> && ...),
                      "concur: the arguments of a call are kept as values; leave const and & out of args<...>()");
        static_assert((std::is_copy_constructible_v<A> && ...),
                      "concur: args<...>() copies the arguments of a call; one of these types cannot be copied");
        return arguments ? arguments->as<A...>() : nullptr;
    }

    // For the library.
    detail::KeptArguments* arguments = nullptr;
};

}  // namespace concur

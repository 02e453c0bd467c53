/// One attempt of a call, as the method, the retry filters and the validators see it.
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <vector>

#include "concur/core/duration.hpp"

namespace concur {

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

    /// The arguments of the call, if these are their decayed types; else null.
    template <class... A>
    [[nodiscard]] const std::tuple<A...>* args() const noexcept {
        static_assert((std::is_same_v<A, std::decay_t<A>> && ...),
                      "concur: the arguments of a call are kept as values; leave const and & out of args<...>()");
        if (!arguments_type || *arguments_type != typeid(std::tuple<A...>)) return nullptr;
        return static_cast<const std::tuple<A...>*>(arguments);
    }

    // For the library: a std::tuple, and its type.
    const void* arguments = nullptr;
    const std::type_info* arguments_type = nullptr;
};

}  // namespace concur

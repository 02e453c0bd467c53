/// What a value is kept as when it has to outlive the expression that made it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace concur::detail {

template <class T>
struct OwnedType {
    using type = T;
};
template <class Char, class Traits>
struct OwnedType<std::basic_string_view<Char, Traits>> {
    using type = std::basic_string<Char, Traits>;
};
template <class T, std::size_t extent>
struct OwnedType<std::span<T, extent>> {
    using type = std::vector<std::remove_cv_t<T>>;
};

/// T decayed, with views replaced by what owns its elements: `string_view` by `string`, `span` by `vector`.
template <class T>
using Owned = typename OwnedType<std::decay_t<T>>::type;

/// The owner made from a view, anything else passed on.
template <class T>
decltype(auto) to_owned(T&& value) {
    using Plain = std::decay_t<T>;
    if constexpr (std::is_same_v<Owned<Plain>, Plain>) {
        return std::forward<T>(value);
    } else {
        return Owned<Plain>(value.begin(), value.end());
    }
}

}  // namespace concur::detail

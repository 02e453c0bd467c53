/// Names of types and methods, for people: in errors, events, statistics and threads.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace concur::detail {

/// A name computed by the compiler.
template <std::size_t capacity>
struct StaticName {
    std::array<char, capacity> text{};
    std::size_t size = 0;

    [[nodiscard]] constexpr std::string_view view() const noexcept { return {text.data(), size}; }
};

// g++ prints "... [with auto M = &app::Big::ne; std::string_view = ...]", clang "... [M = &app::Big::ne]".
consteval std::string_view printed_argument(std::string_view pretty) {
    const std::size_t start = pretty.find(" = ") + 3;
    const std::size_t semicolon = pretty.find("; std::string_view", start);
    std::string_view name =
        pretty.substr(start, (semicolon == std::string_view::npos ? pretty.rfind(']') : semicolon) - start);
    if (name.starts_with('&')) name.remove_prefix(1);
    return name;
}

/// Leaves out unnamed namespaces and the function that a local class was defined in.
template <std::size_t capacity>
consteval StaticName<capacity> plain_name(std::string_view printed) {
    StaticName<capacity> name;
    int depth = 0;
    while (!printed.empty()) {
        bool skipped = false;
        for (const std::string_view unnamed :
             {std::string_view("{anonymous}::"), std::string_view("(anonymous namespace)::")}) {
            if (!printed.starts_with(unnamed)) continue;
            printed.remove_prefix(unnamed.size());
            skipped = true;
        }
        if (skipped) continue;
        if (depth == 0 && printed.starts_with(")::")) {
            printed.remove_prefix(3);
            name.size = 0;
            continue;
        }
        depth += printed.front() == '<' ? 1 : printed.front() == '>' ? -1 : 0;
        name.text[name.size++] = printed.front();
        printed.remove_prefix(1);
    }
    return name;
}

template <auto M>
consteval std::string_view printed_method() {
    return printed_argument(__PRETTY_FUNCTION__);
}
template <class T>
consteval std::string_view printed_type() {
    return printed_argument(__PRETTY_FUNCTION__);
}

template <auto M>
inline constexpr auto method_name_storage = plain_name<printed_method<M>().size()>(printed_method<M>());
template <class T>
inline constexpr auto type_name_storage = plain_name<printed_type<T>().size()>(printed_type<T>());

/// "app::Big::ne" for `&app::Big::ne`; an inherited method carries the class that declares it.
template <auto M>
[[nodiscard]] constexpr std::string_view name_of_method() {
    return method_name_storage<M>.view();
}

/// "app::Big" for `app::Big`.
template <class T>
[[nodiscard]] constexpr std::string_view name_of_type() {
    return type_name_storage<T>.view();
}

}  // namespace concur::detail

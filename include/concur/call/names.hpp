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

/// How much of `text` is the end of a function's parameters, its qualifiers and the "::" before what is local to it; 0
/// if something else stands there.
consteval std::size_t length_of_function_end(std::string_view text) {
    if (!text.starts_with(')')) return 0;
    std::size_t length = 1;
    for (bool found = true; found;) {
        found = false;
        for (const std::string_view qualifier : {" const", " volatile", " &&", " &"}) {
            if (!text.substr(length).starts_with(qualifier)) continue;
            length += qualifier.size();
            found = true;
        }
    }
    return text.substr(length).starts_with("::") ? length + 2 : 0;
}

/// How much of `text` is a closure ("<lambda(int)>::") in which something local is defined; 0 if something else stands
/// there.
consteval std::size_t length_of_closure(std::string_view text) {
    if (!text.starts_with("<lambda")) return 0;
    int depth = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        depth += text[i] == '<' ? 1 : text[i] == '>' ? -1 : 0;
        if (depth == 0) return text.substr(i + 1).starts_with("::") ? i + 3 : 0;
    }
    return 0;
}

/// Leaves out unnamed namespaces, and the function that a local class was defined in.
template <std::size_t capacity>
consteval StaticName<capacity> plain_name(std::string_view printed) {
    StaticName<capacity> name;
    int depth = 0;
    while (!printed.empty()) {
        std::size_t unnamed = 0;
        for (const std::string_view text :
             {std::string_view("{anonymous}::"), std::string_view("(anonymous namespace)::")})
            if (printed.starts_with(text)) unnamed = text.size();
        const std::size_t function = depth == 0 ? length_of_function_end(printed) : 0;
        const std::size_t closure = depth == 0 ? length_of_closure(printed) : 0;
        if (unnamed != 0) {
            printed.remove_prefix(unnamed);
        } else if (function != 0 || closure != 0) {
            printed.remove_prefix(function != 0 ? function : closure);
            name.size = 0;
        } else {
            depth += printed.front() == '<' ? 1 : printed.front() == '>' ? -1 : 0;
            name.text[name.size++] = printed.front();
            printed.remove_prefix(1);
        }
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

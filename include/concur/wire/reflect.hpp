/// Takes plain structs apart: their fields, without a word in the struct.
///
/// Aggregates without base classes, with up to 32 fields. Only what can be taken apart is asked: everything here is
/// decided by types alone.
#pragma once

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace concur::detail {

inline constexpr std::size_t max_fields = 32;

/// Stands for a field's value while fields are counted. Never converted.
struct AnyField {
    template <class T>
    operator T() const;
};

template <class T, std::size_t... index>
consteval bool takes_fields(std::index_sequence<index...>) {
    return requires { T{(static_cast<void>(index), AnyField())...}; };
}
/// The same with braces around each: a C array then counts as one field.
template <class T, std::size_t... index>
consteval bool takes_braced_fields(std::index_sequence<index...>) {
    return requires { T{{(static_cast<void>(index), AnyField())}...}; };
}

/// The same with nothing between the braces. Not a pack: that would have to name its index.
template <class T, std::size_t count>
consteval bool takes_empty_braces() {
    if constexpr (count == 0) {
        return true;
    } else if constexpr (count == 1) {
        return requires { T{{}}; };
    } else if constexpr (count == 2) {
        return requires { T{{}, {}}; };
    } else if constexpr (count == 3) {
        return requires { T{{}, {}, {}}; };
    } else if constexpr (count == 4) {
        return requires { T{{}, {}, {}, {}}; };
    } else if constexpr (count == 5) {
        return requires { T{{}, {}, {}, {}, {}}; };
    } else if constexpr (count == 6) {
        return requires { T{{}, {}, {}, {}, {}, {}}; };
    } else if constexpr (count == 7) {
        return requires { T{{}, {}, {}, {}, {}, {}, {}}; };
    } else if constexpr (count == 8) {
        return requires { T{{}, {}, {}, {}, {}, {}, {}, {}}; };
    } else if constexpr (count == 9) {
        return requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}}; };
    } else if constexpr (count == 10) {
        return requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
    } else if constexpr (count == 11) {
        return requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
    } else if constexpr (count == 12) {
        return requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
    } else if constexpr (count == 13) {
        return requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
    } else if constexpr (count == 14) {
        return requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
    } else if constexpr (count == 15) {
        return requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
    } else if constexpr (count == 16) {
        return requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
    } else if constexpr (count == 17) {
        return requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
    } else if constexpr (count == 18) {
        return requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
    } else if constexpr (count == 19) {
        return requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
    } else if constexpr (count == 20) {
        return requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
    } else if constexpr (count == 21) {
        return requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
    } else if constexpr (count == 22) {
        return requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; };
    } else if constexpr (count == 23) {
        return requires {
            T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
        };
    } else if constexpr (count == 24) {
        return requires {
            T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
        };
    } else if constexpr (count == 25) {
        return requires {
            T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
        };
    } else if constexpr (count == 26) {
        return requires {
            T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
        };
    } else if constexpr (count == 27) {
        return requires {
            T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {},
              {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
        };
    } else if constexpr (count == 28) {
        return requires {
            T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {},
              {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
        };
    } else if constexpr (count == 29) {
        return requires {
            T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {},
              {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
        };
    } else if constexpr (count == 30) {
        return requires {
            T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {},
              {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
        };
    } else if constexpr (count == 31) {
        return requires {
            T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {},
              {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
        };
    } else if constexpr (count == 32) {
        return requires {
            T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {},
              {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
        };
    }
}

enum class Initialiser : unsigned char { plain, braced, empty };

/// The largest number of initialisers of a kind that T takes.
template <class T, Initialiser kind, std::size_t count = max_fields>
consteval std::size_t most() {
    if constexpr (count == 0) {
        return 0;
    } else {
        constexpr std::make_index_sequence<count> indices;
        if constexpr (kind == Initialiser::plain    ? takes_fields<T>(indices)
                      : kind == Initialiser::braced ? takes_braced_fields<T>(indices)
                                                    : takes_empty_braces<T, count>()) {
            return count;
        } else {
            return most<T, kind, count - 1>();
        }
    }
}

/// Without braces the elements of a C array are counted one by one. Braces alone mislead, too: an empty struct takes
/// nothing in them, and others take nothing else; so they count only where both kinds agree.
template <class T>
consteval std::size_t count_fields() {
    constexpr std::size_t plain = most<T, Initialiser::plain>();
    constexpr std::size_t braced = most<T, Initialiser::braced>();
    return braced != 0 && braced == most<T, Initialiser::empty>() ? braced : plain;
}

/// Whether T is a struct that can be taken apart: one with more fields than allowed has at least one more.
template <class T>
inline constexpr bool is_reflectable = [] {
    if constexpr (std::is_aggregate_v<T> && !std::is_array_v<T> && !std::is_union_v<T>) {
        return !takes_fields<T>(std::make_index_sequence<max_fields + 1>());
    } else {
        return false;
    }
}();
template <class T>
inline constexpr std::size_t field_count = count_fields<T>();

/// References to the fields of an object, in their order.
template <class T>
constexpr auto fields_of(T& object) noexcept {
    constexpr std::size_t count = field_count<std::remove_const_t<T>>;
    if constexpr (count == 0) {
        return std::tuple<>();
    } else if constexpr (count == 1) {
        auto& [f1] = object;
        return std::tie(f1);
    } else if constexpr (count == 2) {
        auto& [f1, f2] = object;
        return std::tie(f1, f2);
    } else if constexpr (count == 3) {
        auto& [f1, f2, f3] = object;
        return std::tie(f1, f2, f3);
    } else if constexpr (count == 4) {
        auto& [f1, f2, f3, f4] = object;
        return std::tie(f1, f2, f3, f4);
    } else if constexpr (count == 5) {
        auto& [f1, f2, f3, f4, f5] = object;
        return std::tie(f1, f2, f3, f4, f5);
    } else if constexpr (count == 6) {
        auto& [f1, f2, f3, f4, f5, f6] = object;
        return std::tie(f1, f2, f3, f4, f5, f6);
    } else if constexpr (count == 7) {
        auto& [f1, f2, f3, f4, f5, f6, f7] = object;
        return std::tie(f1, f2, f3, f4, f5, f6, f7);
    } else if constexpr (count == 8) {
        auto& [f1, f2, f3, f4, f5, f6, f7, f8] = object;
        return std::tie(f1, f2, f3, f4, f5, f6, f7, f8);
    } else if constexpr (count == 9) {
        auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9] = object;
        return std::tie(f1, f2, f3, f4, f5, f6, f7, f8, f9);
    } else if constexpr (count == 10) {
        auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10] = object;
        return std::tie(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10);
    } else if constexpr (count == 11) {
        auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11] = object;
        return std::tie(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11);
    } else if constexpr (count == 12) {
        auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12] = object;
        return std::tie(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12);
    } else if constexpr (count == 13) {
        auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13] = object;
        return std::tie(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13);
    } else if constexpr (count == 14) {
        auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14] = object;
        return std::tie(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14);
    } else if constexpr (count == 15) {
        auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15] = object;
        return std::tie(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15);
    } else if constexpr (count == 16) {
        auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16] = object;
        return std::tie(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16);
    } else if constexpr (count == 17) {
        auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17] = object;
        return std::tie(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17);
    } else if constexpr (count == 18) {
        auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18] = object;
        return std::tie(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18);
    } else if constexpr (count == 19) {
        auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19] = object;
        return std::tie(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19);
    } else if constexpr (count == 20) {
        auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20] = object;
        return std::tie(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20);
    } else if constexpr (count == 21) {
        auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21] = object;
        return std::tie(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21);
    } else if constexpr (count == 22) {
        auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22] =
            object;
        return std::tie(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21,
                        f22);
    } else if constexpr (count == 23) {
        auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22,
               f23] = object;
        return std::tie(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21,
                        f22, f23);
    } else if constexpr (count == 24) {
        auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22, f23,
               f24] = object;
        return std::tie(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21,
                        f22, f23, f24);
    } else if constexpr (count == 25) {
        auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22, f23,
               f24, f25] = object;
        return std::tie(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21,
                        f22, f23, f24, f25);
    } else if constexpr (count == 26) {
        auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22, f23,
               f24, f25, f26] = object;
        return std::tie(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21,
                        f22, f23, f24, f25, f26);
    } else if constexpr (count == 27) {
        auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22, f23,
               f24, f25, f26, f27] = object;
        return std::tie(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21,
                        f22, f23, f24, f25, f26, f27);
    } else if constexpr (count == 28) {
        auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22, f23,
               f24, f25, f26, f27, f28] = object;
        return std::tie(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21,
                        f22, f23, f24, f25, f26, f27, f28);
    } else if constexpr (count == 29) {
        auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22, f23,
               f24, f25, f26, f27, f28, f29] = object;
        return std::tie(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21,
                        f22, f23, f24, f25, f26, f27, f28, f29);
    } else if constexpr (count == 30) {
        auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22, f23,
               f24, f25, f26, f27, f28, f29, f30] = object;
        return std::tie(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21,
                        f22, f23, f24, f25, f26, f27, f28, f29, f30);
    } else if constexpr (count == 31) {
        auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22, f23,
               f24, f25, f26, f27, f28, f29, f30, f31] = object;
        return std::tie(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21,
                        f22, f23, f24, f25, f26, f27, f28, f29, f30, f31);
    } else if constexpr (count == 32) {
        auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22, f23,
               f24, f25, f26, f27, f28, f29, f30, f31, f32] = object;
        return std::tie(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21,
                        f22, f23, f24, f25, f26, f27, f28, f29, f30, f31, f32);
    }
}

}  // namespace concur::detail

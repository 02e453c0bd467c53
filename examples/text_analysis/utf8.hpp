// As much of UTF-8 as it takes to count characters and to print names safely.
#pragma once

#include <cstddef>
#include <string_view>

/// The number of bytes of the character that `text` begins with; 0 if it begins with no valid one.
/// (The Unicode Standard, table 3-7: no overlong forms, no surrogates.)
inline std::size_t utf8_length(std::string_view text) {
    const auto in = [&](std::size_t index, unsigned low, unsigned high) {
        const unsigned byte = index < text.size() ? static_cast<unsigned char>(text[index]) : 0;
        return low <= byte && byte <= high;
    };
    const auto follows = [&](std::size_t index) { return in(index, 0x80, 0xBF); };
    if (text.empty()) return 0;
    if (in(0, 0x00, 0x7F)) return 1;
    if (in(0, 0xC2, 0xDF)) return follows(1) ? 2 : 0;
    if (in(0, 0xE0, 0xEF)) {
        const bool second = in(0, 0xE0, 0xE0) ? in(1, 0xA0, 0xBF) : in(0, 0xED, 0xED) ? in(1, 0x80, 0x9F) : follows(1);
        return second && follows(2) ? 3 : 0;
    }
    if (in(0, 0xF0, 0xF4)) {
        const bool second = in(0, 0xF0, 0xF0) ? in(1, 0x90, 0xBF) : in(0, 0xF4, 0xF4) ? in(1, 0x80, 0x8F) : follows(1);
        return second && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

#include "concur/core/text.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <system_error>

namespace concur::detail {
namespace {

template <class Number>
Reading read_number(std::string_view text, Number& value) noexcept {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (end != text.data() + text.size() || error == std::errc::invalid_argument) return Reading::not_one;
    if (error == std::errc::result_out_of_range) return Reading::out_of_range;
    value = number;
    return Reading::good;
}

template <class Whole>
Reading read_whole(std::string_view text, Whole& value) noexcept {
    const Reading exact = read_number(text, value);
    if (exact != Reading::not_one) return exact;
    double number = 0;
    const Reading approximate = read_text(text, number);
    if (approximate != Reading::good || number != std::floor(number))
        return approximate == Reading::out_of_range ? approximate : Reading::not_one;
    // 2^63 and 2^64 have an exact double, the largest values below them have none.
    constexpr double limit = std::is_signed_v<Whole> ? 9223372036854775808.0 : 18446744073709551616.0;
    if (number >= limit || number < (std::is_signed_v<Whole> ? -limit : 0)) return Reading::out_of_range;
    value = static_cast<Whole>(number);
    return Reading::good;
}

struct Unit {
    std::string_view name;
    double nanoseconds;
};
constexpr Unit units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"min", 60e9}, {"h", 3600e9}};

}  // namespace

Reading read_text(std::string_view text, bool& value) noexcept {
    if (text != "true" && text != "false") return Reading::not_one;
    value = text == "true";
    return Reading::good;
}

Reading read_text(std::string_view text, std::int64_t& value) noexcept { return read_whole(text, value); }
Reading read_text(std::string_view text, std::uint64_t& value) noexcept { return read_whole(text, value); }

Reading read_text(std::string_view text, double& value) noexcept {
    double number = 0;
    const Reading reading = read_number(text, number);
    if (reading != Reading::good) return reading;
    if (!std::isfinite(number)) return Reading::not_one;  // "inf", "nan"
    value = number;
    return Reading::good;
}

Reading read_text(std::string_view text, Duration& value) noexcept {
    if (text == "never" || text == "unlimited") {
        value = never;
        return Reading::good;
    }
    const std::size_t end_of_number = text.find_last_of("0123456789.") + 1;  // 0 if there is none
    std::string_view unit = text.substr(end_of_number);
    if (unit.starts_with(' ')) unit.remove_prefix(1);
    if (unit.empty() && end_of_number != text.size()) return Reading::not_one;  // a number and a space
    double number = 0;
    const Reading reading = read_text(text.substr(0, end_of_number), number);
    if (reading == Reading::not_one) return reading;
    for (const Unit& known : units) {
        if (unit != known.name && !(unit.empty() && known.name == "s")) continue;
        // Longer or shorter than any double: what it rounds to is the same for every unit.
        if (reading == Reading::out_of_range) return reading;
        value = std::chrono::duration<double, std::nano>(number * known.nanoseconds);
        return Reading::good;
    }
    return Reading::not_one;
}

std::string text_of(double value) { return fmt::format("{}", value); }

std::string text_of(Duration value) {
    if (value.is_nan()) return "not a number";
    if (value == never) return "never";
    return fmt::format("{} s", static_cast<double>(value.count()) / 1e9);
}

std::string quoted(std::string_view text) {
    constexpr std::size_t longest = 200;
    if (text.size() <= longest) return fmt::format("{:?}", text);
    std::size_t cut = longest;
    while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0U) == 0x80U) --cut;  // not inside a UTF-8 character
    std::string shown = fmt::format("{:?}", text.substr(0, cut));
    shown.insert(shown.size() - 1, "...");
    return shown;
}

}  // namespace concur::detail

#include "observe/progress_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

namespace concur::detail {
namespace {

// ---- characters

struct Character {
    char32_t code;
    std::size_t bytes;
    bool valid;
};

// RFC 3629: the shortest form only, no surrogates, nothing above U+10FFFF. `text` is not empty.
Character first_character(std::string_view text) noexcept {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80) return {lead, 1, true};
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    constexpr std::array<char32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
    const Character invalid{U'?', 1, false};
    if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return invalid;
    char32_t code = lead & (0x7FU >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0U) != 0x80U) return invalid;
        code = (code << 6U) | (byte(i) & 0x3FU);
    }
    if (code < smallest[length] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return invalid;
    return {code, length, true};
}

// Control characters, line and paragraph separators, and what changes the direction of the text behind it.
bool is_control(char32_t code) noexcept {
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028 || code == 0x2029 ||
           (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

struct Block {
    char32_t first;
    char32_t last;
};

bool is_in(char32_t code, const Block* first, const Block* last) noexcept {
    return std::any_of(first, last, [code](Block block) { return code >= block.first && code <= block.last; });
}

// Roughly Unicode's combining marks and East Asian wide characters, by blocks: exact enough to keep a line in its line.
constexpr Block combining[] = {{0x300, 0x36F},    {0x483, 0x489},   {0x591, 0x5BD},   {0x610, 0x61A},
                               {0x64B, 0x65F},    {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x200B, 0x200F},
                               {0x20D0, 0x20FF},  {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF},
                               {0xE0100, 0xE01EF}};
constexpr Block wide[] = {{0x1100, 0x115F},   {0x2E80, 0x303E},  {0x3041, 0x4DBF},   {0x4E00, 0xA4CF},
                          {0xA960, 0xA97F},   {0xAC00, 0xD7A3},  {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},
                          {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},  {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF},
                          {0x1F900, 0x1FAFF}, {0x20000, 0x3FFFD}};

int columns_of(char32_t code) noexcept {
    if (code < combining[0].first) return 1;
    if (is_in(code, std::begin(combining), std::end(combining))) return 0;
    return is_in(code, std::begin(wide), std::end(wide)) ? 2 : 1;
}

// ---- numbers

int percent_of(std::int64_t count, std::int64_t total) noexcept {
    if (count >= total) return 100;
    // 100 % is not rounded up to.
    return std::min(99, static_cast<int>(100.0 * static_cast<double>(count) / static_cast<double>(total)));
}

std::string rate_text(double per_second) {
    constexpr std::array<const char*, 7> thousands{"", "k", "M", "G", "T", "P", "E"};
    const char* unit = "s";
    if (per_second < 1) {
        unit = per_second * 60 >= 1 ? "min" : "h";
        per_second *= per_second * 60 >= 1 ? 60 : 3600;
    }
    std::size_t power = 0;
    for (; per_second >= 999.5 && power + 1 < thousands.size(); ++power) per_second /= 1000;
    const int decimals = per_second < 9.95 ? 2 : per_second < 99.5 ? 1 : 0;
    return fmt::format("{:.{}f}{}/{}", per_second, decimals, thousands[power], unit);
}

std::string time_text(double seconds) {
    const auto whole = static_cast<std::int64_t>(seconds);
    if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
    return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

// ---- the line

constexpr double longest_time_left = 1000 * 3600.0;  // above that it is a guess about nothing
constexpr int least_description = 12;
constexpr int least_bar = 5;
constexpr int longest_bar = 30;

/// What may be behind the description, in the order in which it is shown.
struct Parts {
    std::string percent;
    std::string count;
    std::string rate;
    std::string elapsed;
    std::string left;
    std::string ending;
};

Parts parts_of(const ProgressFacts& facts) {
    const bool known = facts.total > 0;
    const double seconds = std::max(0.0, std::chrono::duration<double>(facts.elapsed).count());
    Parts parts;
    if (known) parts.percent = fmt::format(" {:3}%", percent_of(facts.count, facts.total));
    parts.count = known ? fmt::format(" {}/{}", facts.count, facts.total) : fmt::format(" {}", facts.count);
    if (!facts.unit.empty()) parts.count += fmt::format(" {}", facts.unit);
    if (facts.count > 0 && seconds > 0)
        parts.rate = fmt::format(" {}", rate_text(static_cast<double>(facts.count) / seconds));
    parts.elapsed = fmt::format(" {}", time_text(seconds));
    if (!facts.ending.empty()) {
        parts.ending = fmt::format(" {}", facts.ending);
    } else if (known && facts.count > 0 && facts.count < facts.total) {
        const double left = seconds / static_cast<double>(facts.count) * static_cast<double>(facts.total - facts.count);
        if (left < longest_time_left) parts.left = fmt::format(", {} left", time_text(std::ceil(left)));
    }
    return parts;
}

std::string bar_text(const ProgressFacts& facts, int columns) {
    const double done = std::clamp(static_cast<double>(facts.count) / static_cast<double>(facts.total), 0.0, 1.0);
    const int inside = std::min(columns, longest_bar + 3) - 3;
    const int full = static_cast<int>(done * inside);
    const std::string head(full > 0 && full < inside ? ">" : "");
    return fmt::format(" [{:=<{}}{: <{}}]", "", full - static_cast<int>(head.size()), head,
                       inside - full + static_cast<int>(head.size()));
}

}  // namespace

std::string printable(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        const Character character = first_character(text);
        if (!character.valid)
            result += '?';
        else if (is_control(character.code))
            result += ' ';
        else
            result += text.substr(0, character.bytes);
        text.remove_prefix(character.bytes);
    }
    return result;
}

int columns_of(std::string_view printable) noexcept {
    int columns = 0;
    while (!printable.empty()) {
        const Character character = first_character(printable);
        columns += columns_of(character.code);
        printable.remove_prefix(character.bytes);
    }
    return columns;
}

std::string_view cut_to_columns(std::string_view printable, int columns) noexcept {
    std::size_t size = 0;
    while (size < printable.size()) {
        const Character character = first_character(printable.substr(size));
        columns -= columns_of(character.code);
        if (columns < 0) break;
        size += character.bytes;
    }
    return printable.substr(0, size);
}

std::string progress_text(const ProgressFacts& facts, int columns) {
    Parts parts = parts_of(facts);
    int room = columns - std::min(columns_of(facts.description), least_description);
    for (std::string* part : {&parts.ending, &parts.percent, &parts.count, &parts.left, &parts.elapsed, &parts.rate}) {
        room -= columns_of(*part);
        if (room < 0) part->clear();  // and so are those that are worth less
    }
    const int taken = columns_of(parts.percent) + columns_of(parts.count) + columns_of(parts.rate) +
                      columns_of(parts.elapsed) + columns_of(parts.left) + columns_of(parts.ending);
    const std::string_view description = cut_to_columns(facts.description, columns - taken);
    const int for_bar = columns - taken - columns_of(description);
    const std::string bar = facts.total > 0 && for_bar >= least_bar + 3 ? bar_text(facts, for_bar) : std::string();
    std::string line = fmt::format("{}{}{}{}{}{}{}{}", description, parts.percent, bar, parts.count, parts.rate,
                                   parts.elapsed, parts.left, parts.ending);
    if (description.empty() && line.starts_with(' ')) line.erase(0, 1);  // what parts begin with separates them
    return line;
}

}  // namespace concur::detail

#include "worker/json_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

// All of Boost.JSON is compiled into this file, so that nobody who links concur needs its library. An application may
// do the same, with another version of Boost: a namespace of our own keeps the linker from mixing the two.
#define json concur_json
#include <boost/json/src.hpp>
// After the library's own sources.
#include <boost/json/basic_parser_impl.hpp>
#undef json

#include "concur/core/errors.hpp"

namespace concur::detail {
namespace {

namespace json = boost::concur_json;

constexpr std::string_view space = " \t\r\n";

/// What JSON allows where the text went wrong.
enum class Expected : unsigned char { object, key, colon, value, separator, nothing };

/// Gets the parser's events; knows what may come next.
class Handler {
public:
    // The parser asks for these.
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = max_object_size;
    static constexpr std::size_t max_key_size = max_object_size;
    static constexpr std::size_t max_string_size = max_object_size;
    using Code = json::error_code;
    using Text = json::string_view;

    explicit Handler(JsonMembers& members) : members_{members} {}

    [[nodiscard]] Expected expected() const noexcept { return expected_; }
    /// The parser tells of a key when it ends, not of the colon and the comma.
    void saw(char letter) noexcept {
        if (expected_ == Expected::colon && letter == ':') expected_ = Expected::value;
        if (expected_ == Expected::separator && letter == ',') expected_ = Expected::key;
    }

    bool on_document_begin(Code&) { return true; }
    bool on_document_end(Code&) { return true; }
    bool on_object_begin(Code&) {
        if (expected_ != Expected::object) members_.nested(key_);
        expected_ = Expected::key;
        return true;
    }
    bool on_object_end(std::size_t, Code&) {
        expected_ = Expected::nothing;
        return true;
    }
    bool on_array_begin(Code&) {
        if (expected_ == Expected::object) throw NoObject();
        members_.nested(key_);
        return true;
    }
    bool on_array_end(std::size_t, Code&) { return true; }
    bool on_key_part(Text part, std::size_t, Code&) { return append(part); }
    bool on_key(Text part, std::size_t, Code&) {
        append(part);
        key_.swap(text_);
        text_.clear();
        expected_ = Expected::colon;
        return true;
    }
    bool on_string_part(Text part, std::size_t, Code&) { return append(part); }
    bool on_string(Text part, std::size_t, Code&) { return value(part, true); }
    bool on_number_part(Text part, Code&) { return append(part); }
    bool on_int64(std::int64_t, Text part, Code&) { return value(part, false); }
    bool on_uint64(std::uint64_t, Text part, Code&) { return value(part, false); }
    bool on_double(double, Text part, Code&) { return value(part, false); }
    bool on_bool(bool truth, Code&) { return value(truth ? "true" : "false", false); }
    bool on_null(Code&) { return value("null", false); }
    bool on_comment_part(Text, Code&) { return true; }
    bool on_comment(Text, Code&) { return true; }

    /// The whole text is a value, but none with options in it.
    struct NoObject {};

private:
    bool append(Text part) {
        text_.append(part.data(), part.size());
        return true;
    }
    bool value(Text part, bool is_string) {
        if (expected_ == Expected::object) throw NoObject();
        append(part);
        expected_ = Expected::separator;
        members_.member(key_, text_, is_string);
        text_.clear();
        return true;
    }

    JsonMembers& members_;
    std::string key_;
    std::string text_;
    Expected expected_ = Expected::object;
};

std::string_view words_for(Expected expected) {
    switch (expected) {
        case Expected::object:
            return "an object { } was expected";
        case Expected::key:
            return "a key in double quotes was expected";
        case Expected::colon:
            return "a colon was expected";
        case Expected::value:
            return "a value was expected";
        case Expected::separator:
            return "a comma or } was expected";
        case Expected::nothing:
            break;
    }
    return "the end of the text was expected";
}

/// Both from 1; columns in characters, of which UTF-8 may need several bytes each.
[[noreturn]] void refuse_text(std::string_view text, std::size_t offset, std::string_view problem) {
    std::size_t line = 1;
    std::size_t column = 1;
    for (const char byte : text.substr(0, offset)) {
        if (byte == '\n') {
            ++line;
            column = 1;
        } else if ((static_cast<unsigned char>(byte) & 0xC0U) != 0x80U) {
            ++column;
        }
    }
    throw ConfigError("json", fmt::format("line {}, column {}: {}", line, column, problem));
}

/// One character at a time: the parser then stops at the very character that cannot stand where it does.
class Reader {
public:
    Reader(std::string_view text, JsonMembers& members) : text_{text}, parser_{json::parse_options(), members} {}

    void read() {
        while (offset_ < text_.size() && !parser_.done()) step(true, text_.substr(offset_, 1));
        if (!parser_.done()) step(false, {});
        offset_ = std::min(text_.find_first_not_of(space, offset_), text_.size());
        if (offset_ < text_.size()) refuse_text(text_, offset_, words_for(Expected::nothing));
    }

private:
    void step(bool more, std::string_view part) {
        json::error_code error;
        try {
            parser_.write_some(more, part.data(), part.size(), error);
        } catch (const Handler::NoObject&) {
            refuse_text(text_, std::min(text_.find_first_not_of(space), offset_), words_for(Expected::object));
        }
        if (error) refuse_text(text_, offset_, problem());
        if (part.empty()) return;
        parser_.handler().saw(part.front());
        track_string(part.front());
        ++offset_;
    }

    void track_string(char letter) noexcept {
        const bool is_escaped = std::exchange(escaped_, false);
        if (in_string_ && letter == '\\') escaped_ = !is_escaped;
        if (letter == '"' && !is_escaped) in_string_ = !in_string_;
    }

    // Inside a string, a number or a word it is the character itself that is wrong.
    [[nodiscard]] std::string_view problem() const {
        const Expected expected = parser_.handler().expected();
        constexpr std::string_view between_tokens = " \t\r\n:";
        const bool in_word =
            expected == Expected::value && between_tokens.find(text_[offset_ - 1]) == std::string_view::npos;
        if (!in_string_ && !in_word) return words_for(expected);
        return offset_ == text_.size() ? "the text ends inside a key or a value"
                                       : "this character cannot stand in a key or a value";
    }

    std::string_view text_;
    std::size_t offset_ = 0;
    json::basic_parser<Handler> parser_;
    bool in_string_ = false;
    bool escaped_ = false;
};

}  // namespace

void read_json(std::string_view text, JsonMembers& members) {
    // What editors put before the text of a file; RFC 8259 lets a reader ignore it.
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    Reader(text, members).read();
}

}  // namespace concur::detail

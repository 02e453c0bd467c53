#include "command_line.hpp"

#include <fmt/core.h>

#include <charconv>
#include <optional>

const std::string_view help_text =
    R"(usage: text_analysis [--mode MODE] [--top N] [FILE or FOLDER...]

Counts files, lines, words and the most frequent terms of each language. Without a FILE or FOLDER it looks at
concur's own sources and documentation. Folders are searched to the bottom; hidden entries and symbolic links in
them are left alone. What cannot be read is listed at the end and is no failure.

  --mode MODE   where the three stages run: thread (default), each on its own thread, or sync, all in turn
  --top N       how many terms to show, 0 to 100 (default 5)
  --help        this text
)";

namespace {

std::size_t parse_top(std::string_view text) {
    std::size_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, value);
    if (text.empty() || error != std::errc() || stopped != end || value > 100)
        throw UsageError(fmt::format("--top takes a whole number from 0 to 100, not \"{}\"", text));
    return value;
}

/// The words of a command line, one after the other.
class Words {
public:
    Words(int argc, const char* const* argv) : next_{argc > 0 ? argv + 1 : argv}, end_{argv + argc} {}

    std::optional<std::string_view> next() {
        if (next_ == end_) return std::nullopt;
        return *next_++;
    }
    std::string_view value_of(std::string_view option) {
        if (const auto value = next()) return *value;
        throw UsageError(fmt::format("{} needs a value", option));
    }

private:
    const char* const* next_;
    const char* const* end_;
};

}  // namespace

CommandLine parse_command_line(int argc, const char* const* argv) {
    CommandLine result;
    Words words(argc, argv);
    bool options_end = false;
    while (const auto word = words.next()) {
        if (options_end || !word->starts_with('-') || *word == "-") {
            if (word->empty()) throw UsageError("a FILE or FOLDER is empty");
            result.paths.emplace_back(*word);
            continue;
        }
        const std::size_t equals = word->find('=');
        const std::string_view option = word->substr(0, equals);
        const auto value = [&] {
            return equals == std::string_view::npos ? words.value_of(option) : word->substr(equals + 1);
        };
        if (*word == "--")
            options_end = true;
        else if (*word == "--help" || *word == "-h")
            result.help = true;
        else if (option == "--mode")
            result.mode = value();
        else if (option == "--top")
            result.top = parse_top(value());
        else
            throw UsageError(fmt::format("unknown option {}; --help shows them all", *word));
    }
    return result;
}

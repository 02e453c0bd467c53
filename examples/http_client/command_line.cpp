#include "command_line.hpp"

#include <fmt/format.h>

#include <charconv>

const std::string_view help_text =
    "usage: http_client [--pages N] [--retries N] [--seed N]\n"
    "Starts a web server that often fails, and fetches its pages through a worker.\n"
    "  --pages N    how many there are, 0 to 10000; 400 if not given\n"
    "  --retries N  how often a page is asked for again, 1 to 100; 8 if not given\n"
    "  --seed N     other pages, other failures; 1 if not given\n"
    "Ends with status 1 if a page is missing, or differs from what the server has.\n";

namespace {

template <class Number>
Number number(std::string_view option, std::string_view text, Number least, Number most) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < least || value > most)
        throw UsageError(fmt::format("{}: \"{}\" is not a number from {} to {}", option, text, least, most));
    return value;
}

}  // namespace

CommandLine parse_command_line(int argc, const char* const* argv) {
    CommandLine command_line;
    for (int i = 1; i < argc; ++i) {
        const std::string_view option = argv[i];
        if (option == "--help") {
            command_line.help = true;
            return command_line;
        }
        if (option != "--pages" && option != "--retries" && option != "--seed")
            throw UsageError(fmt::format("unknown option \"{}\"; --help tells what there is", option));
        if (++i == argc) throw UsageError(fmt::format("{} needs a number", option));
        if (option == "--pages") command_line.pages = number(option, argv[i], 0, 10'000);
        if (option == "--retries") command_line.retries = number(option, argv[i], 1, 100);
        if (option == "--seed") command_line.seed = number<std::uint64_t>(option, argv[i], 0, UINT64_MAX);
    }
    return command_line;
}

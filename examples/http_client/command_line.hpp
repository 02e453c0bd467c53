// What the user asked for.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string_view>

struct CommandLine {
    int pages = 400;
    int retries = 8;
    std::uint64_t seed = 1;
    bool help = false;
};

/// Something is wrong with the command line; what() is one line for the user.
class UsageError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Throws UsageError.
[[nodiscard]] CommandLine parse_command_line(int argc, const char* const* argv);

extern const std::string_view help_text;

// What the user asked for.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

struct CommandLine {
    std::string mode = "thread";
    std::size_t top = 5;
    bool help = false;
    std::vector<std::string> paths;
};

/// Something is wrong with the command line; what() is one line for the user.
class UsageError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Throws UsageError.
[[nodiscard]] CommandLine parse_command_line(int argc, const char* const* argv);

extern const std::string_view help_text;

// First stage: reads files.
#pragma once

#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>

struct Text {
    std::string path;
    std::string content;
};

/// Why a file cannot be analysed.
class NotReadable : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

class Reader {
public:
    /// Files with more bytes than this are refused; a text is kept in memory as a whole.
    static constexpr std::size_t most_bytes = std::size_t{1} << 30;

    /// The whole file. Throws NotReadable if it cannot be read, or holds no text.
    Text read(const std::string& path);

    std::chrono::nanoseconds busy{0};
};

// A pseudo-terminal, and what is to be seen on it.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

namespace concur::test {

/// The screen of a terminal after what was written to it: lines of characters, and the few commands that the library
/// uses. Knows of no scrolling: it is as high as need be. Every byte takes a column.
class Display {
public:
    void write(const std::string& bytes) {
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            if (bytes[i] == '\r')
                column_ = 0;
            else if (bytes[i] == '\n')
                ++row_;
            else if (bytes[i] == '\x1b')
                i = command(bytes, i);
            else
                put(bytes[i]);
        }
    }

    /// Without spaces at the end of lines; and without the empty lines at the end, but for that with the cursor.
    [[nodiscard]] std::vector<std::string> lines() const {
        std::vector<std::string> result = lines_;
        result.resize(std::max(result.size(), row_ + 1));
        for (std::string& line : result) line.erase(line.find_last_not_of(' ') + 1);
        while (result.size() > row_ + 1 && result.back().empty()) result.pop_back();
        return result;
    }

private:
    std::string& line() {
        if (lines_.size() <= row_) lines_.resize(row_ + 1);
        return lines_[row_];
    }
    void put(char c) {
        std::string& line = this->line();
        if (line.size() <= column_) line.resize(column_ + 1, ' ');
        line[column_++] = c;
    }
    std::size_t command(const std::string& bytes, std::size_t at) {
        const std::size_t end = bytes.find_first_not_of("[0123456789", at + 1);
        if (end == std::string::npos) throw std::runtime_error("half a command");
        switch (bytes[end]) {
            case 'A':
                row_ -= std::min(row_, static_cast<std::size_t>(std::stoi(bytes.substr(at + 2, end - at - 2))));
                break;
            case 'K':
                line().resize(std::min(line().size(), column_));
                break;
            case 'J':
                line().resize(std::min(line().size(), column_));
                lines_.resize(row_ + 1);
                break;
            default:
                throw std::runtime_error("an unknown command");
        }
        return end;
    }

    std::vector<std::string> lines_;
    std::size_t row_ = 0;
    std::size_t column_ = 0;
};

class Terminal {
public:
    explicit Terminal(int columns = 80, int rows = 24) : outer_{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)} {
        if (outer_ < 0 || ::grantpt(outer_) != 0 || ::unlockpt(outer_) != 0)
            throw std::runtime_error("no pseudo-terminal");
        inner_ = ::open(::ptsname(outer_), O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (inner_ < 0) throw std::runtime_error("no pseudo-terminal");
        resize(columns, rows);
    }
    ~Terminal() {
        ::close(inner_);
        ::close(outer_);
    }
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;

    /// For programs: what they write comes out of output().
    [[nodiscard]] int descriptor() const noexcept { return inner_; }

    void resize(int columns, int rows) const {
        winsize size{};
        size.ws_col = static_cast<unsigned short>(columns);
        size.ws_row = static_cast<unsigned short>(rows);
        ::ioctl(inner_, TIOCSWINSZ, &size);
    }

    /// What was written since the last time.
    [[nodiscard]] std::string output() {
        std::string result;
        for (;;) {
            pollfd ready{outer_, POLLIN, 0};
            // What was written before is there at once.
            if (::poll(&ready, 1, 0) <= 0 || (ready.revents & POLLIN) == 0) break;
            char buffer[4096];
            const ssize_t size = ::read(outer_, buffer, sizeof buffer);
            if (size <= 0) break;
            result.append(buffer, static_cast<std::size_t>(size));
        }
        display_.write(result);
        return result;
    }
    /// What is to be seen now.
    [[nodiscard]] std::vector<std::string> lines() {
        static_cast<void>(output());
        return display_.lines();
    }

private:
    int outer_;
    int inner_ = -1;
    Display display_;
};

/// While it lives, the terminal is what the program's stderr writes to.
class TerminalOnStderr : public Terminal {
public:
    explicit TerminalOnStderr(int columns = 80, int rows = 24)
        : Terminal(columns, rows), before_{::dup(STDERR_FILENO)} {
        if (before_ < 0 || ::dup2(descriptor(), STDERR_FILENO) < 0) throw std::runtime_error("no stderr");
    }
    ~TerminalOnStderr() {
        ::dup2(before_, STDERR_FILENO);
        ::close(before_);
    }

private:
    int before_;
};

}  // namespace concur::test

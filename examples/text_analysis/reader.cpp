#include "reader.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <system_error>

#include "busy_time.hpp"

namespace {

[[noreturn]] void refuse(int error) { throw NotReadable(std::generic_category().message(error)); }

class OpenFile {
public:
    // Not blocking: what is a pipe or a device by now must not hold up the pipeline.
    explicit OpenFile(const std::string& path)
        : descriptor_{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)} {
        if (descriptor_ < 0) refuse(errno);
    }
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;
    ~OpenFile() { ::close(descriptor_); }

    [[nodiscard]] std::size_t size() const {
        struct stat info {};
        if (::fstat(descriptor_, &info) != 0) refuse(errno);
        if (!S_ISREG(info.st_mode)) throw NotReadable("neither a file nor a folder");
        return static_cast<std::size_t>(info.st_size);
    }

    /// Up to `size` bytes into `buffer`; 0 at the end of the file.
    std::size_t read(char* buffer, std::size_t size) {
        for (;;) {
            const ssize_t count = ::read(descriptor_, buffer, size);
            if (count >= 0) return static_cast<std::size_t>(count);
            if (errno != EINTR) refuse(errno);
        }
    }

private:
    int descriptor_;
};

constexpr std::size_t beginning = 8192;
constexpr std::size_t more = 65536;

// What git and grep do: text has no null bytes, at least not soon.
bool looks_binary(std::string_view text) { return text.substr(0, beginning).find('\0') != std::string_view::npos; }

}  // namespace

Text Reader::read(const std::string& path) {
    const BusyTime busy_time(busy);
    OpenFile file(path);
    Text text{path, {}};
    // One byte more than the file seems to have shows its end. Files can grow, and those in /proc claim to be empty.
    const std::size_t expected = file.size() + 1;
    std::size_t length = 0;
    for (std::size_t room = std::min(expected, beginning);; room = std::max(expected, length + more)) {
        if (room > most_bytes + 1) throw NotReadable("larger than 1 GiB");
        text.content.resize(room);
        while (length < room) {
            const std::size_t count = file.read(text.content.data() + length, room - length);
            length += count;
            if (count == 0) break;
        }
        const bool at_end = length < room;
        text.content.resize(length);
        if (looks_binary(text.content)) throw NotReadable("binary file");
        if (at_end) return text;
    }
}

/// Frames on a stream: a header of fixed size, and a body.
///
/// Both ends of a worker's socket use these. The reader trusts nothing: a wrong magic number or length ends the stream,
/// and no more is allocated than 1 MiB beyond what has been received. P3
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace concur::detail::process {

using Bytes = std::vector<std::byte>;

struct FrameHeader {
    static constexpr std::uint32_t right_magic = 0x636e6377;

    std::uint32_t magic = right_magic;
    std::uint32_t kind = 0;
    /// Of the call that the frame is about; 0 if it is about none.
    std::uint64_t call = 0;
    /// Of the body.
    std::uint64_t length = 0;
};
static_assert(sizeof(FrameHeader) == 24);

struct Frame {
    FrameHeader header;
    Bytes body;
};

enum class Stream : unsigned char {
    done,         ///< all is written, or nothing more is there to be read now
    would_block,  ///< the socket takes no more at present
    ended,        ///< the other end is closed
    broken,       ///< what was read is no frame, or the socket has failed
};

/// What is to be written, in order; small frames go out together. For one thread at a time.
class FrameWriter {
public:
    void add(std::uint32_t kind, std::uint64_t call, Bytes body);
    [[nodiscard]] bool empty() const noexcept { return parts_.empty(); }
    /// Writes as much as the socket takes without blocking.
    [[nodiscard]] Stream flush(int socket) noexcept;

private:
    // Bodies from this size on are not copied.
    static constexpr std::size_t large = 16 * 1024;

    std::deque<Bytes> parts_;
    std::size_t written_ = 0;  // of the first part
};

/// Cuts what is received into frames. For one thread at a time.
class FrameReader {
public:
    explicit FrameReader(std::uint64_t max_message) noexcept : max_message_{max_message} {}

    /// Reads what is there without blocking, and adds whole frames to `frames`; at most about `enough` bytes at once.
    [[nodiscard]] Stream read(int socket, std::vector<Frame>& frames, std::size_t enough = 4 * 1024 * 1024);
    /// The same for bytes that have been received: false if they are no frames.
    [[nodiscard]] bool take(const std::byte* data, std::size_t size, std::vector<Frame>& frames);
    /// Why the stream is broken.
    [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

private:
    [[nodiscard]] bool check_header();
    void finish_frame(std::vector<Frame>& frames);

    std::uint64_t max_message_;
    FrameHeader header_{};
    std::size_t header_size_ = 0;  // how much of it is there
    Bytes body_;
    std::string problem_;
    std::vector<std::byte> buffer_;
};

}  // namespace concur::detail::process

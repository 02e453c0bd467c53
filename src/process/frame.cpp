#include "process/frame.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>

namespace concur::detail::process {

void FrameWriter::add(std::uint32_t kind, std::uint64_t call, Bytes body) {
    const FrameHeader header{.kind = kind, .call = call, .length = body.size()};
    const auto bytes = std::as_bytes(std::span(&header, 1));
    // The first part may be half written: it can still grow. A large one stays alone.
    if (parts_.empty() || parts_.back().size() >= large) parts_.emplace_back();
    Bytes& last = parts_.back();
    last.insert(last.end(), bytes.begin(), bytes.end());
    if (body.size() >= large)
        parts_.push_back(std::move(body));
    else
        last.insert(last.end(), body.begin(), body.end());
}

Stream FrameWriter::flush(int socket) noexcept {
    while (!parts_.empty()) {
        std::array<iovec, 16> pieces{};
        std::size_t count = 0;
        for (auto part = parts_.begin(); part != parts_.end() && count < pieces.size(); ++part, ++count) {
            const std::size_t skipped = count == 0 ? written_ : 0;
            pieces[count] = {part->data() + skipped, part->size() - skipped};
        }
        msghdr message{};
        message.msg_iov = pieces.data();
        message.msg_iovlen = count;
        const ssize_t sent = ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0) {
            if (errno == EINTR) continue;
            if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) return Stream::would_block;
            return errno == EPIPE || errno == ECONNRESET ? Stream::ended : Stream::broken;
        }
        written_ += static_cast<std::size_t>(sent);
        while (!parts_.empty() && written_ >= parts_.front().size()) {
            written_ -= parts_.front().size();
            parts_.pop_front();
        }
    }
    return Stream::done;
}

Stream FrameReader::read(int socket, std::vector<Frame>& frames, std::size_t enough) {
    if (buffer_.empty()) buffer_.resize(64 * 1024);
    for (std::size_t total = 0; total < enough;) {
        // A large body is received into its place.
        if (header_size_ == sizeof header_ && header_.length - body_.size() > buffer_.size()) {
            const std::size_t before = body_.size();
            body_.resize(before + std::min<std::size_t>(header_.length - before, 1024 * 1024));
            const ssize_t got = ::recv(socket, body_.data() + before, body_.size() - before, MSG_DONTWAIT);
            const int error = errno;
            body_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
            if (got > 0) {
                total += static_cast<std::size_t>(got);
                if (body_.size() == header_.length) finish_frame(frames);
                continue;
            }
            if (got == 0) return Stream::ended;
            if (error == EINTR) continue;
            return error == EAGAIN || error == EWOULDBLOCK ? Stream::done
                   : error == ECONNRESET                   ? Stream::ended
                                                           : Stream::broken;
        }
        const ssize_t got = ::recv(socket, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
        if (got == 0) return Stream::ended;
        if (got < 0) {
            if (errno == EINTR) continue;
            if (errno == EAGAIN || errno == EWOULDBLOCK) return Stream::done;
            if (errno == ECONNRESET) return Stream::ended;
            problem_ = std::strerror(errno);  // NOLINT(concurrency-mt-unsafe): a text of its own on Linux
            return Stream::broken;
        }
        if (!take(buffer_.data(), static_cast<std::size_t>(got), frames)) return Stream::broken;
        total += static_cast<std::size_t>(got);
        if (static_cast<std::size_t>(got) < buffer_.size()) return Stream::done;
    }
    return Stream::would_block;
}

bool FrameReader::take(const std::byte* data, std::size_t size, std::vector<Frame>& frames) {
    for (;;) {
        if (header_size_ < sizeof header_) {
            const std::size_t part = std::min(size, sizeof header_ - header_size_);
            if (part != 0) std::memcpy(reinterpret_cast<std::byte*>(&header_) + header_size_, data, part);
            header_size_ += part;
            data += part;
            size -= part;
            if (header_size_ < sizeof header_) return true;
            if (!check_header()) return false;
        }
        const std::size_t part = static_cast<std::size_t>(std::min<std::uint64_t>(size, header_.length - body_.size()));
        body_.insert(body_.end(), data, data + part);
        data += part;
        size -= part;
        if (body_.size() < header_.length) return true;
        finish_frame(frames);
    }
}

void FrameReader::finish_frame(std::vector<Frame>& frames) {
    frames.push_back({header_, std::move(body_)});
    body_ = {};
    header_size_ = 0;
}

bool FrameReader::check_header() {
    if (header_.magic != FrameHeader::right_magic)
        problem_ = fmt::format("a frame that begins with {:#x}: something else wrote to the socket", header_.magic);
    else if (header_.length > max_message_)
        problem_ = fmt::format("a message of {} bytes, more than max_message, {}", header_.length, max_message_);
    return problem_.empty();
}

}  // namespace concur::detail::process

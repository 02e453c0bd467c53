// Frames on a stream. P3
#include "process/frame.hpp"

#include <sys/socket.h>

#include <cstring>
#include <thread>

#include "process/descriptor.hpp"
#include "support/catch.hpp"

using namespace concur::detail::process;

namespace {

Bytes bytes_of(std::size_t size, unsigned seed) {
    Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>((i * 31 + seed) & 0xff);
    return bytes;
}

/// What a writer sends, as one piece.
Bytes stream_of(const std::vector<Bytes>& bodies) {
    Bytes stream;
    std::uint64_t call = 1;
    for (const Bytes& body : bodies) {
        const FrameHeader header{.kind = 7, .call = call++, .length = body.size()};
        const auto* const begin = reinterpret_cast<const std::byte*>(&header);
        stream.insert(stream.end(), begin, begin + sizeof header);
        stream.insert(stream.end(), body.begin(), body.end());
    }
    return stream;
}

void set_buffers(const SocketPair& pair, int size) {
    for (const int end : {pair.first.number(), pair.second.number()})
        for (const int which : {SO_SNDBUF, SO_RCVBUF})
            REQUIRE(::setsockopt(end, SOL_SOCKET, which, &size, sizeof size) == 0);
}

}  // namespace

TEST_CASE("frames come out as they went in, wherever the stream is cut [P3]") {
    const std::vector<Bytes> bodies{bytes_of(0, 1), bytes_of(1, 2), bytes_of(40, 3), bytes_of(0, 4)};
    const Bytes stream = stream_of(bodies);
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
        FrameReader reader(1000);
        std::vector<Frame> frames;
        REQUIRE(reader.take(stream.data(), cut, frames));
        REQUIRE(reader.take(stream.data() + cut, stream.size() - cut, frames));
        REQUIRE(frames.size() == bodies.size());
        for (std::size_t i = 0; i < bodies.size(); ++i) {
            CHECK(frames[i].header.kind == 7);
            CHECK(frames[i].header.call == i + 1);
            CHECK(frames[i].body == bodies[i]);
        }
    }
}

TEST_CASE("a stream with stray bytes or a length beyond max_message is broken [P3]") {
    std::vector<Frame> frames;
    SECTION("stray bytes") {
        FrameReader reader(1000);
        const Bytes stray = bytes_of(sizeof(FrameHeader), 9);
        CHECK_FALSE(reader.take(stray.data(), stray.size(), frames));
        CHECK(reader.problem().find("something else wrote") != std::string::npos);
    }
    SECTION("too long") {
        FrameReader reader(1000);
        const FrameHeader header{.kind = 1, .call = 1, .length = 1001};
        CHECK_FALSE(reader.take(reinterpret_cast<const std::byte*>(&header), sizeof header, frames));
        CHECK(reader.problem().find("max_message, 1000") != std::string::npos);
    }
    SECTION("as long as allowed") {
        FrameReader reader(1000);
        const Bytes stream = stream_of({bytes_of(1000, 5)});
        CHECK(reader.take(stream.data(), stream.size(), frames));
        CHECK(frames.size() == 1);
    }
    SECTION("a length that is only claimed allocates nothing") {
        FrameReader reader(std::uint64_t{1} << 62);
        const FrameHeader header{.kind = 1, .call = 1, .length = std::uint64_t{1} << 61};
        CHECK(reader.take(reinterpret_cast<const std::byte*>(&header), sizeof header, frames));
        CHECK(frames.empty());
    }
}

TEST_CASE("100 frames of 1 MiB pass through tiny socket buffers [P3]") {
    const SocketPair pair = make_socket_pair();
    set_buffers(pair, 4096);
    FrameWriter writer;
    for (unsigned i = 0; i < 100; ++i) writer.add(i, i, bytes_of(i % 2 ? 1024 * 1024 : 100, i));
    FrameReader reader(2 * 1024 * 1024);
    std::vector<Frame> frames;
    std::thread consumer([&] {
        while (frames.size() < 100 && reader.read(pair.second.number(), frames) != Stream::broken)
            std::this_thread::yield();
    });
    while (writer.flush(pair.first.number()) == Stream::would_block) std::this_thread::yield();
    consumer.join();
    REQUIRE(frames.size() == 100);
    for (unsigned i = 0; i < 100; ++i) {
        CHECK(frames[i].header.kind == i);
        CHECK(frames[i].body == bytes_of(i % 2 ? 1024 * 1024 : 100, i));
    }
    CHECK(writer.empty());
}

TEST_CASE("the end of a stream is told to its reader and to its writer [P3]") {
    SocketPair pair = make_socket_pair();
    FrameReader reader(1000);
    std::vector<Frame> frames;
    CHECK(reader.read(pair.second.number(), frames) == Stream::done);
    const Bytes half = stream_of({bytes_of(100, 1)});
    REQUIRE(::send(pair.first.number(), half.data(), 50, 0) == 50);
    pair.first.close();
    CHECK(reader.read(pair.second.number(), frames) == Stream::done);
    CHECK(reader.read(pair.second.number(), frames) == Stream::ended);
    CHECK(frames.empty());
    FrameWriter writer;
    writer.add(1, 1, {});
    CHECK(writer.flush(pair.second.number()) == Stream::ended);
}

TEST_CASE("a large frame comes out when its last byte is there, not with the next frame [P3]") {
    for (const std::size_t size : {std::size_t{64} * 1024, std::size_t{64} * 1024 + 1, std::size_t{300'000}}) {
        const SocketPair pair = make_socket_pair();
        FrameReader reader(1'000'000);
        std::vector<Frame> frames;
        const Bytes stream = stream_of({bytes_of(size, 1)});
        // The header alone, so that the body is received into its place.
        REQUIRE(::send(pair.first.number(), stream.data(), sizeof(FrameHeader), 0) == sizeof(FrameHeader));
        CHECK(reader.read(pair.second.number(), frames) == Stream::done);
        for (std::size_t sent = sizeof(FrameHeader); sent < stream.size();) {
            const ssize_t more = ::send(pair.first.number(), stream.data() + sent, stream.size() - sent, MSG_DONTWAIT);
            if (more > 0) sent += static_cast<std::size_t>(more);
            static_cast<void>(reader.read(pair.second.number(), frames));
        }
        static_cast<void>(reader.read(pair.second.number(), frames));
        REQUIRE(frames.size() == 1);
        CHECK(frames[0].body.size() == size);
    }
}

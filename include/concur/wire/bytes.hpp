/// What is sent, as bytes: a buffer that grows, and a reader that never looks beyond its end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace concur::detail {

using Bytes = std::vector<std::byte>;

/// Throws SerializationError.
[[noreturn]] void throw_too_few_bytes(std::uint64_t wanted, std::size_t left);
[[noreturn]] void throw_not_decodable(std::string_view type, std::string_view problem);

/// Reads from the front. Refers to the bytes.
class Reader {
public:
    explicit Reader(std::span<const std::byte> bytes) noexcept : left_{bytes} {}

    [[nodiscard]] std::size_t left() const noexcept { return left_.size(); }
    [[nodiscard]] bool empty() const noexcept { return left_.empty(); }
    /// Throws SerializationError if there are fewer.
    [[nodiscard]] std::span<const std::byte> take(std::uint64_t count) {
        if (count > left_.size()) throw_too_few_bytes(count, left_.size());
        const auto taken = left_.first(static_cast<std::size_t>(count));
        left_ = left_.subspan(static_cast<std::size_t>(count));
        return taken;
    }

private:
    std::span<const std::byte> left_;
};

// Not inline: g++ 12 sees overflows in the vector's insertion that are not there, and says so in the user's code.
void append_bytes(Bytes& to, const void* data, std::size_t size);

/// As it stands in memory: both ends run the same program.
template <class T>
void append_bits(Bytes& to, const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    append_bytes(to, &value, sizeof(T));
}
template <class T>
[[nodiscard]] T take_bits(Reader& from) {
    static_assert(std::is_trivially_copyable_v<T>);
    T value;
    std::memcpy(&value, from.take(sizeof(T)).data(), sizeof(T));
    return value;
}

/// Of what has static storage: both ends have it at the same place.
inline void append_address(Bytes& to, const void* address) {
    append_bits(to, reinterpret_cast<std::uintptr_t>(address));
}
template <class T>
[[nodiscard]] const T* take_address(Reader& from) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): that is what was sent
    return reinterpret_cast<const T*>(take_bits<std::uintptr_t>(from));
}

}  // namespace concur::detail

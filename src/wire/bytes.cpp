#include "concur/wire/bytes.hpp"

#include <fmt/format.h>

#include "concur/core/errors.hpp"

namespace concur::detail {

void append_bytes(Bytes& to, const void* data, std::size_t size) {
    const auto* const bytes = static_cast<const std::byte*>(data);
    to.insert(to.end(), bytes, bytes + size);
}

void throw_too_few_bytes(std::uint64_t wanted, std::size_t left) {
    throw SerializationError(
        fmt::format("what was received is no such value: it asks for {} more elements or bytes, and {} bytes are left",
                    wanted, left),
        {}, {});
}

void throw_not_decodable(std::string_view type, std::string_view problem) {
    throw SerializationError(fmt::format("what was received is no {}: {}", type, problem), std::string(type), {});
}

}  // namespace concur::detail

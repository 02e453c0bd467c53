#include "concur/future/gather.hpp"

#include <fmt/format.h>

#include "concur/core/text.hpp"

namespace concur::detail {

void await_gathered(Joint& joint, Duration timeout) {
    const std::optional<std::size_t> pending = joint.wait_or_cancel(timeout);
    if (!pending) return;
    throw TimeoutError(
        fmt::format("{} of {} futures were not done within {}; they go on", *pending, joint.size(), text_of(timeout)),
        timeout.nanoseconds());
}

}  // namespace concur::detail

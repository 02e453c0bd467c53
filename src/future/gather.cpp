#include "concur/future/gather.hpp"

#include <fmt/format.h>

namespace concur::detail {

void await_gathered(Joint& joint, Duration timeout) {
    const std::optional<std::size_t> pending = joint.wait_or_cancel(timeout);
    if (!pending) return;
    throw TimeoutError(fmt::format("{} of {} futures were not done within {} ms; they go on", *pending, joint.size(),
                                   static_cast<double>(timeout.count()) / 1e6),
                       timeout.nanoseconds());
}

}  // namespace concur::detail

#include "concur/retry/jitter.hpp"

#include <fmt/format.h>

namespace concur {

std::string to_string(const Jitter& jitter) {
    if (jitter == Jitter::none) return "none";
    if (jitter == Jitter::full) return "full";
    if (jitter == Jitter::equal) return "equal";
    return fmt::format("proportional({})", jitter.share());
}

}  // namespace concur

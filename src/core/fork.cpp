#include "concur/core/fork.hpp"

#include <pthread.h>

namespace concur::detail {

std::uint32_t current_fork_generation = 0;

namespace {

// Registered when the library is loaded, so before any handle exists.
[[maybe_unused]] const int registered = ::pthread_atfork(nullptr, nullptr, [] { ++current_fork_generation; });

}  // namespace
}  // namespace concur::detail

#include "concur/asio/runtime.hpp"

#include "core/runtime.hpp"

namespace concur {

Runtime runtime() { return Runtime(detail::runtime_loop()); }

}  // namespace concur

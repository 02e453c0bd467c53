#include "concur/worker/handle.hpp"

#include "concur/core/errors.hpp"

namespace concur {

StopScope::~StopScope() {
    try {
        worker_.get().stop(how_);
    } catch (const Error&) {
        // A wait that could never end: the stop has begun, and the worker ends when what it waits for does.
    }
}

}  // namespace concur

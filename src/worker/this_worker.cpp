#include "concur/worker/this_worker.hpp"

#include <fmt/format.h>

#include "concur/core/errors.hpp"

namespace concur::detail {

// Every host whose calls a Runner runs is the host part of a Backend.
Backend& own_worker() { return static_cast<Backend&>(current_whereabouts().host); }

void throw_other_object(const Backend& worker, std::string_view method) {
    throw NotOnWorkerError(
        fmt::format("{} was not called: this code runs on the worker {}, whose object has no such method; call it "
                    "through a proxy of a worker that has",
                    method, worker.name()));
}

}  // namespace concur::detail

/// The child's side of a process worker: runs what comes over a stream, and answers.
#pragma once

#include "backend/queued.hpp"
#include "process/descriptor.hpp"
#include "process/page.hpp"

namespace concur::detail {

/// Where the object of a process worker lives: all its calls run in `serve`, on the thread that calls it.
///
/// It knows nothing of the stream's other end. What retries, limits and contexts are here is what they are in every
/// mode: the calls are made again of what was sent, on this worker. docs/design/processes.md
class ServingBackend;

/// Makes the object, runs calls until the other end wants no more or is gone, destroys the object. Returns the exit
/// status.
int serve_process_worker(WorkerConfig config, ObjectFactory& factory, process::Descriptor socket, process::Page& page,
                         std::uint64_t max_message) noexcept;

}  // namespace concur::detail

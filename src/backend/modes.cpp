// The table of modes. A new mode is a file and a row.
#include "concur/backend/backend.hpp"
#include "concur/core/errors.hpp"

namespace concur::detail {
namespace {

struct Row {
    Mode mode;
    IntrusivePtr<Backend> (*make)(WorkerConfig, std::unique_ptr<ObjectFactory>);
};

constexpr Row rows[] = {
    {Mode::sync, make_sync_backend},
    {Mode::thread, make_thread_backend},
    {Mode::asio, make_asio_backend},
    {Mode::process, make_process_backend},
};

}  // namespace

IntrusivePtr<Backend> make_backend(WorkerConfig config, std::unique_ptr<ObjectFactory> factory) {
    const Mode mode = config.settings.mode.value();
    for (const Row& row : rows)
        if (row.mode == mode) return row.make(std::move(config), std::move(factory));
    throw BackendUnavailableError(mode,
                                  "this version of concur was built without it; use sync, thread, asio or process");
}

}  // namespace concur::detail

/// Threads that run the application's event loop: what runs there must not block them.
#pragma once

namespace concur::detail {

/// While alive, the calling thread runs code of a worker on the application's loop.
class ApplicationThread {
public:
    ApplicationThread() noexcept;
    ~ApplicationThread();
    ApplicationThread(const ApplicationThread&) = delete;
    ApplicationThread& operator=(const ApplicationThread&) = delete;
};

/// Throws WouldBlockError on such a thread.
void refuse_on_application_thread();

}  // namespace concur::detail

/// The library's own threads: named, always joined, and known when the process exits.
#pragma once

#include <string>
#include <thread>
#include <utility>

namespace concur::detail {

/// Marks the calling thread as the library's own while alive; see `start_thread`.
class LibraryThread {
public:
    explicit LibraryThread(const std::string& name) noexcept;
    ~LibraryThread();
    LibraryThread(const LibraryThread&) = delete;
    LibraryThread& operator=(const LibraryThread&) = delete;
};

/// Starts a thread that carries `name` (its first 15 bytes) and runs `body`. Throws std::system_error if the system has
/// no thread to give.
template <class Body>
[[nodiscard]] std::thread start_thread(std::string name, Body body) {
    return std::thread([name = std::move(name), body = std::move(body)]() mutable {
        LibraryThread mark(name);
        body();
    });
}

/// True on a thread made by `start_thread`, until its body returns.
[[nodiscard]] bool on_library_thread() noexcept;

/// Takes a thread that cannot be joined by who should, because it ends itself. Joined when the next one is retired, at
/// the latest when the process exits.
void retire_thread(std::thread thread);
void join_retired_threads() noexcept;

}  // namespace concur::detail

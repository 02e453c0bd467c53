#include "core/thread.hpp"

#include <pthread.h>

#include <mutex>
#include <vector>

#include "core/process_exit.hpp"
#include "core/process_wide.hpp"

namespace concur::detail {
namespace {

thread_local bool is_library_thread = false;

struct Retired {
    std::mutex mutex;
    std::vector<std::thread> threads;
};

Retired& retired() { return ProcessWide<Retired>::get(); }

void join_all(std::vector<std::thread> threads) {
    for (std::thread& thread : threads)
        if (thread.get_id() != std::this_thread::get_id())
            thread.join();
        else
            retire_thread(std::move(thread));
}

}  // namespace

LibraryThread::LibraryThread(const std::string& name) noexcept {
    is_library_thread = true;
    ::pthread_setname_np(::pthread_self(), name.substr(0, 15).c_str());
    watch_exit();
}

LibraryThread::~LibraryThread() { is_library_thread = false; }

bool on_library_thread() noexcept { return is_library_thread; }

void retire_thread(std::thread thread) {
    std::vector<std::thread> before;
    {
        const std::lock_guard lock(retired().mutex);
        before.swap(retired().threads);
        retired().threads.push_back(std::move(thread));
    }
    join_all(std::move(before));
}

void join_retired_threads() noexcept {
    std::vector<std::thread> threads;
    {
        const std::lock_guard lock(retired().mutex);
        threads.swap(retired().threads);
    }
    join_all(std::move(threads));
}

}  // namespace concur::detail

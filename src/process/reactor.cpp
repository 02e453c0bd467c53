#include "process/reactor.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <unordered_map>

#include "core/process_wide.hpp"
#include "core/thread.hpp"
#include "process/descriptor.hpp"
#include "process/library_descriptors.hpp"

namespace concur::detail::process {
namespace {

/// What the thread sees of it goes with the process: it never ends.
struct Sleepers {
    std::condition_variable listener_returned;
};

struct State {
    struct Entry {
        Listener* listener;
        std::uint64_t number;  // descriptors are used again, and an event may be an old one's
    };

    std::mutex mutex;
    int epoll = -1;  // never closed
    std::uint64_t next_number = 1;
    std::unordered_map<int, Entry> entries;
    int told = -1;  // whose listener runs
    std::thread::id thread;
    Sleepers* sleepers = new Sleepers;  // never freed
};

State& state() { return ProcessWide<State>::get(); }

void tell(State& state, int descriptor, std::uint64_t number, std::uint32_t events) noexcept {
    Listener* listener = nullptr;
    {
        const std::lock_guard lock(state.mutex);
        const auto found = state.entries.find(descriptor);
        if (found == state.entries.end() || found->second.number != number) return;
        listener = found->second.listener;
        state.told = descriptor;
    }
    listener->ready(descriptor, events);
    {
        const std::lock_guard lock(state.mutex);
        state.told = -1;
    }
    state.sleepers->listener_returned.notify_all();
}

// Both fit into what epoll keeps beside a descriptor.
constexpr int descriptor_bits = 24;

void wait_for_ever(State& state, int epoll) noexcept {
    std::array<epoll_event, 64> events{};
    for (;;) {
        const int count = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < count; ++i) {
            const std::uint64_t key = events[static_cast<std::size_t>(i)].data.u64;
            tell(state, static_cast<int>(key & ((1u << descriptor_bits) - 1)), key >> descriptor_bits,
                 events[static_cast<std::size_t>(i)].events);
        }
    }
}

// With the mutex held.
void start(State& state) {
    Descriptor epoll = checked_descriptor(::epoll_create1(EPOLL_CLOEXEC), "an event loop for child processes");
    std::thread thread =
        start_thread("concur reactor", [&state, number = epoll.number()] { wait_for_ever(state, number); });
    state.thread = thread.get_id();
    thread.detach();
    state.epoll = epoll.release();
}

}  // namespace

Reactor& Reactor::get() {
    static Reactor reactor;
    return reactor;
}

void Reactor::add(int descriptor, std::uint32_t events, Listener& listener) {
    State& state = process::state();
    std::unique_lock lock(state.mutex);
    if (state.epoll < 0) {
        start(state);
        // Whoever forks takes both locks, in an order of its own.
        lock.unlock();
        close_in_children(state.epoll);
        lock.lock();
    }
    const std::uint64_t number = state.next_number++;
    state.entries[descriptor] = {&listener, number};
    epoll_event event{};
    event.events = events;
    event.data.u64 = number << descriptor_bits | static_cast<std::uint64_t>(descriptor);
    if (::epoll_ctl(state.epoll, EPOLL_CTL_ADD, descriptor, &event) != 0) {
        state.entries.erase(descriptor);
        throw std::system_error(errno, std::generic_category(), "an event loop for child processes");
    }
}

void Reactor::modify(int descriptor, std::uint32_t events) noexcept {
    State& state = process::state();
    const std::lock_guard lock(state.mutex);
    const auto found = state.entries.find(descriptor);
    if (found == state.entries.end()) return;
    epoll_event event{};
    event.events = events;
    event.data.u64 = found->second.number << descriptor_bits | static_cast<std::uint64_t>(descriptor);
    ::epoll_ctl(state.epoll, EPOLL_CTL_MOD, descriptor, &event);
}

void Reactor::remove(int descriptor) noexcept {
    State& state = process::state();
    std::unique_lock lock(state.mutex);
    if (state.entries.erase(descriptor) != 0) ::epoll_ctl(state.epoll, EPOLL_CTL_DEL, descriptor, nullptr);
    if (std::this_thread::get_id() == state.thread) return;
    while (state.told == descriptor) state.sleepers->listener_returned.wait(lock);
}

}  // namespace concur::detail::process

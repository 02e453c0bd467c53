#include "process/page.hpp"

#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <ctime>
#include <new>
#include <system_error>

namespace concur::detail::process {

Page::Page() {
    void* const memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "memory for a child process");
    shared_ = ::new (memory) Shared;
}

Page::~Page() {
    if (shared_) ::munmap(shared_, sizeof(Shared));
}

void Page::put(std::size_t slot, std::uint64_t call) noexcept {
    shared_->words[slot].store(call << number_shift | sent, std::memory_order_release);
}

bool Page::claim(std::size_t slot, std::uint64_t call, std::uint64_t state) noexcept {
    std::atomic<std::uint64_t>& place = shared_->words[slot];
    std::uint64_t word = place.load(std::memory_order_acquire);
    do {
        if (!is_of(word, call) || (word & state_mask) != sent) return false;
    } while (!place.compare_exchange_weak(word, (word & ~state_mask) | state, std::memory_order_acq_rel,
                                          std::memory_order_acquire));
    return true;
}

bool Page::withdraw(std::size_t slot, std::uint64_t call) noexcept { return claim(slot, call, withdrawn); }
bool Page::begin(std::size_t slot, std::uint64_t call) noexcept { return claim(slot, call, begun); }

void Page::request_stop(std::size_t slot, std::uint64_t call) noexcept {
    std::atomic<std::uint64_t>& place = shared_->words[slot];
    std::uint64_t word = place.load(std::memory_order_acquire);
    do {
        if (!is_of(word, call) || (word & stop_bit) != 0) return;
    } while (!place.compare_exchange_weak(word, word | stop_bit, std::memory_order_acq_rel, std::memory_order_acquire));
    wake();
}

void Page::request_stop_of_all() noexcept {
    shared_->stops_all.store(1, std::memory_order_release);
    wake();
}

bool Page::has_begun(std::size_t slot, std::uint64_t call) const noexcept {
    const std::uint64_t word = shared_->words[slot].load(std::memory_order_acquire);
    return is_of(word, call) && (word & state_mask) == begun;
}

bool Page::stop_is_requested(std::size_t slot, std::uint64_t call) const noexcept {
    const std::uint64_t word = shared_->words[slot].load(std::memory_order_acquire);
    return is_of(word, call) && (word & stop_bit) != 0;
}

bool Page::stop_of_all_is_requested() const noexcept { return shared_->stops_all.load(std::memory_order_acquire) != 0; }

std::uint32_t Page::requests() const noexcept { return shared_->requests.load(std::memory_order_acquire); }

// Not the private kind of futex: the two sides are two processes.
void Page::await_request(std::uint32_t seen, std::int64_t nanoseconds) const noexcept {
    const timespec time{static_cast<time_t>(nanoseconds / 1'000'000'000),
                        static_cast<long>(nanoseconds % 1'000'000'000)};
    ::syscall(SYS_futex, &shared_->requests, FUTEX_WAIT, seen, nanoseconds < 0 ? nullptr : &time, nullptr, 0);
}

void Page::wake() noexcept {
    shared_->requests.fetch_add(1, std::memory_order_acq_rel);
    ::syscall(SYS_futex, &shared_->requests, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

}  // namespace concur::detail::process

/// State of which each process has one.
#pragma once

#include <pthread.h>

#include <atomic>
#include <mutex>
#include <type_traits>

namespace concur::detail {

/// Marks the constructor of what a forked child starts with.
struct InForkedChild {};

/// The one T of this process; T has a `mutex`.
///
/// Made on first use, so that static objects of the application may use the library. Never destroyed: threads may need
/// it while the process exits. Locked while the process forks; the child begins anew with a fresh T, because what the
/// old one tells of are the parent's threads, and keeps the old one reachable only for leak checkers. A T that is
/// constructible as `T(InForkedChild(), of_parent)` hands its values down.
template <class T>
class ProcessWide {
public:
    static T& get() {
        static ProcessWide instance;
        return instance.current_->value;
    }

private:
    struct Generation {
        T value;
        Generation* of_parent = nullptr;
    };

    ProcessWide() {
        self().store(this, std::memory_order_release);
        ::pthread_atfork([] { self().load(std::memory_order_acquire)->current_->value.mutex.lock(); },
                         [] { self().load(std::memory_order_acquire)->current_->value.mutex.unlock(); },
                         [] {
                             ProcessWide& instance = *self().load(std::memory_order_acquire);
                             instance.current_ = in_child(instance.current_);
                         });
    }

    static Generation* in_child(Generation* of_parent) {
        if constexpr (std::is_constructible_v<T, InForkedChild, const T&>) {
            return new Generation{T(InForkedChild(), of_parent->value), of_parent};
        } else {
            return new Generation{{}, of_parent};
        }
    }

    // Whoever forks may be another thread than the one that came here first.
    static std::atomic<ProcessWide*>& self() {
        static std::atomic<ProcessWide*> pointer{nullptr};
        return pointer;
    }

    Generation* current_ = new Generation;
};

}  // namespace concur::detail

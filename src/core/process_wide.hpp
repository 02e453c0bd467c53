/// State of which each process has one.
#pragma once

#include <pthread.h>

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
        self() = this;
        ::pthread_atfork([] { self()->current_->value.mutex.lock(); }, [] { self()->current_->value.mutex.unlock(); },
                         [] { self()->current_ = in_child(self()->current_); });
    }

    static Generation* in_child(Generation* of_parent) {
        if constexpr (std::is_constructible_v<T, InForkedChild, const T&>) {
            return new Generation{T(InForkedChild(), of_parent->value), of_parent};
        } else {
            return new Generation{{}, of_parent};
        }
    }

    static ProcessWide*& self() {
        static ProcessWide* pointer = nullptr;
        return pointer;
    }

    Generation* current_ = new Generation;
};

}  // namespace concur::detail

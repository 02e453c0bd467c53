/// State of which each process has one.
#pragma once

#include <pthread.h>

#include <mutex>

namespace concur::detail {

/// The one T of this process; T has a `mutex`.
///
/// Made on first use, so that static objects of the application may use the library. Never destroyed: threads may need
/// it while the process exits. Locked while the process forks; the child begins anew with a fresh T, because what the
/// old one tells of are the parent's threads, and keeps the old one reachable only for leak checkers.
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
                         [] {
                             self()->current_ = new Generation{{}, self()->current_};
                         });
    }

    static ProcessWide*& self() {
        static ProcessWide* pointer = nullptr;
        return pointer;
    }

    Generation* current_ = new Generation;
};

}  // namespace concur::detail

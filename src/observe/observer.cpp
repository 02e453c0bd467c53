#include "concur/observe/observer.hpp"

#include <fmt/core.h>

#include <cstdio>
#include <functional>
#include <mutex>
#include <unordered_set>

#include "core/process_wide.hpp"

namespace concur {
namespace {

struct Registry {
    std::mutex mutex;
    std::shared_ptr<Observer> for_all;
    std::unordered_set<std::size_t> printed;  // hashes of warnings
};

Registry& registry() { return detail::ProcessWide<Registry>::get(); }

std::shared_ptr<Observer> observer_of_all() {
    const std::lock_guard lock(registry().mutex);
    return registry().for_all;
}

/// Whether nobody has read this yet. A program with thousands of causes reads some of them again.
bool is_news(std::string_view message) noexcept try {
    constexpr std::size_t most = 1024;
    const std::lock_guard lock(registry().mutex);
    if (registry().printed.size() >= most) registry().printed.clear();
    return registry().printed.insert(std::hash<std::string_view>()(message)).second;
} catch (...) {  // no memory to remember it in
    return true;
}

void print(const Warning& warning) noexcept {
    if (!is_news(warning.message)) return;
    fmt::print(stderr, "concur: warning: {}\n", fmt::string_view(warning.message.data(), warning.message.size()));
}

}  // namespace

void observe_all(std::shared_ptr<Observer> observer) {
    const std::lock_guard lock(registry().mutex);
    registry().for_all.swap(observer);
}

namespace detail {

/// Passes one event to the observers that are concerned.
class Telling {
public:
    explicit Telling(Observer* of_worker) noexcept : for_all_{observer_of_all()}, of_worker_{of_worker} {
        if (of_worker_ == for_all_.get()) of_worker_ = nullptr;
    }

    /// True if somebody was told.
    template <class Event>
    bool tell(void (Observer::*hook)(const Event&), const Event& event) noexcept {
        const bool first = tell_one(of_worker_, for_all_.get(), hook, event);
        const bool second = tell_one(for_all_.get(), of_worker_, hook, event);
        return first || second;
    }

private:
    template <class Event>
    static bool tell_one(Observer* observer, Observer* other, void (Observer::*hook)(const Event&),
                         const Event& event) noexcept {
        if (!observer || observer->switched_off_.load(std::memory_order_relaxed)) return false;
        try {
            (observer->*hook)(event);
        } catch (...) {
            if (observer->switched_off_.exchange(true)) return true;
            const Warning warning{
                WarningKind::hook_error, {}, {}, "an observer threw, and is switched off", std::current_exception()};
            if (!tell_one(other, nullptr, &Observer::on_warning, warning)) print(warning);
        }
        return true;
    }

    std::shared_ptr<Observer> for_all_;
    Observer* of_worker_;
};

void tell_unobserved_failure(Observer* of_worker, const CallEvent& event) noexcept {
    Telling(of_worker).tell(&Observer::on_unobserved_failure, event);
}

void tell_warning(Observer* of_worker, const Warning& warning) noexcept {
    if (!Telling(of_worker).tell(&Observer::on_warning, warning)) print(warning);
}

}  // namespace detail
}  // namespace concur

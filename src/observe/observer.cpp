#include "concur/observe/observer.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <cstdio>
#include <functional>
#include <mutex>
#include <set>
#include <string>

#include "concur/observe/progress.hpp"
#include "core/process_wide.hpp"
#include "observe/progress_screen.hpp"

namespace concur {
namespace {

struct Registry {
    std::mutex mutex;
    std::shared_ptr<Observer> for_all;
    std::set<std::size_t> printed;  // hashes of the causes of warnings
};

// A program that finds ever new causes has been told enough.
constexpr std::size_t most_printed = 1000;

Registry& registry() { return detail::ProcessWide<Registry>::get(); }

std::shared_ptr<Observer> observer_of_all() {
    const std::lock_guard lock(registry().mutex);
    return registry().for_all;
}

/// The kind and the message, which names the worker, are the cause; what was thrown may be worded anew each time.
bool is_first_of_its_cause(const Warning& warning) {
    const std::size_t cause =
        std::hash<std::string_view>()(warning.message) * 31 + static_cast<std::size_t>(warning.kind);
    const std::lock_guard lock(registry().mutex);
    return registry().printed.size() < most_printed && registry().printed.insert(cause).second;
}

std::string what_of(const std::exception_ptr& error) {
    try {
        if (error) std::rethrow_exception(error);
    } catch (const std::exception& exception) {
        return fmt::format(": {}", exception.what());
    } catch (...) {
        return ": something that is no std::exception";
    }
    return {};
}

void print(const Warning& warning) noexcept {
    try {
        if (!is_first_of_its_cause(warning)) return;
        const std::string line = fmt::format("concur: warning: {}{}", warning.message, what_of(warning.error));
        if (detail::ProgressScreen* screen = detail::screen_on_stderr())
            screen->write_above(line);
        else
            fmt::print(stderr, "{}\n", line);
    } catch (...) {  // nobody is left who could be told
    }
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

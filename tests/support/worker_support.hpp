// What the tests of workers share: the table of modes, gates between threads, and a log of what workers report.
#pragma once

#include <algorithm>
#include <chrono>
#include <concur/concur.hpp>
#include <condition_variable>
#include <exception>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/eventually.hpp"

template <>
struct Catch::StringMaker<concur::Mode> {
    static std::string convert(concur::Mode mode) { return std::string(to_string(mode)); }
};
template <>
struct Catch::StringMaker<concur::StopReason> {
    static std::string convert(concur::StopReason reason) { return std::string(to_string(reason)); }
};

namespace concur::test {

using namespace std::chrono_literals;

/// Far beyond what anything here takes, also under a sanitizer on a loaded machine; what takes longer hangs.
inline constexpr auto patience = 30s;

// ---- modes

/// What is different between modes, as far as tests care.
struct ModeRow {
    Mode mode;
    /// A call has ended when `call` returns: nothing is ever queued behind another call of the same thread.
    bool runs_in_caller;
    /// All that an object does happens on one thread.
    bool has_a_thread;
};

/// A new mode is one more row here, and runs every case of tests/conformance.
inline constexpr ModeRow mode_rows[] = {
    {Mode::sync, true, true},
    {Mode::thread, false, true},
    {Mode::asio, false, false},
};

template <class Wanted>
std::vector<Mode> modes_that(Wanted wanted) {
    std::vector<Mode> modes;
    for (const ModeRow& row : mode_rows)
        if (wanted(row)) modes.push_back(row.mode);
    return modes;
}

/// `const Mode mode = GENERATE(every_mode());`
inline auto every_mode() {
    return Catch::Generators::from_range(modes_that([](const ModeRow&) { return true; }));
}
/// The modes whose workers do not need their callers: calls are queued, and can be cancelled there.
inline auto every_queueing_mode() {
    return Catch::Generators::from_range(modes_that([](const ModeRow& row) { return !row.runs_in_caller; }));
}
inline auto every_mode_with_a_thread() {
    return Catch::Generators::from_range(modes_that([](const ModeRow& row) { return row.has_a_thread; }));
}

[[nodiscard]] inline bool runs_in_caller(Mode mode) {
    return std::any_of(std::begin(mode_rows), std::end(mode_rows),
                       [mode](const ModeRow& row) { return row.mode == mode && row.runs_in_caller; });
}

// ---- threads

/// Opens once; who passes it before waits. `pass` is bounded, so that a broken test fails instead of hanging.
class Gate {
public:
    void open() {
        const std::lock_guard lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }
    /// False if it did not open within `time`.
    bool pass(std::chrono::nanoseconds time = patience) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, time, [this] { return open_; });
    }
    [[nodiscard]] bool is_open() {
        const std::lock_guard lock(mutex_);
        return open_;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = false;
};

/// Keeps a worker busy, from the end of the constructor until `end` or the destructor. Not for modes that run calls in
/// the caller.
class Busy {
public:
    template <class Proxy>
    explicit Busy(const Proxy& worker)
        : gates_{std::make_shared<Gates>()}, call_{worker.call([gates = gates_](auto&) {
              gates->started.open();
              gates->released.pass();
          })} {
        REQUIRE(gates_->started.pass());
    }
    ~Busy() { end(); }
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;

    void end() const { gates_->released.open(); }
    [[nodiscard]] const Future<void>& call() const { return call_; }

private:
    struct Gates {
        Gate started;
        Gate released;
    };
    std::shared_ptr<Gates> gates_;
    Future<void> call_;
};

/// How `f()` ends: "value", "deadlock", or "other".
template <class F>
[[nodiscard]] std::string end_of(F f) {
    try {
        f();
        return "value";
    } catch (const DeadlockError&) {
        return "deadlock";
    } catch (...) {
        return "other";
    }
}

/// `f()` on a thread of the application; what it throws arrives in the future.
template <class F>
auto on_new_thread(F f) {
    Promise<decltype(f())> promise;
    auto result = promise.future();
    std::thread([promise = std::move(promise), f = std::move(f)]() mutable {
        try {
            if constexpr (std::is_void_v<decltype(f())>) {
                f();
                promise.set_value();
            } else {
                promise.set_value(f());
            }
        } catch (...) {
            promise.set_exception(std::current_exception());
        }
    }).detach();
    return result;
}

[[nodiscard]] inline std::size_t entries_of(const char* folder) {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator()));
}
[[nodiscard]] inline std::size_t thread_count() { return entries_of("/proc/self/task"); }
[[nodiscard]] inline std::size_t descriptor_count() { return entries_of("/proc/self/fd"); }

// ---- reports

/// Keeps what an observer is told.
class ReportLog final : public Observer {
public:
    struct Line {
        std::string worker;
        std::string method;
        std::string text;
        std::exception_ptr error;
    };

    void on_unobserved_failure(const CallEvent& event) override {
        const std::lock_guard lock(mutex_);
        failures_.push_back({std::string(event.worker), std::string(event.method), {}, event.error});
    }
    void on_warning(const Warning& warning) override {
        const std::lock_guard lock(mutex_);
        warnings_.emplace_back(warning.kind, Line{std::string(warning.worker), std::string(warning.method),
                                                  std::string(warning.message), warning.error});
    }

    [[nodiscard]] std::vector<Line> failures() {
        const std::lock_guard lock(mutex_);
        return failures_;
    }
    [[nodiscard]] std::vector<Line> warnings(WarningKind kind) {
        const std::lock_guard lock(mutex_);
        std::vector<Line> lines;
        for (const auto& [of_kind, line] : warnings_)
            if (of_kind == kind) lines.push_back(line);
        return lines;
    }

private:
    std::mutex mutex_;
    std::vector<Line> failures_;
    std::vector<std::pair<WarningKind, Line>> warnings_;
};

/// Watches all workers of the process for as long as it lives.
class WatchAll {
public:
    explicit WatchAll(std::shared_ptr<Observer> observer) { observe_all(std::move(observer)); }
    ~WatchAll() { observe_all(nullptr); }
    WatchAll(const WatchAll&) = delete;
    WatchAll& operator=(const WatchAll&) = delete;
};

/// The text of what `f` throws; empty if it throws nothing.
template <class E = std::exception, class F>
[[nodiscard]] std::string text_of_error(F f) {
    try {
        static_cast<void>(f());
    } catch (const E& error) {
        return error.what();
    }
    return {};
}

[[nodiscard]] inline bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace concur::test

/// The machine a benchmark runs on: its cores, its load, and what the process has used of it.
#pragma once

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace bench {

/// The cores that this process may use.
[[nodiscard]] int usable_cores();

/// Leaves one core to this process and all threads that it will make.
void use_one_core();

/// Runs `part` in a child process, so that it may change what belongs to a whole process (its cores, what the library
/// has learnt about the machine). To be called before this process makes threads.
void in_child(void (*part)());

/// Keeps cores busy while alive.
class Burners {
public:
    explicit Burners(int threads);
    ~Burners();
    Burners(const Burners&) = delete;
    Burners& operator=(const Burners&) = delete;

private:
    std::atomic<bool> stop_{false};
    std::vector<std::thread> threads_;
};

/// How much other programs use the machine, from its construction on.
class LoadOfOthers {
public:
    LoadOfOthers();
    /// Cores, on average.
    [[nodiscard]] double cores() const;

private:
    std::chrono::steady_clock::time_point start_;
    double busy_seconds_;
};

/// CPU time so far: of the process, of the calling thread, of another thread of this process.
[[nodiscard]] std::chrono::nanoseconds process_cpu_time();
[[nodiscard]] std::chrono::nanoseconds own_cpu_time();
[[nodiscard]] std::chrono::nanoseconds cpu_time_of(pthread_t thread);

/// How often the other threads of this process have been put to sleep, all together. A thread that sleeps and is not
/// woken does not count on.
[[nodiscard]] long context_switches_of_other_threads();

/// Bytes that malloc has given to this process, in all arenas.
[[nodiscard]] double heap_in_use();

/// The threads of this process.
[[nodiscard]] int thread_count();

}  // namespace bench

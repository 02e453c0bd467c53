#include "support/machine.hpp"

#include <dirent.h>
#include <fmt/format.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <memory>
#include <string>

#include "support/table.hpp"

namespace bench {
namespace {

std::chrono::nanoseconds read_clock(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

// Of all cores and programs but this one, in seconds; the first line of /proc/stat: user nice system idle iowait irq
// softirq steal.
double busy_seconds_of_others() {
    std::ifstream stat("/proc/stat");
    std::string cpu;
    double user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0;
    stat >> cpu >> user >> nice >> system >> idle >> iowait >> irq >> softirq >> steal;
    const double all = (user + nice + system + irq + softirq + steal) / static_cast<double>(::sysconf(_SC_CLK_TCK));
    return all - std::chrono::duration<double>(process_cpu_time()).count();
}

}  // namespace

LoadOfOthers::LoadOfOthers() : start_{std::chrono::steady_clock::now()}, busy_seconds_{busy_seconds_of_others()} {}

double LoadOfOthers::cores() const {
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start_;
    return (busy_seconds_of_others() - busy_seconds_) / time.count();
}

int usable_cores() {
    cpu_set_t set;
    CPU_ZERO(&set);
    return ::sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
}

void use_one_core() {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(::sched_getcpu(), &set);
    ::sched_setaffinity(0, sizeof(set), &set);
}

void in_child(void (*part)()) {
    std::fflush(stdout);
    const pid_t child = ::fork();
    if (child == 0) {
        part();
        std::fflush(stdout);
        ::_exit(0);
    }
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) != child || status != 0)
        print_note(fmt::format("this part did not end as it should: status {}", status));
}

Burners::Burners(int threads) {
    for (int i = 0; i < threads; ++i)
        threads_.emplace_back([this] {
            while (!stop_.load(std::memory_order_relaxed)) {
            }
        });
}

Burners::~Burners() {
    stop_.store(true, std::memory_order_relaxed);
    for (std::thread& thread : threads_) thread.join();
}

std::chrono::nanoseconds process_cpu_time() { return read_clock(CLOCK_PROCESS_CPUTIME_ID); }
std::chrono::nanoseconds own_cpu_time() { return read_clock(CLOCK_THREAD_CPUTIME_ID); }

std::chrono::nanoseconds cpu_time_of(pthread_t thread) {
    clockid_t clock{};
    return ::pthread_getcpuclockid(thread, &clock) == 0 ? read_clock(clock) : std::chrono::nanoseconds();
}

long context_switches_of_other_threads() {
    const std::string self = std::to_string(::syscall(SYS_gettid));
    const std::unique_ptr<DIR, int (*)(DIR*)> tasks(::opendir("/proc/self/task"), &::closedir);
    long sum = 0;
    while (const dirent* entry = tasks ? ::readdir(tasks.get()) : nullptr) {
        const std::string task = entry->d_name;
        if (task == self || task.front() == '.') continue;
        std::ifstream status("/proc/self/task/" + task + "/status");
        for (std::string line; std::getline(status, line);)
            if (line.find("ctxt_switches:") != std::string::npos) sum += std::stol(line.substr(line.find(':') + 1));
    }
    return sum;
}

double heap_in_use() {
    const struct mallinfo2 info = ::mallinfo2();
    return static_cast<double>(info.uordblks + info.hblkhd);
}

int thread_count() {
    const std::unique_ptr<DIR, int (*)(DIR*)> tasks(::opendir("/proc/self/task"), &::closedir);
    int count = 0;
    while (const dirent* entry = tasks ? ::readdir(tasks.get()) : nullptr) count += entry->d_name[0] == '.' ? 0 : 1;
    return count;
}

}  // namespace bench

// What a policy costs a call that succeeds at once, and what becomes of its arguments. R19
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/tracked.hpp"
#include "support/worker_support.hpp"

using namespace concur;
using namespace concur::test;

namespace {

struct Work {
    int attempts = 0;
    int add(int amount) { return amount + 1; }
    std::size_t size(std::string text) { return text.size(); }
    int take(Tracked value, int failures) {
        if (++attempts <= failures) throw std::runtime_error("again");
        return value.value;
    }
};

auto plain(Mode mode) { return Worker<Work>::options().mode(mode).retry_wait(0s).retry_jitter(Jitter::none); }

}  // namespace

// A sanitizer's own operator new finds more errors in the other tests than this counts.
#if !defined(CONCUR_SANITIZES_ADDRESSES) && !defined(CONCUR_SANITIZES_THREADS)

namespace {

// Relaxed: read when the calls have ended that count.
std::atomic<long> allocations{0};

}  // namespace

// The array and nothrow forms call these. Not inlined: g++ would see a free() without its malloc().
[[gnu::noinline]] void* operator new(std::size_t size) {
    allocations.fetch_add(1, std::memory_order_relaxed);
    if (void* const memory = std::malloc(size)) return memory;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

constexpr int calls = 100;

/// Of a hundred calls, one after the other, when what is made once has been made.
template <class Builder, class Call>
long allocations_of(const Builder& options, Call call) {
    const auto worker = options.init();
    for (int i = 0; i < calls; ++i) call(worker);
    const long before = allocations.load(std::memory_order_relaxed);
    for (int i = 0; i < calls; ++i) call(worker);
    return allocations.load(std::memory_order_relaxed) - before;
}

const auto add = [](const auto& worker) { static_cast<void>(worker.template call<&Work::add>(1).result()); };
const auto size = [](const auto& worker) {
    static_cast<void>(worker.template call<&Work::size>("more than fits into a string itself").result());
};

}  // namespace

TEST_CASE("a policy allocates nothing for a call that succeeds at once", "[retry][R19]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const long without = allocations_of(plain(mode), add);
    CHECK(without == calls);
    const auto retried = plain(mode).num_retries(3);
    CHECK(allocations_of(retried, add) == without);
    CHECK(allocations_of(retried.retry_on<std::runtime_error>(), add) == without);
    CHECK(allocations_of(retried.retry_until([](int value) { return value == 2; }), add) == without);
    CHECK(allocations_of(retried.retry_budget(RetryBudget()), add) == without);
    CHECK(allocations_of(retried.retry_after([](const std::runtime_error&) { return std::optional<Duration>(1s); }),
                         add) == without);
    CHECK(allocations_of(plain(mode).template method<&Work::add>([](auto& m) { m.num_retries(3); }), add) == without);
}

TEST_CASE("an argument that is copied for a further attempt is all that a policy allocates", "[retry][R19][W11]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const long without = allocations_of(plain(mode), size);
    CHECK(allocations_of(plain(mode).num_retries(0).retry_on<std::runtime_error>(), size) == without);
    CHECK(allocations_of(plain(mode).num_retries(1), size) == without + calls);
}

#endif

TEST_CASE("the last possible attempt moves its arguments", "[retry][R19]") {
    const Mode mode = GENERATE(every_mode());
    const int retries = GENERATE(0, 1, 3);
    CAPTURE(mode, retries);
    for (int failures = 0; failures <= retries; ++failures) {
        Tracks tracks;
        {
            auto work = plain(mode).num_retries(retries).retry_on<std::runtime_error>().init();
            CHECK(work.call<&Work::take>(Tracked(tracks, 7), failures).result() == 7);
            work.stop();
        }
        // A copy for each attempt that another one can follow.
        CHECK(tracks.copies == std::min(failures + 1, retries));
        CHECK(tracks.alive() == 0);
    }
}

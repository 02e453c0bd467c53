// B15: a chain of `then`, and many futures at once.
//
// Target: linear, without recursion; at least half as fast as the floor; a chain of 10^6 makes at least 15 million
// links/s on a quiet 2-core machine.
//
// The floors are the same work by hand: one allocation a link or source, a counted reference, one atomic slot for who
// waits, one atomic step that completes it, a loop instead of recursion. They have no errors, no cancelling, one waiter
// only, and nothing is waited for with a lock. The promises are made outside of the time, and set inside.
#include <atomic>
#include <concur/concur.hpp>
#include <memory>
#include <vector>

#include "support/table.hpp"
#include "support/timing.hpp"

namespace {

constexpr double least_part_of_floor = 0.5;
constexpr double least_links_per_second = 15e6;
constexpr std::size_t few = 100'000;
constexpr bench::Effort effort{.time = std::chrono::milliseconds(1500)};

// ---- the floors

class Source;

/// What follows a source.
struct Waiter {
    virtual void run(Source& source) = 0;

protected:
    ~Waiter() = default;
};

class Source {
public:
    virtual ~Source() = default;
    void add_ref() { references_.fetch_add(1, std::memory_order_relaxed); }
    void release() {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }
    void attach(Waiter& waiter) { waiter_.store(&waiter, std::memory_order_release); }
    /// Gives who waits, for a loop to run it.
    [[nodiscard]] Waiter* complete(long value) {
        value_ = value;
        return waiter_.exchange(nullptr, std::memory_order_acq_rel);
    }
    [[nodiscard]] long value() const { return value_; }

private:
    std::atomic<int> references_{1};
    std::atomic<Waiter*> waiter_{nullptr};
    long value_ = 0;
};

class Link final : public Source, public Waiter {
public:
    void run(Source& source) override {
        Waiter* const next = complete(source.value() + 1);
        following = next ? this : nullptr;
        next_waiter = next;
    }
    static inline Source* following = nullptr;
    static inline Waiter* next_waiter = nullptr;
};

bench::Nanoseconds chain_by_hand(std::size_t count) {
    return bench::time_of([&] {
        auto* first = new Source;
        Source* last = first;
        first->add_ref();
        for (std::size_t i = 0; i < count; ++i) {
            auto* link = new Link;
            link->add_ref();  // the loop's own
            last->attach(*link);
            last->release();
            last = link;
        }
        Source* source = first;
        Waiter* waiter = first->complete(0);
        while (waiter) {
            waiter->run(*source);
            Source* const done = source;
            source = Link::following ? Link::following : last;
            waiter = Link::next_waiter;
            done->release();
        }
        bench::keep(last->value());
        last->release();
        last->release();
    });
}

std::vector<Source*> make_sources(std::size_t count) {
    std::vector<Source*> sources(count);
    for (Source*& source : sources) source = new Source;
    return sources;
}

struct Countdown final : Waiter {
    void run(Source&) override { left.fetch_sub(1, std::memory_order_acq_rel); }
    std::atomic<std::size_t> left;
};

bench::Nanoseconds all_by_hand(std::size_t count) {
    const auto sources = make_sources(count);
    return bench::time_of([&] {
        Countdown all;
        all.left = count;
        for (Source* source : sources) {
            source->add_ref();
            source->attach(all);
        }
        for (Source* source : sources) source->complete(1)->run(*source);
        std::vector<long> values;
        values.reserve(count);
        if (all.left.load(std::memory_order_acquire) == 0)
            for (Source* source : sources) values.push_back(source->value());
        for (Source* source : sources) source->release();
        bench::keep(values.data());
        for (Source* source : sources) source->release();
    });
}

struct Entry final : Waiter {
    Entry(std::atomic<Entry*>& to, Source& of) : stack{to}, source{of} {}
    void run(Source&) override {
        next = stack.load(std::memory_order_relaxed);
        while (!stack.compare_exchange_weak(next, this, std::memory_order_release)) {
        }
    }
    std::atomic<Entry*>& stack;
    Source& source;
    Entry* next = nullptr;
};

bench::Nanoseconds iteration_by_hand(std::size_t count) {
    const auto sources = make_sources(count);
    return bench::time_of([&] {
        std::atomic<Entry*> stack{nullptr};
        for (Source* source : sources) {
            source->add_ref();
            source->attach(*new Entry(stack, *source));
        }
        for (Source* source : sources) source->complete(1)->run(*source);
        Entry* oldest = nullptr;
        for (Entry* entry = stack.exchange(nullptr, std::memory_order_acquire); entry;) {
            Entry* const next = std::exchange(entry->next, oldest);
            oldest = entry;
            entry = next;
        }
        long sum = 0;
        while (oldest) {
            const std::unique_ptr<Entry> entry(oldest);
            oldest = entry->next;
            sum += entry->source.value();
            entry->source.release();
        }
        bench::keep(sum);
        for (Source* source : sources) source->release();
    });
}

// ---- ours

bench::Nanoseconds chain(std::size_t count) {
    return bench::time_of([&] {
        concur::Promise<long> promise;
        concur::Future<long> last = promise.future();
        for (std::size_t i = 0; i < count; ++i) last = last.then([](long value) { return value + 1; });
        promise.set_value(0L);
        bench::keep(last.result());
    });
}

struct Promises {
    explicit Promises(std::size_t count) : promises(count) {
        futures.reserve(count);
        for (const auto& promise : promises) futures.push_back(promise.future());
    }
    void set() {
        for (auto& promise : promises) promise.set_value(1L);
    }
    std::vector<concur::Promise<long>> promises;
    std::vector<concur::Future<long>> futures;
};

bench::Nanoseconds all(std::size_t count) {
    Promises sources(count);
    return bench::time_of([&] {
        const auto joined = concur::when_all(std::move(sources.futures));
        sources.set();
        bench::keep(joined.result().data());
        sources.promises.clear();
    });
}

bench::Nanoseconds iteration(std::size_t count) {
    Promises sources(count);
    return bench::time_of([&] {
        concur::AsCompleted<long> queue(std::move(sources.futures));
        sources.set();
        long sum = 0;
        for (const auto& future : queue) sum += future.result();
        bench::keep(sum);
        sources.promises.clear();
    });
}

using Program = bench::Nanoseconds (*)(std::size_t);

bench::Comparison compare(std::size_t count, Program ours, Program floor) {
    return bench::compare(
               static_cast<double>(count), [&] { return ours(count); }, [&] { return floor(count); }, effort)
        .median();
}

bench::Comparison print(const char* what, Program ours, Program floor) {
    const bench::Comparison one = compare(few, ours, floor);
    const bench::Comparison ten = compare(10 * few, ours, floor);
    bench::print_row({what, bench::time_text(ten.ours), bench::time_text(ten.other), 1 / one.ratio, 1 / ten.ratio,
                      bench::at_least(least_part_of_floor)});
    return ten;
}

}  // namespace

int main() {
    bench::print_title("B15", "many futures, time for each of 10^6 (figure: of the floor's speed, at 10^5; 10x: 10^6)");
    const bench::Comparison links = print("then chain", chain, chain_by_hand);
    bench::print_row({"then chain, links",
                      bench::per_second(links.ours),
                      bench::per_second(links.other),
                      1e3 / links.ours,
                      {},
                      bench::at_least(least_links_per_second / 1e6),
                      "M/s"});
    print("when_all", all, all_by_hand);
    print("AsCompleted", iteration, iteration_by_hand);
}

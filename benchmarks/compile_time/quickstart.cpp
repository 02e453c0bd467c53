// The program of the first page of the documentation, in the modes that there are: what a user's first file costs to
// compile.
#include <fmt/core.h>
#include <concur/concur.hpp>
#include <stdexcept>
#include <string>

struct Counter {
    explicit Counter(int start) : value{start} {}
    int add(int amount) { return value += amount; }
    int get() const { return value; }
    int divide(int by) {
        if (by == 0) throw std::domain_error("division by zero");
        return value / by;
    }
    int value;
};

int main() {
    for (auto mode : {"sync", "thread"}) {
        auto counter = concur::Worker<Counter>::options().mode(mode).init(10);

        concur::Future<int> first = counter.call<&Counter::add>(5);
        concur::Future<int> second = counter.call<&Counter::add>(1);
        fmt::print("{}: {} {} {}\n", mode, first.result(), second.result(), counter.call<&Counter::get>().result());

        try {
            counter.call<&Counter::divide>(0).result();
        } catch (const std::domain_error& error) {  // the original type, in every mode
            fmt::print("{}: {}\n", mode, error.what());
        }

        counter.stop();
        try {
            counter.call<&Counter::get>();
        } catch (const concur::WorkerStoppedError&) {
            fmt::print("{}: stopped\n", mode);
        }
    }

    // Blocking mode: calls return the value itself. The worker stops at the end of its scope.
    {
        auto counter = concur::Worker<Counter>::options().mode(concur::thread).blocking().init(10);
        int sum = counter.call<&Counter::add>(5);
        fmt::print("blocking: {}\n", sum);
    }

    // A data member is read like a method; a lambda sees the object itself.
    auto counter = concur::Worker<Counter>::options().mode(concur::thread).init(7);
    fmt::print("member: {}\n", counter.call<&Counter::value>().result());
    fmt::print("lambda: {}\n", counter.call([](Counter& c, int k) { return c.value * k; }, 6).result());
}

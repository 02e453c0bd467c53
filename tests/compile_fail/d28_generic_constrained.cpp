// id: D28
// expect: this function cannot be called with the worker's object
// expect: Function<
// expect: WorkerClass<Counter>
// expect: Given<int

#include <concepts>
#include <concur/concur.hpp>

struct Counter {
    int value = 0;
};

void use(const concur::Proxy<Counter>& counter) {
    auto sum = counter.call([](Counter& c, std::floating_point auto amount) { return c.value + amount; }, 1);
}

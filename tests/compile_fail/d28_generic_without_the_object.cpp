// id: D28
// expect: this function cannot be called with the worker's object
// expect: WorkerClass<Counter>
// expect: Given<int

#include <concur/concur.hpp>

struct Other {};
struct Counter {
    int value = 0;
};

void use(const concur::Proxy<Counter>& counter) {
    auto sum = counter.call([](Other&, auto amount) { return amount; }, 1);
}

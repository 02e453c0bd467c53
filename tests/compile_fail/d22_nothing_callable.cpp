// id: D22
// expect: this function cannot be called with the worker's object
// expect: Function<int>
// expect: WorkerClass<Counter>

#include <concur/concur.hpp>

struct Counter {
    int value = 0;
};

void use(const concur::Proxy<Counter>& counter) { auto sum = counter.call(1, 2); }

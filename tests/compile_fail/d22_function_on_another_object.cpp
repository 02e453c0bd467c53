// id: D22
// expect: a function for call() takes the worker's object first; make T& or const T& its first parameter
// expect: WorkerClass<Counter>

#include <concur/concur.hpp>

struct Other {};
struct Counter {
    int value = 0;
};

int count(Other&, int a) { return a; }

void use(const concur::Proxy<Counter>& counter) { concur::Future<int> sum = counter.call(&count, 1); }

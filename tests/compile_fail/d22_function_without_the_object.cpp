// id: D22
// expect: a function for call() takes the worker's object first; make T& or const T& its first parameter
// expect: Function<
// expect: WorkerClass<Counter>

#include <concur/concur.hpp>

struct Counter {
    int value = 0;
};

void use(const concur::Proxy<Counter>& counter) {
    concur::Future<int> sum = counter.call([](int a) { return a; }, 1);
}

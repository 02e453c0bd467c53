// id: D21
// expect: a function object whose call operator is qualified with && cannot be called again for another attempt
// expect: Function<Once>

#include <concur/concur.hpp>

struct Counter {
    int value = 0;
};
struct Once {
    int operator()(Counter& counter) && { return ++counter.value; }
};

void use(const concur::Proxy<Counter>& counter) { auto sum = counter.call(Once()); }

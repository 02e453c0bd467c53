// id: D25
// expect: too many arguments
// expect: Method<&Counter::value>
// expect: Given<int>

#include <concur/concur.hpp>

struct Counter {
    int value = 0;
};

void use(const concur::Proxy<Counter>& counter) { int value = counter.call<&Counter::value>(1).result(); }

// id: D23
// expect-compiler: a worker without a handle stops at once

#include <concur/concur.hpp>

struct Counter {
    int value = 0;
};

void use() { concur::Worker<Counter>::options().mode("thread").init(); }

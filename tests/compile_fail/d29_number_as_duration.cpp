// id: D29
// expect-compiler: Duration

#include <concur/concur.hpp>

struct Counter {
    int value = 0;
};

void use() { auto options = concur::Worker<Counter>::options().stop_timeout(5); }

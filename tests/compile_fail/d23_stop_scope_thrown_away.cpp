// id: D23
// expect-compiler: nodiscard

#include <concur/concur.hpp>

struct Counter {
    int value = 0;
};

void use(const concur::Proxy<Counter>& counter) { counter.stop_on_exit(); }

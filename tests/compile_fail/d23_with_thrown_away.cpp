// id: D23
// expect-compiler: nodiscard

#include <concur/concur.hpp>

struct Counter {
    int next();
};

void use(const concur::Proxy<Counter>& counter) { counter.with({.when_full = concur::WhenFull::reject}); }

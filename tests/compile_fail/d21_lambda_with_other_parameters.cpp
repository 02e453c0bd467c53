// id: D21
// expect: this argument does not convert to the parameter at its position
// expect: Function<
// expect: Position<2>
// expect: Given<Apple>
// expect: Expected<int>

#include <concur/concur.hpp>

struct Apple {};
struct Counter {
    int value = 0;
};

void use(const concur::Proxy<Counter>& counter) {
    concur::Future<int> sum = counter.call([](Counter& c, int a, int b) { return c.value + a + b; }, 1, Apple());
}

// id: D21
// expect: too few arguments
// expect: Function<
// expect: Given<int>
// expect: Expected<int, int>

#include <concur/concur.hpp>

struct Counter {
    int value = 0;
};

void use(const concur::Proxy<Counter>& counter) {
    concur::Future<int> sum = counter.call([](Counter& c, int a, int b) { return c.value + a + b; }, 1);
}

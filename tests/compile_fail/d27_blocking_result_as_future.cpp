// id: D27
// expect-compiler: concur::Future<int>

#include <concur/concur.hpp>

struct Counter {
    int add(int amount) { return value += amount; }
    int value = 0;
};

void use(const concur::Proxy<Counter, concur::Mode::dynamic, concur::Blocking::yes>& counter) {
    concur::Future<int> sum = counter.call<&Counter::add>(1);
}

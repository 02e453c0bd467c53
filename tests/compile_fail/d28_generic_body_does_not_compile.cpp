// id: D28
// expect: this function cannot be called with the worker's object
// expect: Function<
// tolerate-other-errors: the compiler has met the error in the body by then

#include <concur/concur.hpp>

struct Counter {
    int value = 0;
};

void use(const concur::Proxy<Counter>& counter) {
    auto sum = counter.call([](auto& c, auto amount) { return c.valeu + amount; }, 1);
}

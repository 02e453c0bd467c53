// id: D21
// expect: this function object belongs to the call from now on and cannot be copied; pass it with std::move
// expect: Function<

#include <concur/concur.hpp>
#include <memory>

struct Counter {
    int value = 0;
};

void use(const concur::Proxy<Counter>& counter) {
    auto function = [number = std::make_unique<int>(1)](Counter& c) { return c.value + *number; };
    concur::Future<int> sum = counter.call(function);
}

// id: D6
// expect: this argument does not convert to the parameter at its position
// expect: Given<Apple>

#include <concur/concur.hpp>

struct Apple {};
struct Counter {
    int add(concur::Valid<int, concur::ge<0>> amount) { return amount; }
};

void use(const concur::Proxy<Counter>& counter) { concur::Future<int> sum = counter.call<&Counter::add>(Apple()); }

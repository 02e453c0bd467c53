// id: W40
// expect: min_length and max_length are for texts and containers
// expect: Expected<int>

#include <concur/concur.hpp>

struct Counter {
    int add(concur::Valid<int, concur::max_length<3>> amount) { return amount; }
};

void use(const concur::Proxy<Counter>& counter) { counter.call<&Counter::add>(1); }

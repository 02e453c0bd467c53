// id: D6
// expect: this argument does not convert to the parameter at its position
// expect: Method<&Sums::add>
// expect: Position<2>
// expect: Given<Apple>
// expect: Expected<int>

#include <concur/concur.hpp>

struct Apple {};
struct Sums {
    int add(int a, int b) { return a + b; }
};

void use(const concur::Proxy<Sums>& sums) { concur::Future<int> sum = sums.call<&Sums::add>(1, Apple()); }

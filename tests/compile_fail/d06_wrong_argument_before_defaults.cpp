// id: D6
// expect: this argument does not convert to the parameter at its position
// expect: Method<&Sums::add>
// expect: Position<1>
// expect: Expected<int>

#include <string>

#include <concur/concur.hpp>

struct Sums {
    int add(int a, int b = 1) { return a + b; }
};
CONCUR_PROXY(Sums, add)

void use(const concur::Proxy<Sums>& sums) { concur::Future<int> sum = sums.add(std::string("two")); }

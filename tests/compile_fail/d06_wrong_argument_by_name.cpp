// id: D6
// expect: this argument does not convert to the parameter at its position
// expect: Method<&Sums::add>
// expect: Position<2>
// expect: Expected<int>

#include <string>

#include <concur/concur.hpp>

struct Sums {
    int add(int a, int b) { return a + b; }
};
CONCUR_PROXY(Sums, add)

void use(const concur::Proxy<Sums>& sums) { concur::Future<int> sum = sums.add(1, std::string("two")); }

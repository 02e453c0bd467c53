// id: D25
// expect: too few arguments
// expect: pass all that have no default
// expect: Method<&Sums::add>
// expect: Given<int>

#include <concur/concur.hpp>

struct Sums {
    int add(int a, int b, int c = 1) { return a + b + c; }
};
CONCUR_PROXY(Sums, add)

void use(const concur::Proxy<Sums>& sums) { concur::Future<int> sum = sums.add(1); }

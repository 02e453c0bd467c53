// id: D25
// expect: too many arguments
// expect: Method<&Sums::add>

#include <concur/concur.hpp>

struct Sums {
    int add(int a, int b = 1) { return a + b; }
};
CONCUR_PROXY(Sums, add)

void use(const concur::Proxy<Sums, concur::Mode::thread, concur::Blocking::yes>& sums) { int sum = sums.add(1, 2, 3); }

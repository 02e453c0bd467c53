// id: D7
// expect-compiler: overloaded function

#include <concur/concur.hpp>

struct Sums {
    int add(int a) { return a; }
    double add(double a) { return a; }
};

void use(const concur::Proxy<Sums>& sums) { concur::Future<int> sum = sums.call(&Sums::add, 1); }

// id: D25
// expect: too many arguments
// expect: Method<&Sums::add>
// expect: Given<int, int, int>
// expect: Expected<int, int>

#include <concur/concur.hpp>

struct Sums {
    int add(int a, int b) { return a + b; }
};

void use(const concur::Proxy<Sums>& sums) { concur::Future<int> sum = sums.call<&Sums::add>(1, 2, 3); }

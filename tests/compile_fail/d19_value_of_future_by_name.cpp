// id: D19
// expect: the value of this future does not fit the parameter at its position
// expect: Method<&Sums::add>
// expect: Position<2>
// expect: ValueOfFuture<Apple>
// expect: Expected<int>

#include <concur/concur.hpp>

struct Apple {};
struct Sums {
    int add(int a, int b);
};
CONCUR_PROXY(Sums, add)

void use(const concur::Proxy<Sums>& sums, const concur::Future<Apple>& apple) { sums.add(1, apple); }

// id: D19
// expect: the value of this future does not fit the parameter at its position
// expect: Method<&Sums::add>
// expect: Position<1>
// expect: ValueOfFuture<Apple>
// expect: Expected<int>

#include <concur/concur.hpp>

struct Apple {};
struct Sums {
    int add(int a) { return a; }
};

void use(const concur::Proxy<Sums>& sums, concur::Future<Apple> apple) {
    concur::Future<int> sum = sums.call<&Sums::add>(std::move(apple));
}

// id: D10
// expect: belongs to a base class that is private or ambiguous
// expect: Method<&Base::add>

#include <concur/concur.hpp>

struct Base {
    int add(int a) { return a; }
};
struct Left : Base {};
struct Right : Base {};
struct Sums : Left, Right {};

void use(const concur::Proxy<Sums>& sums) { concur::Future<int> sum = sums.call<&Base::add>(1); }

// id: D7
// expect: overloaded or a template
// tolerate-other-errors

#include <concur/concur.hpp>

struct Sums {
    int add(int a) { return a; }
    int add(double a) { return static_cast<int>(a); }
    concur::Future<int> later() { return concur::this_worker::call<&Sums::add>(1); }
};

// id: D6
// expect: this argument does not convert to the parameter at its position
// expect: Method<&Sums::add>
// expect: Position<1>

#include <string>

#include <concur/concur.hpp>

struct Sums {
    int add(int a) { return a; }
    concur::Future<int> later() { return concur::this_worker::call<&Sums::add>(std::string("one")); }
};

// id: D1
// expect: too few arguments
// expect: a member pointer knows no default arguments
// expect: pass all of them, or use CONCUR_PROXY or a lambda
// expect: Method<&Adder::add>
// expect: Expected<int, int>

#include <concur/concur.hpp>

struct Adder {
    int add(int a, int b = 1) { return a + b; }
};

void use(const concur::Proxy<Adder>& adder) {
    auto sum = adder.call<&Adder::add>(1);
    sum.result();
}

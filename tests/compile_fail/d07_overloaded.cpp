// id: D7
// expect: this method is overloaded or a template
// expect: overload<Parameters...>(&T::method)
// tolerate-other-errors: no template parameter takes such a name, which the compilers then say, too

#include <concur/concur.hpp>

struct Sums {
    int add(int a) { return a; }
    double add(double a) { return a; }
};

void use(const concur::Proxy<Sums>& sums) { concur::Future<int> sum = sums.call<&Sums::add>(1); }

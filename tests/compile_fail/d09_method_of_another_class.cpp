// id: D9
// expect: this is a method of another class, not of the worker's
// expect: Method<&Other::add>
// expect: WorkerClass<Sums>

#include <concur/concur.hpp>

struct Sums {};
struct Other {
    int add(int a) { return a; }
};

void use(const concur::Proxy<Sums>& sums) { concur::Future<int> sum = sums.call<&Other::add>(1); }

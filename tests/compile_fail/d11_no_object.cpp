// id: D11
// expect: a worker holds one object; name its class, without const, reference or array bounds
// expect: WorkerClass<const Sums>

#include <concur/concur.hpp>

struct Sums {
    int add(int a) const { return a; }
};

void use() { auto sums = concur::Worker<const Sums>::options().init(); }

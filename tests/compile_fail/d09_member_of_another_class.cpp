// id: D9
// expect: this is a method of another class, not of the worker's
// expect: Method<&Other::value>
// expect: WorkerClass<Sums>

#include <concur/concur.hpp>

struct Sums {};
struct Other {
    int value = 0;
};

void use(const concur::Proxy<Sums>& sums) { int value = sums.call<&Other::value>().result(); }

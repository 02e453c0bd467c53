// id: D9
// expect: this is no pointer to a method, a data member or a static function of the worker's class
// expect: WorkerClass<Sums>

#include <concur/concur.hpp>

struct Sums {};

void use(const concur::Proxy<Sums>& sums) { int value = sums.call<5>(1).result(); }

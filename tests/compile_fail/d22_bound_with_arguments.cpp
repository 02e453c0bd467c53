// id: D22
// expect: init() of a TaskWorker takes nothing or one function to bind
// expect: Given<int>

#include <concur/concur.hpp>

int square(int x) { return x * x; }

void use() { int value = concur::TaskWorker::options().init(square, 3)(4).result(); }

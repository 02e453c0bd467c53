// id: D21
// expect: too few arguments
// expect: Function<
// expect: Expected<int, int>

#include <concur/concur.hpp>

int add(int a, int b) { return a + b; }

void use(const concur::TaskProxy<>& tasks) { concur::Future<int> result = tasks.submit(add, 1); }

// id: D7
// expect-compiler: overloaded

#include <concur/concur.hpp>

int twice(int x) { return 2 * x; }
double twice(double x) { return 2 * x; }

void use(const concur::TaskProxy<>& tasks) { int result = tasks.submit(twice, 1).result(); }

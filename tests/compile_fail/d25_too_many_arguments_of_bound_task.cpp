// id: D25
// expect: too many arguments
// expect: Function<
// expect: Given<int, int>
// expect: Expected<int>

#include <concur/concur.hpp>

void use() {
    auto square = concur::TaskWorker::options().init([](int x) { return x * x; });
    square(1, 2);
}

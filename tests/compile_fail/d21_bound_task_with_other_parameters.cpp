// id: D21
// expect: this argument does not convert to the parameter at its position
// expect: Function<
// expect: Given<

#include <string>

#include <concur/concur.hpp>

int square(int x) { return x * x; }

void use() {
    auto bound = concur::TaskWorker::options().init(square);
    concur::Future<int> result = bound(std::string("one"));
}

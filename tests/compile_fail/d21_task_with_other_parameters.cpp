// id: D21
// expect: this argument does not convert to the parameter at its position
// expect: Function<
// expect: Position<1>
// expect: Expected<int>

#include <string>

#include <concur/concur.hpp>

void use(const concur::TaskProxy<>& tasks) {
    concur::Future<int> result = tasks.submit([](int x) { return x; }, std::string("one"));
}

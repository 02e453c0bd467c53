// id: D19
// expect: the value of this future does not fit the parameter at its position
// expect: Function<
// expect: ValueOfFuture<Apple>
// expect: Expected<int>

#include <concur/concur.hpp>

struct Apple {};

void use(const concur::TaskProxy<>& tasks, const concur::Future<Apple>& apple) {
    tasks.submit([](int number) { return number; }, apple);
}

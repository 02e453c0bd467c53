// id: D2
// expect: this parameter is a non-const reference
// expect: results come back by value
// expect: Function<
// expect: Position<2>

#include <concur/concur.hpp>

void use(const concur::TaskProxy<>& tasks) {
    int sum = 0;
    tasks.submit([](int value, int& result) { result += value; }, 1, sum);
}

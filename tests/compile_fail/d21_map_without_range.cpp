// id: D21
// expect: map() takes a function and then a range for each of its parameters
// expect: Given<int>

#include <concur/concur.hpp>

void use(const concur::TaskProxy<>& tasks) {
    for (int square : tasks.map([](int x) { return x * x; }, 5)) static_cast<void>(square);
}

// id: D28
// expect: this function cannot be called with these arguments
// expect: Given<

#include <string>

#include <concur/concur.hpp>

void use(const concur::TaskProxy<>& tasks) {
    int sum = tasks.submit([](auto a, int* b) { return a + *b; }, 1, std::string("two")).result();
}

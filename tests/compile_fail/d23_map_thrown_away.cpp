// id: D23
// expect-compiler: nothing is computed before somebody iterates over it

#include <vector>

#include <concur/concur.hpp>

void use(const concur::TaskProxy<>& tasks, const std::vector<int>& numbers) {
    tasks.map([](int x) { return x * x; }, numbers);
}

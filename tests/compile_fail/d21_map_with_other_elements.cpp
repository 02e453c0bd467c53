// id: D21
// expect: this argument does not convert to the parameter at its position
// expect: Function<
// expect: Position<2>
// expect: Expected<int>

#include <string>
#include <vector>

#include <concur/concur.hpp>

void use(const concur::TaskProxy<>& tasks, const std::vector<int>& numbers, const std::vector<std::string>& names) {
    for (int sum : tasks.map([](int x, int y) { return x + y; }, numbers, names)) static_cast<void>(sum);
}

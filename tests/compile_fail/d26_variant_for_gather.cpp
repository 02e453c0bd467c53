// id: D26
// expect: was given a variant of values and futures
// expect: std::variant<int, concur::Future<double>

#include <concur/concur.hpp>
#include <variant>
#include <vector>

void use(const std::vector<std::variant<int, concur::Future<double>>>& numbers) {
    auto values = concur::gather(numbers);
}

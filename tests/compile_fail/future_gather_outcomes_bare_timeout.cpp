// id: F31
// expect: gather_outcomes() takes several futures, or one structure with futures in it and GatherOptions

#include <chrono>
#include <concur/concur.hpp>
#include <vector>

void use(const std::vector<concur::Future<int>>& numbers) {
    auto outcomes = concur::gather_outcomes(numbers, std::chrono::seconds(2));
}

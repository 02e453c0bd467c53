// id: F30
// expect: a range of such futures and WaitOptions

#include <chrono>
#include <concur/concur.hpp>
#include <vector>

void use(const std::vector<concur::Future<int>>& numbers) {
    auto [done, not_done] = concur::wait(numbers, std::chrono::seconds(2));
}

// id: D21
// expect: needs copies of it
// expect: std::shared_ptr
// expect: Function<

#include <memory>
#include <vector>

#include <concur/concur.hpp>

void use(const concur::TaskProxy<>& tasks, const std::vector<int>& numbers) {
    auto function = [owned = std::make_unique<int>(1)](int x) { return x + *owned; };
    for (int sum : tasks.map(std::move(function), numbers)) static_cast<void>(sum);
}

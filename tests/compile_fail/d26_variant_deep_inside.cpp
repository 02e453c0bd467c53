// id: D26
// expect: holds a variant of values and futures
// expect: make the values futures with ready(v), or use list(...)
// expect: Function<

#include <concur/concur.hpp>
#include <optional>
#include <variant>
#include <vector>

struct Sums {};

void use(const concur::Proxy<Sums>& sums) {
    std::vector<std::optional<std::variant<int, concur::Future<int>>>> numbers;
    auto sum = sums.call([](Sums&, const auto& all) { return all.size(); }, numbers);
}

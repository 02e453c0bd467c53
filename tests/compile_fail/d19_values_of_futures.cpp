// id: D19
// expect: the value of this future does not fit the parameter at its position
// expect: Method<&Sums::sum>
// expect: ValueOfFuture<std::vector<Apple

#include <concur/concur.hpp>
#include <vector>

struct Apple {};
struct Sums {
    int sum(const std::vector<int>& numbers) { return static_cast<int>(numbers.size()); }
};

void use(const concur::Proxy<Sums>& sums, const std::vector<concur::Future<Apple>>& apples) {
    concur::Future<int> sum = sums.call<&Sums::sum>(apples);
}

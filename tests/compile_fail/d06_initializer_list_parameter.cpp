// id: D6
// expect: an initializer_list does not own its elements
// expect: Method<&Sums::sum>

#include <concur/concur.hpp>
#include <initializer_list>

struct Sums {
    int sum(std::initializer_list<int> numbers) { return static_cast<int>(numbers.size()); }
};

void use(const concur::Proxy<Sums>& sums, std::initializer_list<int> numbers) {
    concur::Future<int> sum = sums.call<&Sums::sum>(numbers);
}

// id: D26
// expect: holds a variant of values and futures
// expect: make the values futures with ready(v), or use list(...)
// expect: Method<&Sums::add>
// expect: Position<1>

#include <concur/concur.hpp>
#include <variant>

struct Sums {
    int add(std::variant<int, double> number) { return static_cast<int>(number.index()); }
};

void use(const concur::Proxy<Sums>& sums, const std::variant<int, concur::Future<double>>& number) {
    concur::Future<int> sum = sums.call<&Sums::add>(number);
}

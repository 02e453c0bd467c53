// id: D26
// expect: an argument of init() holds a variant of values and futures
// expect: WorkerClass<Sums>

#include <concur/concur.hpp>
#include <variant>

struct Sums {
    explicit Sums(std::variant<int, double>) {}
};

void use(const std::variant<int, concur::Future<double>>& number) {
    auto sums = concur::Worker<Sums>::options().init(number);
}

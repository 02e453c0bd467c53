// id: D26
// expect: holds a variant of values and futures
// expect: make the values futures with ready(v), or use list(...)
// expect: Function<

#include <concur/concur.hpp>

#include <variant>

void use(const concur::TaskProxy<>& tasks, const std::variant<int, concur::Future<int>>& either) {
    tasks.submit([](int number) { return number; }, either);
}

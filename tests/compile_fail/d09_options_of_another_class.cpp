// id: D9
// expect: this is a method of another class, not of the worker's
// expect: Method<&Other::get>

#include <concur/concur.hpp>

struct Api {
    int get();
};
struct Other {
    int get();
};

void use() {
    auto options = concur::Worker<Api>::options().method<&Other::get>([](auto& m) { m.num_retries(1); });
}

// id: D15
// expect: this retry_until validator does not take the result of its method; take the method's result type

#include <concur/concur.hpp>
#include <string>

struct Api {
    std::string get();
};

void use() {
    auto options = concur::Worker<Api>::options().method<&Api::get>(
        [](auto& m) { m.retry_until([](int value) { return value > 1; }, "too small"); });
}

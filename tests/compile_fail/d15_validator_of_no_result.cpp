// id: D15
// expect: a retry_until validator judges results, and this method returns none

#include <concur/concur.hpp>

struct Api {
    void put();
};

void use() {
    auto options =
        concur::Worker<Api>::options().method<&Api::put>([](auto& m) { m.retry_until([](auto) { return true; }); });
}

// id: F7
// expect: what this continuation returns can be neither copied nor moved into a future
// expect: Function<
// expect: std::unique_ptr<int

#include <concur/concur.hpp>
#include <memory>

void use(const concur::Future<int>& number, std::unique_ptr<int>& held) {
    auto next = number.then([&held](int) -> std::unique_ptr<int>& { return held; });
}

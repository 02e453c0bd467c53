// id: F7
// expect: this continuation is kept until the future is done and cannot be copied; pass it with std::move
// expect: Function<

#include <concur/concur.hpp>
#include <memory>

void use(const concur::Future<int>& number) {
    auto step = [held = std::make_unique<int>(1)](int value) { return value + *held; };
    auto next = number.then(step);
}

// id: F7
// expect: this continuation cannot be called with the future's result
// expect: Function<
// expect: Given<concur::Future<Apple

#include <concur/concur.hpp>

struct Apple {};

void use(const concur::Future<Apple>& apple) {
    int size = apple.then([](int size_of) { return size_of; }).result();
}

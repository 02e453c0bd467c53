// id: F6
// expect: a callback for on_done() is called with the future
// expect: Function<
// expect: Given<concur::Future<Apple

#include <concur/concur.hpp>

struct Apple {};

void use(const concur::Future<Apple>& apple) {
    apple.on_done([](int) {});
}

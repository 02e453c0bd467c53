// id: F7
// expect: this continuation cannot be called with the future's result; let it take the value (nothing for void)
// expect: Given<concur::Future<void

#include <concur/concur.hpp>

void use(const concur::Future<void>& done) {
    int size = done.then([](int size_of) { return size_of; }).result();
}

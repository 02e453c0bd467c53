// id: F7
// expect: recover() needs a function with one parameter, whose type is the exception that it handles
// expect: Function<

#include <concur/concur.hpp>

void use(const concur::Future<int>& number) {
    concur::Future<int> other = number.recover([] { return 1; });
}

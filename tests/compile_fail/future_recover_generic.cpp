// id: F7
// expect: recover() needs a function with one parameter
// expect: or take a std::exception_ptr

#include <concur/concur.hpp>

void use(const concur::Future<int>& number) {
    concur::Future<int> other = number.recover([](const auto&) { return 1; });
}

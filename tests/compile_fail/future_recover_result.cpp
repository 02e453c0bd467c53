// id: F7
// expect: what a handler for recover() returns stands for the value
// expect: Expected<int>

#include <concur/concur.hpp>
#include <stdexcept>

struct Apple {};

void use(const concur::Future<int>& number) {
    concur::Future<int> other = number.recover([](const std::range_error&) { return Apple(); });
}

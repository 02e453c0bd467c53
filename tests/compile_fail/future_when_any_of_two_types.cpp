// id: F32
// expect: when_any() takes futures of one type
// expect: concur::Future<Apple>

#include <concur/concur.hpp>

struct Apple {};

void use(const concur::Future<Apple>& apple, const concur::Future<int>& number) {
    auto first = concur::when_any(apple, number);
}

// id: F33
// expect: as_completed() takes futures of one type
// expect: concur::Future<Apple>

#include <concur/concur.hpp>

struct Apple {};

void use(const concur::Future<Apple>& apple, const concur::Future<int>& number) {
    auto queue = concur::as_completed(apple, number);
}

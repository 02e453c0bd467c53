// id: F30
// expect: wait() takes futures of one type
// expect: concur::Future<Apple>

#include <concur/concur.hpp>

struct Apple {};

void use(const concur::Future<Apple>& apple, const concur::Future<int>& number) {
    auto [done, not_done] = concur::wait(apple, number);
}

// id: F20
// expect: list() takes values and futures of one type
// expect: Given<

#include <concur/concur.hpp>

struct Apple {};

void use(const concur::Future<Apple>& apple) { auto list = concur::list(apple, 1); }

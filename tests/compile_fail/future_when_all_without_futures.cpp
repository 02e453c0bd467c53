// id: F32
// expect: when_all() takes several futures, or one structure with futures in it
// expect: Given<std::vector<Apple

#include <concur/concur.hpp>
#include <vector>

struct Apple {};

void use(std::vector<Apple> apples) { auto values = concur::when_all(std::move(apples)); }

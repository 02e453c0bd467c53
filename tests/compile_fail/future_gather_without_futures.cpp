// id: F31
// expect: gather() takes several futures, or one structure with futures in it and GatherOptions
// expect: Given<std::vector<Apple

#include <concur/concur.hpp>
#include <vector>

struct Apple {};

void use(std::vector<Apple> apples) { auto values = concur::gather(std::move(apples)); }

// id: F33
// expect: this AsCompleted<T> was given other futures than those of its T
// expect: concur::Future<Apple>

#include <concur/concur.hpp>
#include <vector>

struct Apple {};

void use(const std::vector<concur::Future<Apple>>& apples) { concur::AsCompleted<int> queue(apples); }

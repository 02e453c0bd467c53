// id: F30
// expect: wait() takes futures of one type, or a range of such futures and WaitOptions
// expect: Given<std::vector<Apple

#include <concur/concur.hpp>
#include <vector>

struct Apple {};

void use(std::vector<Apple> apples) { auto [done, not_done] = concur::wait(std::move(apples)); }

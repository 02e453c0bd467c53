// id: F31
// expect: put other things into a std::tuple
// expect: Given<

#include <concur/concur.hpp>
#include <vector>

void use(const std::vector<concur::Future<int>>& some, const std::vector<concur::Future<int>>& more) {
    auto values = concur::gather(some, more);
}

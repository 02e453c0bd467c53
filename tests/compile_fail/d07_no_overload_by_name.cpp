// id: D7
// expect: no public method of this name takes these arguments
// expect: callee_of_find
// expect: WorkerClass<Index>
// expect: Given<double

#include <string>

#include <concur/concur.hpp>

struct Index {
    int find(const std::string& text) const { return static_cast<int>(text.size()); }
    int find(int* place) const { return *place; }
};
CONCUR_PROXY(Index, find)

void use(const concur::Proxy<Index>& index) { int place = index.find(2.5).result(); }

// id: D7
// expect: no public method of this name takes these arguments
// expect: callee_of_search
// expect: WorkerClass<Index>

#include <concur/concur.hpp>

struct Index {
    int find(int key);
};
CONCUR_PROXY(Index, search)

void use(const concur::Proxy<Index>& index) { index.search(1); }

// id: D7
// expect: no public method of this name takes these arguments
// expect: callee_of_hidden

#include <concur/concur.hpp>

class Index {
    int hidden(int place) { return place; }
};
CONCUR_PROXY(Index, hidden)

void use(const concur::Proxy<Index>& index) { int place = index.hidden(2).result(); }

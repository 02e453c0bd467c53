// id: D8
// expect: qualified with && would use up the worker's object
// expect: Method<&Builder::build>

#include <concur/concur.hpp>

struct Builder {
    int build() &&;
};
CONCUR_PROXY(Builder, build)

void use(const concur::Proxy<Builder>& builder) { builder.build(); }

// id: D8
// expect: qualified with && would use up the worker's object
// expect: Method<&Builder::build>

#include <concur/concur.hpp>
#include <string>

struct Builder {
    std::string build() && { return "built"; }
};

void use(const concur::Proxy<Builder>& builder) { auto built = builder.call<&Builder::build>().result(); }

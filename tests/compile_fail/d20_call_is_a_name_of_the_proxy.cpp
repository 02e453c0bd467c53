// id: D20
// expect: call is a name of the proxy itself
// expect: call<&Phone::call>

#include <concur/concur.hpp>

struct Phone {
    void call() {}
};
CONCUR_PROXY(Phone, call)

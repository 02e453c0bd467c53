// id: W34
// expect: a key is an integer, an enum or text
// expect: Given<double>

#include <concur/concur.hpp>

struct Shop {
    int serve() { return 1; }
};

void use(const concur::Proxy<Shop>& shop) { int served = shop.with_key(2.5).call<&Shop::serve>().result(); }

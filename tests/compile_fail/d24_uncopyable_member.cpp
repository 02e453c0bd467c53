// id: D24
// expect: this result is a reference to something that cannot be copied
// expect: Method<&Owner::mutex>

#include <concur/concur.hpp>
#include <mutex>

struct Owner {
    std::mutex mutex;
};

void use(const concur::Proxy<Owner>& owner) { owner.call<&Owner::mutex>().result(); }

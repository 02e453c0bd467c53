// id: D24
// expect: this result is a reference to something that cannot be copied; return a value
// expect: Method<&Owner::number>
// expect: std::unique_ptr<int

#include <concur/concur.hpp>

#include <memory>

struct Owner {
    const std::unique_ptr<int>& number() const;
};
CONCUR_PROXY(Owner, number)

void use(const concur::Proxy<Owner>& owner) { owner.number(); }

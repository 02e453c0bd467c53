// id: D28
// expect-compiler: unique_ptr

#include <concur/concur.hpp>
#include <memory>

struct Owner {
    std::unique_ptr<int> held;
};

void use(const concur::Proxy<Owner>& owner) {
    // The compiler finds this only in the body, after it has told the type of the result.
    auto copy = owner.call([](auto& o) { return o.held; });
}

// id: D6
// expect: cannot be copied; pass it with std::move
// expect: Method<&Owner::take>
// expect: Position<1>
// expect: std::unique_ptr<int

#include <concur/concur.hpp>
#include <memory>

struct Owner {
    int take(std::unique_ptr<int> number) { return *number; }
};

void use(const concur::Proxy<Owner>& owner) {
    auto number = std::make_unique<int>(1);
    concur::Future<int> taken = owner.call<&Owner::take>(number);
}

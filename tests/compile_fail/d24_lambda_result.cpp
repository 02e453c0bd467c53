// id: D24
// expect: this result is a reference to something that cannot be copied
// expect: Function<

#include <concur/concur.hpp>
#include <memory>

struct Owner {
    std::unique_ptr<int> held;
};

void use(const concur::Proxy<Owner>& owner) {
    auto number = owner.call([](auto& o) -> const auto& { return o.held; });
}

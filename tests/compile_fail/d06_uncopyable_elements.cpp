// id: D6
// expect: cannot be copied; pass it with std::move
// expect: Method<&Owner::take>
// expect: std::vector<std::unique_ptr<int

#include <concur/concur.hpp>
#include <memory>
#include <vector>

struct Owner {
    std::size_t take(std::vector<std::unique_ptr<int>> numbers) { return numbers.size(); }
};

void use(const concur::Proxy<Owner>& owner) {
    // std::is_copy_constructible says that this can be copied.
    std::vector<std::unique_ptr<int>> numbers;
    concur::Future<std::size_t> taken = owner.call<&Owner::take>(numbers);
}

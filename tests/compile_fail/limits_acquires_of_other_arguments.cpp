// expect: acquires() computes an amount from the arguments of its method; take all of them
// expect: Method<&Model::complete>

#include <concur/concur.hpp>

struct Model {
    int complete(int tokens, bool fast) { return fast ? tokens : 2 * tokens; }
};

int main() {
    auto model = concur::Worker<Model>::options()
                     .method<&Model::complete>([](auto& m) { m.acquires("tokens", [](int tokens) { return tokens; }); })
                     .init();
}

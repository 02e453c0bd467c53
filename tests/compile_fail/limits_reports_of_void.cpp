// expect: this one returns none; let it return what it has used
// expect: Method<&Model::complete>

#include <concur/concur.hpp>

struct Model {
    void complete(int) {}
};

int main() {
    auto model = concur::Worker<Model>::options()
                     .method<&Model::complete>([](auto& m) { m.reports("tokens", [](int used) { return used; }); })
                     .init();
}

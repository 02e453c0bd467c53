// expect: reports() computes what was used from the result of its method; take that by value
// expect: Method<&Model::complete>

#include <concur/concur.hpp>
#include <string>

struct Model {
    std::string complete(int tokens) { return std::string(static_cast<std::size_t>(tokens), 'x'); }
};

int main() {
    auto model = concur::Worker<Model>::options()
                     .method<&Model::complete>([](auto& m) { m.reports("tokens", [](int used) { return used; }); })
                     .init();
}

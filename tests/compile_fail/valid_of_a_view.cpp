// id: W40
// expect: Valid<T, ...> keeps its value, and a view or pointer may outlive what it looks at
// expect: string_view

#include <concur/concur.hpp>

#include <string_view>

struct Greeter {
    int greet(concur::Valid<std::string_view, concur::not_empty> name) { return static_cast<int>(name->size()); }
};

void use(const concur::Proxy<Greeter>& greeter) { greeter.call<&Greeter::greet>("ada"); }

// id: D12
// expect: a parameter of pre_initialize is a view, and what it looks at may be gone before the object is built
// expect: WorkerClass<Greeter>

#include <concur/concur.hpp>

#include <string>
#include <string_view>

struct Greeter {
    static void pre_initialize(std::string_view& name) { name.remove_prefix(1); }
    explicit Greeter(std::string_view name) : name_{name} {}
    std::string name_;
};

void use() { auto greeter = concur::Worker<Greeter>::options().init(std::string("  ada")); }

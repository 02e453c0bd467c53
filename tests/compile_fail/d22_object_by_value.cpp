// id: D22
// expect: a function for call() takes the worker's object first; make T& or const T& its first parameter
// expect: WorkerClass<Owner>

#include <concur/concur.hpp>
#include <memory>
#include <vector>

struct Owner {
    std::unique_ptr<int> number;
};

void use(const concur::Proxy<Owner>& owner) {
    concur::Future<int> value = owner.call([](Owner o) { return *o.number; });
}

// id: D12
// expect: belongs to the worker from now on and cannot be copied; pass it with std::move
// expect: WorkerClass<Owner>
// expect: std::unique_ptr<int

#include <concur/concur.hpp>
#include <memory>

struct Owner {
    explicit Owner(std::unique_ptr<int> given) : number{std::move(given)} {}
    std::unique_ptr<int> number;
};

void use() {
    auto number = std::make_unique<int>(1);
    auto owner = concur::Worker<Owner>::options().init(number);
}

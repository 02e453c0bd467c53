// id: O9
// expect: this result cannot be copied, so it can answer one call only; use returns_once()

#include <concur/concur.hpp>
#include <concur/testing.hpp>
#include <memory>

struct Maker {
    std::unique_ptr<int> make() { return nullptr; }
};

void use(const concur::testing::FakeWorker<Maker>& fake) { fake.on<&Maker::make>().returns(std::make_unique<int>(1)); }

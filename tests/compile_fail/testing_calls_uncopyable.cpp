// id: O9
// expect: an argument of this method cannot be copied, so a FakeWorker does not keep it; use count()

#include <concur/concur.hpp>
#include <concur/testing.hpp>
#include <memory>

struct Taker {
    int take(std::unique_ptr<int> value) { return *value; }
};

void use(const concur::testing::FakeWorker<Taker>& fake) { static_cast<void>(fake.calls<&Taker::take>()); }

// id: D9
// expect: this is a method of another class, not of the worker's

#include <concur/concur.hpp>
#include <concur/testing.hpp>

struct Adder {
    int add(int a, int b) { return a + b; }
};
struct Other {};

void use(const concur::testing::FakeWorker<Other>& fake) { fake.on<&Adder::add>(); }

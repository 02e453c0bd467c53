// id: O9
// expect: this function cannot answer the method; let it take the method's parameters

#include <concur/concur.hpp>
#include <concur/testing.hpp>
#include <string>

struct Adder {
    int add(int a, int b) { return a + b; }
};

void use(const concur::testing::FakeWorker<Adder>& fake) {
    fake.on<&Adder::add>().does([](const std::string&) { return 1; });
}

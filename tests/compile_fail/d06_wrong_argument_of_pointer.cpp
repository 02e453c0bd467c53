// id: D6
// expect: this argument does not convert to the parameter at its position
// expect: int (Sums::*)(int, int)
// expect: Position<1>
// expect: Given<Apple>

#include <concur/concur.hpp>

struct Apple {};
struct Sums {
    int add(int a, int b) { return a + b; }
};

void use(const concur::Proxy<Sums>& sums) {
    // As one starts a std::thread.
    concur::Future<int> sum = sums.call(&Sums::add, Apple(), Apple());
}

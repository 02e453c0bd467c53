// What a user's first program needs of an installation: the umbrella header, its dependencies and the library itself.
#include <concur/concur.hpp>

struct Counter {
    explicit Counter(int start) : value{start} {}
    int add(int amount) { return value += amount; }
    int value;
};

int main() {
    auto counter = concur::Worker<Counter>::options().mode(concur::thread).init(40);
    return counter.call<&Counter::add>(2).result() == 42 ? 0 : 1;
}

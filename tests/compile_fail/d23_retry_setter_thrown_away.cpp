// id: D23
// expect-compiler: setters return a changed copy of the builder

#include <concur/concur.hpp>

struct Counter {
    int value = 0;
};

void use() {
    auto options = concur::Worker<Counter>::options();
    options.num_retries(1);
}
